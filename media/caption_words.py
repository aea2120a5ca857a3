"""What the caption editor and the lecture page say about captions, in the reader's language."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from media import caption_rules, errors, speech
from media.caption_rules import Misfit
from media.caption_tracks import CaptionsMoved
from media.models import CaptionJob, TrackVersion
from media.words import clock


def misfit_words(misfit: Misfit) -> str:
    """Say since when captions no longer fit, and what to do."""
    said = []
    if misfit.longer_ms:
        seconds = f"{abs(misfit.longer_ms) / 1000:.1f}"
        told = (
            _("The video is %(seconds)s s longer than the one these times were made for.")
            if misfit.longer_ms > 0
            else _("The video is %(seconds)s s shorter than the one these times were made for.")
        )
        said.append(told % {"seconds": seconds})
    if misfit.beyond:
        said.append(
            ngettext(
                "%(count)d caption ends after the video does.",
                "%(count)d captions end after the video does.",
                misfit.beyond,
            )
            % {"count": misfit.beyond}
        )
    said.append(_("Check them from %(time)s on.") % {"time": clock(misfit.from_ms)})
    return " ".join(said)


def moved_words(moved: CaptionsMoved, newest: TrackVersion | None) -> str:
    """Say who saved in between, and that nothing is lost."""
    if moved.track is None:
        return _("These captions were deleted after you opened them. What you wrote is still here.")
    by = newest.made_by.name if newest and newest.made_by else ""
    at = timezone.localtime(moved.track.updated_at).strftime("%Y-%m-%d %H:%M")
    if by:
        return _(
            "%(name)s saved these captions at %(time)s, after you opened them. What you wrote is still here."
        ) % {
            "name": by,
            "time": at,
        }
    return _(
        "These captions were saved at %(time)s, after you opened them. What you wrote is still here."
    ) % {"time": at}


def job_words(job: CaptionJob) -> str:
    """Say where work on captions stands; "" once it is done."""
    if job.state == CaptionJob.State.FAILED:
        if job.reason == "speech_off":
            return speech.Standing(code=job.detail or "unset").words()
        reason = errors.reason_of(job.reason)
        return f"{reason.reason} {reason.remedy}"
    if job.state == CaptionJob.State.DONE:
        return ""
    if job.kind == CaptionJob.Kind.EMBEDDED:
        return _("Captions in the video file are being taken out. Load this page again in a moment.")
    if job.state == CaptionJob.State.LEASED and job.done_ms:
        return _("Speech is being recognised, up to %(time)s so far.") % {"time": clock(job.done_ms)}
    return _("Speech will be recognised once the workers are free. It takes about as long as the lecture.")


def editor_words() -> dict[str, str]:
    """Return the words of the editor's script."""
    return {
        **{f"rule.{code}": words for code, words in caption_rules.rule_words().items()},
        "rule.time": _("The time cannot be read. Write it like 00:01:02.500."),
        "saved": _("Saved {time}"),
        "saving": _("Saving"),
        "unsaved": _("Not saved yet"),
        "nothing": _("Everything is saved."),
        "faulty": _("Not saved: {count} captions have an error. The first one is selected."),
        "offline": _(
            "Not saved: the server cannot be reached. What you wrote is kept in this browser; save again."
        ),
        "signIn": _("Not saved: your sign-in has expired. Sign in in another tab, then save again."),
        "tooLarge": _("Not saved: these captions are too long for one lecture. Split them by lecture."),
        "refused": _(
            "Not saved: the server refused it. Load the page again; what you wrote is kept in this browser."
        ),
        "count": _("{count} captions"),
        "errors": _("errors: {count}"),
        "warnings": _("warnings: {count}"),
        "noFaults": _("no errors"),
        "faultyRow": _("has an error"),
        "doubtfulRow": _("has a warning"),
        "of": _("Caption {number} of {count}"),
        "none": _("No caption is chosen."),
        "shifted": _("{count} captions were shifted by {seconds} s. Save to keep it."),
        "tooEarly": _(
            "The first caption would begin before the video. It can be moved by {seconds} s at most."
        ),
        "noOffset": _("Write by how many seconds, for example −2.5."),
        "split": _("Put the cursor into the text where it is to be split."),
        "draft": _("Changes of {time} that were not saved are kept in this browser."),
        "deleted": _("The caption was deleted. Undo brings it back."),
    }
