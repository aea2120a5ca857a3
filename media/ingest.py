"""A source becomes an encode of a lecture, and the pipeline is told."""

from django.db import transaction
from django.db.models import Max

from media.models import Encode, Lecture, Source


def start_encode(*, lecture: Lecture, source: Source, filename: str) -> Encode:
    """Make the next encode of `lecture` over `source` and schedule it on commit.

    Locks the lecture, so that two replacements get two numbers.
    """
    with transaction.atomic():
        Lecture.objects.select_for_update().get(pk=lecture.pk)
        last = Encode.objects.filter(lecture=lecture).aggregate(last=Max("number"))["last"] or 0
        return Encode.objects.create(lecture=lecture, source=source, number=last + 1, filename=filename[:255])
