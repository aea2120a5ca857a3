"""A plan in plain words, for the trainer whose lecture it is: what is made of the file, and why."""

from fractions import Fraction

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from media import av1
from media.facts import Facts
from media.plan import Plan, Rung

# The words of every code that `media.plan` gives as a reason.
WHY: dict[str, str | Promise] = {
    "content_still": gettext_lazy("Still slides: text stays sharp, and few bytes are needed."),
    "content_speaker": gettext_lazy("Slides with a speaker."),
    "content_screencast": gettext_lazy("A screen recording: sharp when it rests, fluent when it scrolls."),
    "content_camera": gettext_lazy("Camera pictures: more bytes, so that movement stays clear."),
    "copy_top": gettext_lazy("The highest quality is taken over from the file unchanged."),
    "encode_asked": gettext_lazy("Everything is encoded anew, as was asked."),
    "encode_codec": gettext_lazy("Encoded anew: browsers cannot play the codec of the file."),
    "encode_pixels": gettext_lazy("Encoded anew: the pixel format of the file is not for browsers."),
    "encode_size": gettext_lazy("Encoded anew: the picture is larger than a viewer needs."),
    "encode_shape": gettext_lazy("Encoded anew: the picture is rotated, stretched or HDR."),
    "encode_rate": gettext_lazy("Encoded anew: the frame rate varies or is very high."),
    "encode_container": gettext_lazy("Encoded anew: the container does not allow exact cuts."),
    "encode_keyframes": gettext_lazy("Encoded anew: the file can be cut at too few places."),
    "encode_start": gettext_lazy("Encoded anew: picture and sound do not begin together."),
    "encode_length": gettext_lazy("Encoded anew: the picture ends before the sound, or the file is cut off."),
    "encode_bits": gettext_lazy("Encoded anew: the file uses far more bytes than the picture needs."),
    "fewer_frames": gettext_lazy("The frame rate is lowered to what can be seen."),
    "half_rate": gettext_lazy("Small pictures get half of the frames."),
    "with_av1": gettext_lazy(
        "Each quality is made in AV1 too: devices that play it get the same picture with fewer bytes."
    ),
    "no_av1": gettext_lazy("AV1 was asked for, but ffmpeg on this server cannot make it."),
    "audio_only": gettext_lazy("Only sound: a cover takes the place of the picture."),
}
_FILTERS: dict[str, str | Promise] = {
    "deinterlace": gettext_lazy("The interlaced picture is turned into whole frames."),
    "tone_map": gettext_lazy("The HDR colours are converted for ordinary screens."),
}


def explain(plan: Plan, facts: Facts, language: str) -> list[str]:
    """Return sentences that say what is made of a file and why, the most telling first.

    Equal arguments give equal words, whatever language is active. A reason that an older plan gave and
    that is no longer known is left out.
    """
    with translation.override(language):
        reasons = [WHY[code] for code in plan.why if code in WHY]
        changes = [_FILTERS[code] for code in plan.filters if code in _FILTERS]
        said = [*reasons, *changes, _qualities(plan), _size(plan, facts)]
        return [str(words) for words in [*said, _sound(plan), _pieces(plan)] if words]


def _lines(rung: Rung) -> int:
    return min(rung.width, rung.height)


def _qualities(plan: Plan) -> str:
    listed = [
        _("%(lines)dp with %(rate)s frames a second")
        % {"lines": _lines(rung), "rate": _rate(plan.rate / rung.step)}
        for rung in plan.rungs
        if rung.codec != av1.CODEC
    ]
    comma = pgettext("between the qualities of a lecture", ", ")
    return _("Made for viewers: %(qualities)s.") % {"qualities": comma.join(listed)}


def _size(plan: Plan, facts: Facts) -> str:
    """Say why there is no higher quality, where somebody may miss one."""
    if facts.video is None:
        return ""
    top, source = _lines(plan.rungs[0]), min(facts.video.width, facts.video.height)
    if top < source:
        return _("The file has %(source)d lines; %(top)d are made, as was asked.") % {
            "source": source,
            "top": top,
        }
    if top < 1080:
        return _("The file has %(source)d lines; enlarging it would add nothing.") % {"source": source}
    return ""


def _sound(plan: Plan) -> str:
    count = len(plan.sounds)
    if not count:
        return ""
    # No plural form: Chinese has but one, and of one track there is nothing to choose.
    if count == 1:
        return _("The sound is brought to the usual loudness.")
    said = _("The %(count)d sound tracks are brought to the usual loudness; viewers choose between them.")
    return said % {"count": count}


def _pieces(plan: Plan) -> str:
    count = sum(piece.kind == "video" for piece in plan.pieces)
    if count < 2:
        return ""
    return _("The picture is made in %(count)d pieces, several at a time; they join without a seam.") % {
        "count": count
    }


def _rate(rate: Fraction) -> str:
    """Return a frame rate as people write it: 30, 29.97, 12.5."""
    return f"{float(rate):.2f}".rstrip("0").rstrip(".")
