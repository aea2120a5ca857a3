"""Digests of transfers that are under way in this process."""

import hashlib
import uuid
from collections import OrderedDict
from typing import Any


class RunningDigests:
    """Running SHA-256 of transfers in this process, so that a file is not read again at its end."""

    def __init__(self, most: int = 64) -> None:
        self._kept: OrderedDict[uuid.UUID, tuple[int, Any]] = OrderedDict()
        self._most = most

    def take(self, upload_id: uuid.UUID, offset: int) -> Any | None:
        """Return the hasher that has seen exactly the first `offset` bytes, None where there is none."""
        if offset == 0:
            return hashlib.sha256()
        seen, running = self._kept.pop(upload_id, (-1, None))
        return running if seen == offset else None

    def keep(self, upload_id: uuid.UUID, offset: int, running: Any | None) -> None:
        """Keep a hasher for the next body; the oldest are forgotten."""
        if running is not None:
            self._kept[upload_id] = (offset, running)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
