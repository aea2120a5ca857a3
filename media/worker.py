"""How a worker is called on the operators' board."""

import os
import socket


def name() -> str:
    """Return host and process; at most 128 characters."""
    return f"{socket.gethostname()}:{os.getpid()}"[-128:]
