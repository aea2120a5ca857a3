"""What happens in this room when an encode is published."""

from typing import Any

from django.dispatch import receiver

from media import chapters
from media.models import Encode
from media.signals import encode_published


@receiver(encode_published)
def keep_chapters(sender: object, encode: Encode, **_: Any) -> None:
    """Keep the chapters of a video that was replaced by one of the same length without a gap.

    Should this be missed, the search for slides does it later.
    """
    chapters.carry_over(encode=encode)
