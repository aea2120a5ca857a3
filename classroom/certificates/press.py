"""The press: template and data to a PDF/A-3b or a picture, by typst, with the house's own faces."""

import json
import re
import threading
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from classroom.certificates.errors import CannotRender
from classroom.certificates.names import syllable

_TEMPLATES = Path(__file__).parent / "typst"
_WEIGHTS = {
    "noto-serif-sc": ("400Regular", "600SemiBold", "700Bold"),
    "noto-sans-sc": ("400Regular", "500Medium"),
}
# Where the machine has them, wider faces draw the rare characters that the house's own lack.
_WIDER = ("Noto Serif CJK SC", "Noto Sans CJK SC", "Source Han Serif SC", "Source Han Sans SC", "HanaMinB")
_UNDRAWN = re.compile(r"the text `\"(.+?)\"` could not be displayed", re.DOTALL)
_lock = threading.Lock()
_compilers: dict[bool, Any] = {}


def _compiler(wider: bool) -> Any:
    """Return the compiler of this process; `wider` looks at the machine's faces too."""
    if wider not in _compilers:
        root = Path(settings.FONTS_DIR)
        folders = [root / face / weight for face, weights in _WEIGHTS.items() for weight in weights]
        missing = [str(folder) for folder in folders if not folder.is_dir()]
        if missing:
            raise CannotRender(f"Fonts are missing: {', '.join(missing)}. Run the set-up again.")
        faces = typst.Fonts(include_system_fonts=wider, include_embedded_fonts=False, font_paths=folders)
        _compilers[wider] = typst.Compiler(
            str(_TEMPLATES / "certificate.typ"),
            root=str(_TEMPLATES),
            font_paths=faces,
            ignore_system_fonts=not wider,
        )
    return _compilers[wider]


def _substitute(value: Any, character: str) -> Any:
    """Return the data with a character that no face has written as its reading: 〔YING〕, or 〓."""
    if isinstance(value, str):
        reading = syllable(character)
        return value.replace(character, f"〔{reading}〕" if reading else "〓")
    if isinstance(value, list):
        return [_substitute(one, character) for one in value]
    if isinstance(value, dict):
        return {
            key: one if key in {"credential", "background", "qr"} else _substitute(one, character)
            for key, one in value.items()
        }
    return value


def _compile(data: dict[str, Any], options: dict[str, Any]) -> bytes:
    """Compile, first with the house's faces, then with the machine's, at last with substitutes.

    PDF/A makes a character that cannot be drawn an error, so none ever goes missing in silence.
    """
    wider = False
    for _ in range(24):
        try:
            with _lock:
                made = _compiler(wider).compile(sys_inputs={"data": json.dumps(data)}, **options)
            return bytes(made)
        except typst.TypstError as error:
            found = _UNDRAWN.search(str(error))
            if found is None:
                raise CannotRender(str(error)[:280]) from error
            if not wider:
                wider, data = True, {**data, "fallback": list(_WIDER)}
                continue
            for character in dict.fromkeys(found.group(1)):
                data = _substitute(data, character)
    raise CannotRender("Too many characters that no face can draw.")


def pdf(data: dict[str, Any]) -> bytes:
    """Return the sheet as PDF/A-3b, unsigned. Raises `CannotRender`."""
    return _compile(data, {"format": "pdf", "pdf_standards": ["a-3b"]})


def picture(data: dict[str, Any], *, dots_per_inch: int) -> bytes:
    """Return the sheet as a PNG. Raises `CannotRender`."""
    return _compile(data, {"format": "png", "ppi": dots_per_inch})
