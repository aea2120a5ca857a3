"""Writes of chapters and slides: proposed, reviewed by the trainer, carried over to a new video.

Nothing is published that its trainer has not seen: what a search finds is proposed, and a new video shows
only what was published for the one before and is found in it again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from PIL import Image

from media import slides_text, store
from media.models import Chapter, Encode, Lecture, Slide, SlideScan
from media.signals import marks_decided
from media.slides_film import Still

if TYPE_CHECKING:
    from media.slides_find import Grey

# Two recordings of one length: encoders differ by a frame or two, and cuts by more.
_SAME_LENGTH_MS = 1000
# A chapter belongs to the slide that comes this near to it.
_NEAR_MS = 2000
_LOOKED_AT = (320, 176)


@dataclass(frozen=True, slots=True)
class Given:
    """A slide that somebody already knows: its picture (JPEG), its time and its text."""

    start_ms: int
    end_ms: int
    picture: bytes
    title: str
    text: str


class NothingToPublish(Exception):
    """Neither a chapter nor a slide was chosen."""


def save(
    *, encode: Encode, chapters: Sequence[tuple[int, str]], shown: Collection[int], publish: bool
) -> None:
    """Keep what the trainer decided: these chapters (time and title), and of the slides those `shown`.

    It takes the place of all that was there, and is published or else withdrawn from viewers as a whole.
    Locks the Lecture. Raises ValueError for a time beyond the end, without a title or given twice, and
    `NothingToPublish`.
    """
    times = [start for start, _ in chapters]
    # The length of an encode under way is not known yet.
    end = encode.duration_ms or max(times, default=0) + 1
    if len(set(times)) < len(times) or not all(0 <= start < end for start in times):
        raise ValueError("each chapter begins at a time of its own within the lecture")
    if not all(title.strip() for _, title in chapters):
        raise ValueError("each chapter has a title")
    with transaction.atomic():
        Lecture.objects.select_for_update().get(pk=encode.lecture_id)
        slides = Slide.objects.filter(encode=encode)
        if publish and not chapters and not slides.filter(pk__in=shown).exists():
            raise NothingToPublish
        state = Chapter.State.PUBLISHED if publish else Chapter.State.PROPOSED
        Chapter.objects.filter(encode=encode).delete()
        Chapter.objects.bulk_create(
            Chapter(encode=encode, start_ms=start, title=title.strip()[:200], state=state)
            for start, title in sorted(chapters)
        )
        slides.exclude(pk__in=shown).update(state=Slide.State.HIDDEN)
        slides.filter(pk__in=shown).update(state=Slide.State(state))
        _tell(encode)


def withdraw(*, encode: Encode) -> None:
    """Take chapters and slides back from viewers; they stay as they are for the trainer. Idempotent."""
    with transaction.atomic():
        Lecture.objects.select_for_update().get(pk=encode.lecture_id)
        encode.chapters.filter(state=Chapter.State.PUBLISHED).update(state=Chapter.State.PROPOSED)
        encode.slides.filter(state=Slide.State.PUBLISHED).update(state=Slide.State.PROPOSED)
        _tell(encode)


def _tell(encode: Encode) -> None:
    """Tell other rooms on commit; one that fails to listen undoes nothing."""
    transaction.on_commit(lambda: marks_decided.send_robust(sender=Encode, encode=encode), robust=True)


def propose(*, encode: Encode) -> int:
    """Propose a chapter for each new title on the slides, where the lecture has none; return how many."""
    if Chapter.objects.filter(encode__lecture_id=encode.lecture_id).exists():
        return 0
    titles = list(encode.slides.order_by("start_ms").values_list("start_ms", "title"))
    found = [
        Chapter(encode=encode, start_ms=start, title=title) for start, title in slides_text.propose(titles)
    ]
    Chapter.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def give(*, encode: Encode, slides: Sequence[Given]) -> None:
    """Keep slides that are known, so that nobody has to search for them; they are proposed, not published.

    Safe to repeat: an encode that has slides, or is being searched, keeps what it has.
    """
    scan, is_new = SlideScan.objects.get_or_create(
        encode=encode, defaults={"state": SlideScan.State.DONE, "is_found": True}
    )
    if not is_new and (encode.slides.exists() or scan.state != SlideScan.State.DONE):
        return
    rows = []
    for number, slide in enumerate(slides, 1):
        name = Still(slide.picture).name(number)
        store.put(f"lectures/{encode.pk}/{name}", slide.picture)
        rows.append(
            Slide(
                encode=encode,
                number=number,
                start_ms=slide.start_ms,
                end_ms=slide.end_ms,
                file=name,
                title=slide.title[:200],
                text=slide.text,
                is_read=True,
            )
        )
    Slide.objects.bulk_create(rows)


def carry_over(*, encode: Encode, searched: bool = False) -> None:
    """Bring what was published for the former video to the one that took its place, where it still fits.

    Of the same length: chapters keep their times. Otherwise, once slides were `searched`, a chapter goes
    where the slide is that it began with; one without such a place becomes `unfit`, for its trainer to
    decide. Slides that look as they did are shown as they were; others wait to be seen. Idempotent:
    chapters that are there stay. Locks the Lecture, though not while pictures are compared: what its
    trainer decides meanwhile is read under the lock, and holds.
    """
    compared: tuple[int, dict[int, int]] | None = None
    while True:
        with transaction.atomic():
            Lecture.objects.select_for_update().get(pk=encode.lecture_id)
            former = _former(encode)
            if former is None:
                return
            if not searched or (compared is not None and compared[0] == former.number):
                _take_over(former, encode, compared[1] if compared else None)
                return
        compared = former.number, _places(former, encode)


def _take_over(former: Encode, encode: Encode, places: dict[int, int] | None) -> None:
    """Take over states and chapters. `places`: which old slide is which new one; None before the search.

    The caller holds the lock of the Lecture.
    """
    found = places or {}
    new = encode.slides.in_bulk(found.values())
    shown = []
    for old in former.slides.filter(pk__in=found):
        slide = new.get(found[old.pk])
        if slide is not None and slide.state == Slide.State.PROPOSED:
            slide.state = old.state
            shown.append(slide)
    Slide.objects.bulk_update(shown, ["state"])
    _tell(encode)
    if encode.chapters.exists():
        return
    if abs(former.duration_ms - encode.duration_ms) <= _SAME_LENGTH_MS:
        _copy(former, encode)
    elif places is not None:
        _move(former, encode, {old: new[pk] for old, pk in places.items() if pk in new})


def _former(encode: Encode) -> Encode | None:
    """Return the newest earlier encode of the lecture that has chapters or slides of its trainer's."""
    seen = Q(chapters__isnull=False) | Q(slides__state__in=[Slide.State.PUBLISHED, Slide.State.HIDDEN])
    earlier = Encode.objects.filter(
        seen, lecture_id=encode.lecture_id, number__lt=encode.number, published_at__isnull=False
    )
    return earlier.order_by("-number").first()


