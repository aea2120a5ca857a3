"""Compiles the catalogues of words (`.po` to `.mo`) without gettext's tools.

Run as `python -m config.words`; it needs no Django. A catalogue that is up to date is left alone.
"""

from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent


def catalogues(root: Path = ROOT) -> list[Path]:
    """Return all `.po` files of the house."""
    return sorted(
        path
        for top in ("config", "classroom", "courses", "media")
        for path in (root / top).glob("**/locale/*/LC_MESSAGES/*.po")
    )


def main() -> None:
    """Compile what is older than its source."""
    for source in catalogues():
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))


if __name__ == "__main__":
    main()
