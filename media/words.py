"""What the lecture admin says: stages, estimates, sizes, the plan in plain words."""

from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from media.errors import SAID_TO_RETRY, WARNINGS, held_of, reason_of
from media.facts import Facts
from media.models import Encode, Lecture, Upload
from media.plan import Plan
from media.plan_words import explain
from media.queries import STAGES, LectureState, abandoned_after, is_watchable_early, newest_first
from media.upload_rules import parse_metadata

STAGE_LABELS: dict[str, str | Promise] = {
    "uploading": gettext_lazy("Upload"),
    "received": gettext_lazy("Receive"),
    "probed": gettext_lazy("Check"),
    "transcoding": gettext_lazy("Encode"),
    "packaging": gettext_lazy("Package"),
    "published": gettext_lazy("Publish"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: a lecture, or an upload that has not become one."""

    key: str
    title: str
    facts: str
    state: LectureState
    headline: str
    rest: str
    lecture: Lecture | None = None
    upload: Upload | None = None
    reason: str | Promise = ""
    remedy: str | Promise = ""
    may_change: bool = False

    @property
    def is_worth_a_retry(self) -> bool:
        """Whether it failed by no fault of its file, so that trying again is what to do first."""
        return self.state.reason in SAID_TO_RETRY

    @property
    def fingerprint(self) -> str:
        """What the client said of an upload's bytes, so that another computer can tell the same file."""
        if self.upload is None:
            return ""
        declared = parse_metadata(self.upload.metadata)
        return self.upload.digest or declared.get("sample", "")

    @property
    def address(self) -> str:
        """Where an upload goes on or is cancelled."""
        if self.upload is None:
            return ""
        name = "api:direct-upload" if self.upload.transfer else "api:upload"
        return reverse(name, args=[self.upload.pk])

    @property
    def version(self) -> str:
        """Change whenever anything that is shown changes."""
        said = (self.title, self.facts, self.headline, self.rest, self.reason, self.remedy)
        offered = (self.may_change, self.state.is_playable, bool(self.lecture and self.lecture.trashed_at))
        return "|".join(map(str, (*said, *offered, f"{self.state.reached:.3f}")))


def stages(state: LectureState) -> list[tuple[str, str | Promise, str]]:
    """Return each stage as (code, label, passed, current or coming)."""
    at = STAGES.index(state.stage)
    done = state.stage == "published" and not state.failed
    return [
        (code, STAGE_LABELS[code], "passed" if n < at or done else "current" if n == at else "coming")
        for n, code in enumerate(STAGES)
    ]


def lecture_row(lecture: Lecture, state: LectureState, *, may_change: bool, now: datetime) -> Row:
    """Say where a lecture stands. The lecture comes with the prefetches of the list."""
    encode = next(iter(newest_first(lecture)), None)
    headline, rest = _state_words(lecture, encode, state)
    reason = None
    if state.failed or state.is_held:
        reason = (reason_of if state.failed else held_of)(state.reason)
    return Row(
        key=f"lecture-{lecture.pk}",
        title=lecture.title,
        facts=_facts(encode),
        state=state,
        headline=headline,
        rest=rest,
        lecture=lecture,
        reason=reason.reason if reason else "",
        remedy=reason.remedy if reason else "",
        may_change=may_change,
    )


def upload_row(upload: Upload, now: datetime) -> Row:
    """Say how far an upload is, and whether it was interrupted."""
    share = upload.offset / upload.length if upload.length else 0.0
    received = _("%(received)s of %(whole)s received") % {
        "received": filesizeformat(upload.offset),
        "whole": filesizeformat(upload.length),
    }
    is_whole = upload.offset == upload.length
    is_left = not is_whole and abandoned_after(upload, now)
    why = reason_of(upload.transfer.reason) if upload.transfer and upload.transfer.reason else None
    if why:
        headline, rest = _("Not accepted"), ""
    elif is_whole:
        headline, rest = _("Received"), _("it is being checked and stored.")
    elif is_left:
        headline = _("Interrupted at %(percent)d %%") % {"percent": int(share * 100)}
        rest = _("%(received)s. Choose the same file, and it goes on from there.") % {"received": received}
    else:
        headline, rest = _("Uploading %(percent)d %%") % {"percent": int(share * 100)}, f"{received}."
    return Row(
        key=f"upload-{upload.pk}",
        title=upload.lecture.title if upload.lecture else upload.filename or _("Unnamed upload"),
        facts=filesizeformat(upload.length),
        state=LectureState(
            "uploading", share, failed=bool(why), is_moving=not (is_left or why), is_waiting=is_left
        ),
        headline=headline,
        rest=rest,
        upload=upload,
        reason=why.reason if why else "",
        remedy=why.remedy if why else "",
        may_change=True,
    )


def _state_words(lecture: Lecture, encode: Encode | None, state: LectureState) -> tuple[str, str]:
    """Return the bold word of a state and what follows it."""
    if state.failed:
        return _("%(stage)s failed") % {"stage": STAGE_LABELS[state.stage]}, ""
    if encode is None:
        return _("Nothing uploaded"), _("upload a recording.")
    # What a viewer sees meanwhile: of a video that replaces another, nothing before it is published.
    early = _(" Until then the former video is shown.") if state.is_playable else ""
    if is_watchable_early(encode):
        early = _(" It can already be watched.")
    said = {
        "received": (
            _("Received"),
            _("waiting for a free worker.") if state.is_waiting else _("being checked."),
        ),
        "probed": (_("Checked"), _("being planned.")),
        "transcoding": (
            _("Encoding %(percent)d %%") % {"percent": state.percent},
            (_("waiting for a free worker.") if state.is_waiting else time_left(state.seconds_left)) + early,
        ),
        "packaging": (_("Packaging"), _("almost done.") + early),
        "published": (_("Published"), _published(lecture, encode)),
    }
    headline, rest = said.get(state.stage, ("", ""))
    if state.is_held and state.again_at:
        again = timezone.localtime(state.again_at).strftime("%H:%M:%S")
        rest = _("it could not go on and is tried again by itself at %(time)s.") % {"time": again} + early
    return headline, rest


def _published(lecture: Lecture, encode: Encode) -> str:
    # The same picture in another codec is no other quality.
    qualities = len({(r.width, r.height) for r in encode.renditions.all() if r.kind == "video"})
    said = ngettext("%(count)d quality", "%(count)d qualities", qualities) % {"count": qualities}
    languages = ", ".join(track.label for track in lecture.tracks.all())
    heard = _("captions: %(languages)s") % {"languages": languages} if languages else _("no captions")
    return pgettext("between qualities and captions", "; ").join([said, heard])


def time_left(seconds: int | None) -> str:
    """Say an estimate no more exactly than it is known."""
    if seconds is None:
        return _("the time left is not known yet.")
    if seconds < 60:
        return _("less than a minute left.")
    if seconds < 5400:
        minutes = round(seconds / 60)
        return ngettext("about %(count)d minute left.", "about %(count)d minutes left.", minutes) % {
            "count": minutes
        }
    hours = round(seconds / 3600)
    return ngettext("about %(count)d hour left.", "about %(count)d hours left.", hours) % {"count": hours}


def _facts(encode: Encode | None) -> str:
    """Return length, size of the picture and of the file, as far as they are known."""
    if encode is None:
        return ""
    parts = [clock(encode.duration_ms)] if encode.duration_ms else []
    if encode.width:
        parts.append(f"{encode.width}×{encode.height}")
    parts.append(filesizeformat(encode.source.size))
    return ", ".join(parts)


def clock(milliseconds: int) -> str:
    """Return a length as 34:00 or 1:34:00."""
    seconds = round(milliseconds / 1000)
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def plan_words(encode: Encode) -> list[str]:
    """Return what is made of an encode's file and why, in the reader's language; nothing before the plan."""
    if not encode.plan or not encode.facts:
        return []
    return explain(Plan.from_json(encode.plan), Facts.from_json(encode.facts), get_language() or "en")


def warning_words(encode: Encode) -> list[str | Promise]:
    """Return what was put right or is missing, in plain words."""
    return [WARNINGS[code] for code in encode.warnings if code in WARNINGS]


def sentence(state: LectureState, headline: str, rest: str) -> str:
    """Return what the scale shows, for those who do not see it."""
    total = len(STAGES)
    at = STAGES.index(state.stage) + 1
    return _("Stage %(at)d of %(total)d. %(headline)s, %(rest)s") % {
        "at": at,
        "total": total,
        "headline": headline,
        "rest": rest,
    }
