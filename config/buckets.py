"""The default storage where it is a bucket."""

from pathlib import PurePosixPath
from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

# What a browser is sent to of a published lecture, by name: never changed, and not left to what this host's table
# of types happens to know. The address says who may fetch it, so no cache in between keeps it for others.
_PLAYED = {".m4s": "video/iso.segment", ".mp4": "video/mp4", ".jpg": "image/jpeg"}
_KEPT = "private, max-age=31536000, immutable"


class Bucket(S3Storage):
    """An S3 storage that says soon that the bucket is away: people wait for its answers, and work is tried again.

    The library's own patience is a minute for each of five attempts.
    """

    client_config: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        patience = Config(
            connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 2}
        )
        self.client_config = patience.merge(self.client_config)

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        """Return what is said of an object for as long as it lies there."""
        said: dict[str, Any] = super().get_object_parameters(name)
        kind = _PLAYED.get(PurePosixPath(name).suffix)
        if kind and name.startswith("lectures/"):
            said |= {"ContentType": kind, "CacheControl": _KEPT}
        return said
