"""Reads of lectures: what can be played, where each one stands, its captions."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from media import captions, spool
from media.chapters_read import ChapterMark as ChapterMark
from media.chapters_read import SlideMark as SlideMark
from media.chapters_read import chapters_of as chapters_of
from media.chapters_read import slides_of as slides_of
from media.models import Chunk, DirectTransfer, Encode, Lecture, Source, Track, Upload
from media.permissions import sees_all

# The six fields of the scale, in their order. An upload is in the first; `failed` stays in the
# field in which it happened.
STAGES = ("uploading", "received", "probed", "transcoding", "packaging", "published")
# An estimate from less than this would only be a guess.
_LEAST_SECONDS = 5.0
_LEAST_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class LectureState:
    """Where a lecture stands on the scale of six fields.

    `stage` is the field under way (or, once published, the last); `share` how much of that field is
    done, 0 to 1; `seconds_left` an estimate, None where there is no honest one. `is_waiting`: nobody is at
    it now; `is_held`: since it could not go on, and is tried again by itself, at `again_at`. `reason` is a
    code of media.errors where `failed` or `is_held`.
    """

    stage: str
    share: float = 0.0
    seconds_left: int | None = None
    failed: bool = False
    reason: str = ""
    detail: str = ""
    is_moving: bool = False
    is_waiting: bool = False
    is_held: bool = False
    is_playable: bool = False
    again_at: datetime | None = None

    @property
    def percent(self) -> int:
        """Whole percent of the field under way, rounded down: 100 only when it is done."""
        return int(self.share * 100)

    @property
    def reached(self) -> float:
        """How far the band goes, in fields from 0 to 6."""
        return STAGES.index(self.stage) + self.share


def playable_lectures() -> QuerySet[Lecture]:
    """Return the lectures that can be shown: published and not in the bin."""
    return Lecture.objects.filter(current__isnull=False, trashed_at__isnull=True).select_related("current")


def visible_lectures(user: Any) -> QuerySet[Lecture]:
    """Return the lectures that `user` may see, those in the bin included."""
    lectures = Lecture.objects.select_related("current", "owner")
    if sees_all(user):
        return lectures
    return lectures.filter(owner_id=user.pk)


def choosable_lectures(user: Any, title: str = "") -> QuerySet[Lecture]:
    """Return the lectures that `user` may put into a lesson, those whose title has every given word."""
    lectures = visible_lectures(user).filter(trashed_at__isnull=True)
    for word in title.split():
        lectures = lectures.filter(title__icontains=word)
    return lectures


def listed_lectures(user: Any, query: str = "", *, in_bin: bool = False) -> QuerySet[Lecture]:
    """Return the lectures of the admin's list with what their rows show; those in the bin apart."""
    lectures = visible_lectures(user).filter(trashed_at__isnull=not in_bin)
    for word in query.split():
        lectures = lectures.filter(Q(title__icontains=word) | Q(owner__name__icontains=word))
    return lectures_with_states(lectures)


def lectures_with_states(lectures: QuerySet[Lecture]) -> QuerySet[Lecture]:
    """Fetch with the lectures what says where they stand: four queries, however many there are."""
    return lectures.select_related("current", "owner").prefetch_related(newest_encodes(), "tracks")


def open_uploads(user: Any) -> QuerySet[Upload]:
    """Return the transfers of `user` that can go on, and those that were refused after their last byte.

    Parts of a larger one stay hidden.
    """
    shown = Q(state=Upload.State.RECEIVING) | (Q(direct__isnull=False) & ~Q(direct__reason=""))
    return (
        Upload.objects.filter(shown, owner_id=user.pk, expires_at__gt=timezone.now())
        .exclude(concat="partial")
        .select_related("lecture", "direct")
        .order_by("-created_at", "id")
    )


def captions_of(lecture: Lecture) -> list[Track]:
    """Return the caption tracks of a lecture in the order of their languages, the spoken one first."""
    tracks = list(lecture.tracks.all())
    return sorted(tracks, key=lambda track: (track.language != lecture.language, track.language))


def cues_of(track: Track) -> list[captions.Cue]:
    """Return the cues of a track in the order in which they begin; times are milliseconds."""
    return captions.read_vtt(track.vtt)


def newest_encodes() -> "Prefetch[Any, Any, Any]":
    """Return the prefetch that `state_in` needs: each lecture's encodes with the milliseconds done."""
    encodes = _with_work(timezone.now()).order_by("-number")
    encodes = encodes.select_related("source").prefetch_related("renditions")
    return Prefetch("encodes", queryset=encodes, to_attr="encodes_newest_first")


def state_of(lecture: Lecture, now: datetime | None = None) -> LectureState:
    """Return where `lecture` stands, by its newest encode. Two queries; see `state_in` for lists."""
    moment = now or timezone.now()
    newest = _with_work(moment).filter(lecture=lecture).order_by("-number").first()
    return state_from(lecture, newest, moment)


def _with_work(now: datetime) -> QuerySet[Encode]:
    """Annotate encodes with the milliseconds done, the pieces that somebody is at, and the first that is held up."""
    at_work = Q(chunks__state=Chunk.State.LEASED, chunks__leased_until__gte=now)
    held = Chunk.objects.filter(encode=OuterRef("pk"), state=Chunk.State.DUE, due_at__gt=now)
    first = held.exclude(held_reason="").order_by("due_at", "pk")
    return Encode.objects.annotate(
        done_ms=Sum("chunks__done_ms"),
        at_work=Count("chunks", filter=at_work),
        piece_held=Subquery(first.values("held_reason")[:1]),
        piece_again_at=Subquery(first.values("due_at")[:1]),
    )


