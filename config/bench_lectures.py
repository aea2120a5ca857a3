"""What benchmarks teach with: lectures that can be played as far as pages and reports know."""

import uuid

from django.utils import timezone

from classroom.people.models import User
from media.models import Encode, Lecture, Source


def lecture_without_file(*, title: str, owner: User, duration_ms: int) -> Lecture:
    """Make a published lecture whose file nobody will ask for: no page and no heartbeat opens one."""
    lecture = Lecture.objects.create(title=title, owner=owner)
    key = uuid.uuid4().hex
    lecture.current = Encode.objects.create(
        lecture=lecture,
        source=Source.objects.create(digest=key * 2, size=1, key=f"bench-{key}"),
        number=1,
        filename="bench.mp4",
        state=Encode.State.PUBLISHED,
        duration_ms=duration_ms,
        published_at=timezone.now(),
        digest=uuid.uuid4().hex * 2,
    )
    lecture.save(update_fields=["current"])
    return lecture
