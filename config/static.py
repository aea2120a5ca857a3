"""Static files: names with a hash, compressed beforehand."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Compresses everything at scale; embedded only what learners load.

    Compressing the admin's thousand files takes half a minute and saves nothing over loopback.
    """

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the name of each file and of its compressed sibling."""
        if settings.EMBEDDED:
            paths = [path for path in paths if path.startswith("build/")]
        yield from super().compress_files(paths)