def _copy(former: Encode, encode: Encode) -> None:
    rows = former.chapters.order_by("start_ms", "pk")
    Chapter.objects.bulk_create(
        Chapter(encode=encode, start_ms=row.start_ms, title=row.title, state=row.state)
        for row in rows
        if row.start_ms < encode.duration_ms
    )


def _move(former: Encode, encode: Encode, places: dict[int, Slide]) -> None:
    """Put each chapter where the slide is that it began with; in the order of the old ones."""
    old_slides = list(former.slides.order_by("start_ms"))
    taken: set[int] = set()
    rows = []
    for chapter in former.chapters.order_by("start_ms", "pk"):
        at = chapter.start_ms
        # The slide that begins beside it; else the one that is shown at the time.
        slide = min(old_slides, key=lambda one: abs(one.start_ms - at), default=None)
        if slide is None or abs(slide.start_ms - at) > _NEAR_MS:
            slide = next((one for one in old_slides if one.start_ms <= at < one.end_ms), None)
        new = places.get(slide.pk) if slide else None
        start, state = at, Chapter.State.UNFIT
        if slide is not None and new is not None:
            moved = min(max(new.start_ms + at - slide.start_ms, new.start_ms), new.end_ms - 1)
            if moved not in taken and moved < encode.duration_ms:
                start, state = moved, Chapter.State(chapter.state)
                taken.add(moved)
        elif at == 0 and not old_slides:
            # Where no slide could say otherwise, what opens the lecture still does.
            state = Chapter.State(chapter.state)
        rows.append(Chapter(encode=encode, start_ms=start, title=chapter.title, state=state))
    Chapter.objects.bulk_create(rows)


def _places(former: Encode, encode: Encode) -> dict[int, int]:
    """Return which old slide is which new one, by their pictures; both go forward in time."""
    # Loaded here, since only a worker compares pictures.
    from media.slides_find import is_same_slide

    new = list(encode.slides.order_by("number"))
    looks = [_look(encode, slide) for slide in new]
    found: dict[int, int] = {}
    first = 0
    for old in former.slides.order_by("start_ms", "number"):
        look = _look(former, old)
        if look is None:
            continue
        for n in range(first, len(new)):
            other = looks[n]
            if other is not None and is_same_slide(look, other):
                found[old.pk] = new[n].pk
                first = n + 1
                break
    return found


def _look(encode: Encode, slide: Slide) -> "Grey | None":
    """Return a slide's picture small and grey; None where its file is gone."""
    import numpy as np

    key = f"lectures/{encode.pk}/{slide.file}"
    if store.size(key) < 0:
        return None
    with Image.open(BytesIO(store.get(key)), formats=("JPEG",)) as picture:
        return np.asarray(picture.convert("L").resize(_LOOKED_AT, Image.Resampling.BOX))
