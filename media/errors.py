"""What may go wrong with a lecture, each with a reason that the trainer reads and a remedy.

A failed encode keeps only the code; words are made from it in the reader's language. `transient`
codes are tried again with growing pauses and never count as the source's fault.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Reason:
    """Why it failed and what to do, in words."""

    reason: str | Promise
    remedy: str | Promise


class MediaError(Exception):
    """Something with a code from REASONS; `detail` is for operators and is not translated."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class UnusableSource(MediaError):
    """The uploaded file itself cannot become a lecture; trying again changes nothing."""


class ProcessFailed(MediaError):
    """ffmpeg ended badly, stalled or broke a limit."""


class OutputBroken(MediaError):
    """What was made is not whole; it is never published."""


class NoSpace(MediaError):
    """There is no room on the disk now; it waits for room."""


class StoreAway(MediaError):
    """The file store does not answer, or not as it should; it is tried again once it does."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("storage", detail)


class EngineMissing(MediaError):
    """ffmpeg is not there."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("engine_missing", detail)


class LeaseLost(Exception):
    """Someone else has taken this work over; whoever holds this must stop without a trace."""


_AGAIN = _("Try again. If it fails again, tell the operator the time of this attempt.")
_EXPORT = _("Export the recording again as MP4 (H.264 and AAC) and upload that file.")

REASONS: dict[str, Reason] = {
    "empty": Reason(_("The file is empty."), _("Check the file on your computer and upload it again.")),
    "not_media": Reason(_("This is not a video or audio file that can be read."), _EXPORT),
    "image": Reason(_("This is a picture, not a video."), _("Upload the recording of the lecture.")),
    "playlist": Reason(
        _("This is a text file that points to other files, not a video."),
        _("Upload the recording itself."),
    ),
    "no_streams": Reason(_("The file has neither picture nor sound."), _EXPORT),
    "no_codec": Reason(_("The picture or sound is in a format that cannot be decoded."), _EXPORT),
    "nothing_decodes": Reason(_("Not one picture or second of sound can be read from the file."), _EXPORT),
    "too_long": Reason(
        _("The recording is longer than twelve hours."), _("Cut it into lessons and upload each.")
    ),
    "too_many_pixels": Reason(
        _("The picture is larger than 8K."), _("Export it at 4K or smaller and upload that file.")
    ),
    "source_missing": Reason(
        _("The uploaded file is no longer in the store."), _("Upload the recording again.")
    ),
    "upload_damaged": Reason(
        _("The file that arrived is not the one that was chosen: it changed or was damaged on its way."),
        _("Choose the file again, once no other program writes to it."),
    ),
    "ffmpeg_failed": Reason(_("The video could not be encoded."), _EXPORT),
    "stalled": Reason(_("Encoding came to a halt again and again."), _EXPORT),
    "too_slow": Reason(_("Encoding took longer than it may."), _EXPORT),
    "memory_limit": Reason(
        _("Encoding needed more memory than it may use."),
        _("Export it at 4K or smaller and upload that file."),
    ),
    "output_limit": Reason(_("Encoding made more data than it may."), _EXPORT),
    "killed": Reason(_("Encoding was ended from outside, several times."), _AGAIN),
    "disk_full": Reason(
        _("The server has no room left; work goes on by itself once there is room."),
        _("Tell the operator that the disk is full."),
    ),
    "storage": Reason(_("The file store could not be reached."), _AGAIN),
    "not_whole": Reason(_("What was made did not pass the final check."), _AGAIN),
    "engine_missing": Reason(
        _("ffmpeg is missing on the server."), _("Tell the operator to install ffmpeg.")
    ),
    "gave_up": Reason(_("It was tried several times and never came to an end."), _AGAIN),
    "internal": Reason(_("Something went wrong inside the server."), _AGAIN),
    "in_bin": Reason(
        _("The lecture that was made of this file is in the bin."),
        _("Take it out of the bin on the page of lectures, or leave the file out."),
    ),
}

_HELD: dict[str, str | Promise] = {
    "disk_full": _("Tell the operator that the disk is full; you need not upload anything again."),
    "storage": _(
        "You need not do anything: your file is safe, and it goes on once the store answers. If it still waits in an hour, tell the operator."
    ),
    "engine_missing": _("Tell the operator to install ffmpeg; you need not upload anything again."),
}
_HELD_ELSE = _(
    "You need not do anything yet: your file is safe, and it is tried several times. If it fails for good, this page says why."
)

# Not the source's fault: wait and try again without counting.
PATIENT = {"disk_full", "storage", "engine_missing"}
# The words of these tell people to try again: what takes a file in for the second time does so by itself.
SAID_TO_RETRY = {code for code, said in REASONS.items() if said.remedy is _AGAIN} - PATIENT

WARNINGS: dict[str, str | Promise] = {
    "truncated": _("The file is shorter than it says; it is used as far as it can be read."),
    "damaged": _("Parts of the file are damaged; it is used as far as it can be read."),
    "audio_only": _("There is no picture; a cover is shown instead."),
    "no_audio": _("There is no sound."),
    "tone_mapped": _("The picture was HDR; its colours were converted for ordinary screens."),
    "deinterlaced": _("The picture was interlaced and was converted."),
    "odd_frame_rate": _("The frame rate varied; it was made even."),
    "audio_unreadable": _("A sound track could not be read and was left out."),
    "very_quiet": _("The sound is very quiet; it was raised as far as is reasonable."),
}


def held_of(code: str) -> Reason:
    """Return why something waits to be tried again, and what its trainer can do meanwhile."""
    return Reason(reason_of(code).reason, _HELD.get(code, _HELD_ELSE))


def reason_of(code: str) -> Reason:
    """Return reason and remedy for a code; an unknown code reads as an internal error."""
    return REASONS.get(code, REASONS["internal"])