def states_of(lectures: Iterable[Lecture], now: datetime | None = None) -> dict[int, LectureState]:
    """Return where each of the lectures stands; they come with the prefetch of `newest_encodes`."""
    moment = now or timezone.now()
    return {
        lecture.pk: state_from(lecture, next(iter(newest_first(lecture)), None), moment)
        for lecture in lectures
    }


def newest_first(lecture: Lecture) -> list[Encode]:
    """Return the encodes that `newest_encodes` fetched."""
    encodes: list[Encode] = getattr(lecture, "encodes_newest_first", [])
    return encodes


def state_from(lecture: Lecture, encode: Encode | None, now: datetime) -> LectureState:
    """Work the state out of the newest encode, annotated as `_with_work` does. No query."""
    playable = lecture.current_id is not None
    if encode is None:
        return LectureState("uploading", is_playable=playable)
    done = int(getattr(encode, "done_ms", 0) or 0)
    share = min(done / encode.planned_ms, 1.0) if encode.planned_ms else 0.0
    if encode.state == Encode.State.PUBLISHED:
        return LectureState("published", 1.0, is_playable=playable)
    if encode.state == Encode.State.FAILED:
        stage, part = _failed_in(encode, share)
        return LectureState(
            stage, part, failed=True, reason=encode.reason, detail=encode.detail, is_playable=playable
        )
    if encode.state == Encode.State.TRANSCODING:
        waiting, held = not getattr(encode, "at_work", 0), getattr(encode, "piece_held", None) or ""
        again, left = (
            getattr(encode, "piece_again_at", None),
            None if waiting else _seconds_left(encode, share),
        )
    else:
        waiting, held = encode.lease is None, encode.held_reason if encode.due_at > now else ""
        again, left = encode.due_at, None
    stage, share = {
        Encode.State.RECEIVED: ("received", 0.5),
        Encode.State.PROBED: ("probed", 1.0),
        Encode.State.PACKAGING: ("packaging", 0.5),
    }.get(Encode.State(encode.state), ("transcoding", share))
    return LectureState(
        stage,
        share,
        left,
        is_moving=True,
        is_waiting=waiting,
        is_held=waiting and bool(held),
        reason=held if waiting else "",
        again_at=again if waiting and held else None,
        is_playable=playable,
    )


def is_watchable_early(encode: Encode) -> bool:
    """Whether an encode under way has enough for its trainer to watch: the playlists grow as it goes on."""
    under_way = encode.state in {Encode.State.TRANSCODING, Encode.State.PACKAGING}
    return under_way and encode.playable_at is not None


def _failed_in(encode: Encode, share: float) -> tuple[str, float]:
    """Return the field in which an encode failed, and how much of it was done."""
    if not encode.facts:
        return "probed", 0.5
    if not encode.planned_ms:
        return "transcoding", 0.0
    return ("packaging", 0.5) if share >= 1.0 else ("transcoding", share)


def _seconds_left(encode: Encode, share: float) -> int | None:
    """Estimate from the pace while somebody was at it; None before that pace means anything."""
    spent = encode.worked_ms / 1000
    if share < _LEAST_SHARE or spent < _LEAST_SECONDS:
        return None
    return max(1, round(spent * (1 - share) / share))


def used_bytes(tenant: str) -> int:
    """Return the bytes that count against a tenant: the sources of its lectures and what it is sending."""
    kept = Source.objects.filter(encodes__lecture__tenant=tenant).distinct().aggregate(n=Sum("size"))["n"]
    waiting = Q(state=Upload.State.RECEIVING) | Q(state=Upload.State.FINISHED, concat="partial")
    # What is complete in the bucket becomes a lecture, however long its check waits.
    held = Q(expires_at__gt=timezone.now()) | Q(direct__stage=DirectTransfer.Stage.CHECKING)
    coming = Upload.objects.filter(waiting, held, tenant=tenant).aggregate(n=Sum("length"))["n"]
    return int(kept or 0) + int(coming or 0)


def abandoned_after(upload: Upload, now: datetime, idle: timedelta = timedelta(seconds=20)) -> bool:
    """Whether nothing has been received for so long that the transfer counts as interrupted."""
    return now - upload.updated_at > idle


@dataclass(frozen=True, slots=True)
class Board:
    """What an operator sees. `free` and `total` are bytes of the spool's disk."""

    running: list[Chunk]
    under_way: list[Encode]
    waiting: int
    failed: list[Encode]
    receiving: list[Upload]
    free: int
    total: int


def board(now: datetime, *, since: datetime) -> Board:
    """Return what is worked on and where, what waits, and what failed since a time. Six queries."""
    leased = Chunk.objects.filter(state=Chunk.State.LEASED).select_related("encode__lecture")
    ended = [Encode.State.PUBLISHED, Encode.State.FAILED]
    under_way = Encode.objects.exclude(state__in=ended).select_related("lecture", "source")
    # Of what failed before its time was kept, the upload's stands for it.
    failed = Encode.objects.annotate(ended_at=Coalesce("failed_at", "created_at")).filter(
        state=Encode.State.FAILED, ended_at__gte=since
    )
    disk = shutil.disk_usage(spool.folder())
    return Board(
        running=list(leased.order_by("worker", "encode_id", "index")[:100]),
        under_way=list(
            under_way.annotate(done_ms=Sum("chunks__done_ms")).order_by("-priority", "created_at")[:100]
        ),
        waiting=Chunk.objects.filter(state=Chunk.State.DUE).count(),
        failed=list(failed.select_related("lecture").order_by("-ended_at", "pk")[:50]),
        receiving=list(
            Upload.objects.filter(state=Upload.State.RECEIVING, expires_at__gt=now)
            .select_related("owner")
            .order_by("-updated_at")[:50]
        ),
        free=disk.free,
        total=disk.total,
    )
