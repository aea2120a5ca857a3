"""Tags of the lecture admin: the scale of six stages, and times."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from media import words
from media.queries import STAGES
from media.words import Row

register = template.Library()

_FIELDS = len(STAGES)
_MINOR = 5
_GROUND = SafeString('<rect class="scale__ground" width="100%" y="8" height="9"/>')
_BASE = SafeString('<line class="scale__base" x1="0" x2="100%" y1="17.5" y2="17.5"/>')


@register.simple_tag
def stage_scale(row: Row) -> SafeString:
    """Draw how far a row is: a band over six fields, an index where it stands, ochre where it stopped.

    All places are percent of the width, given as attributes: it stretches without any style.
    """
    reached = row.state.reached
    begun = float(STAGES.index(row.state.stage))
    whole = begun if row.state.failed else reached
    parts = [
        _GROUND,
        format_html('<rect class="scale__band" width="{}" y="8" height="9"/>', _percent(whole)),
    ]
    if row.state.failed:
        parts.append(
            format_html(
                '<rect class="scale__failed" x="{}" width="{}" y="8" height="9"/>'
                '<svg class="scale__stop" x="{}" overflow="visible"><path d="M-4 2h8M0 2v18M-4 20h8"/></svg>',
                _percent(begun),
                _percent(reached - begun),
                _percent(reached),
            )
        )
    elif reached < _FIELDS:
        parts.append(
            format_html(
                '<svg class="scale__index" x="{}" overflow="visible"><path d="M-6 0h12l-6 7z"/></svg>',
                _percent(reached),
            )
        )
    parts.append(_BASE)
    ticks = ((n / _MINOR, 25 if n % _MINOR == 0 else 21) for n in range(_FIELDS * _MINOR + 1))
    parts.append(
        format_html_join(
            "",
            '<line class="{}" x1="{}" x2="{}" y1="18" y2="{}"/>',
            (
                (
                    "scale__tick" if end == 25 else "scale__tick scale__tick--minor",
                    _percent(at),
                    _percent(at),
                    end,
                )
                for at, end in ticks
            ),
        )
    )
    sentence = words.sentence(row.state, row.headline, row.rest)
    body = format_html_join("", "{}", ((part,) for part in parts))
    return format_html('<svg class="scale" height="27" role="img" aria-label="{}">{}</svg>', sentence, body)


@register.simple_tag
def stage_labels(row: Row) -> SafeString:
    """Name the six fields above the scale; the scale itself says the same in one sentence."""
    labels = format_html_join(
        "",
        '<span class="stages__name stages__name--{}{}">{}</span>',
        (
            (place, " stages__name--failed" if row.state.failed and place == "current" else "", label)
            for _code, label, place in words.stages(row.state)
        ),
    )
    return format_html('<p class="stages" aria-hidden="true">{}</p>', labels)


@register.filter
def as_length(milliseconds: int) -> str:
    """Return a length as 34:00 or 1:34:00."""
    return words.clock(int(milliseconds or 0))


def _percent(fields: float) -> str:
    return f"{max(0.0, min(fields, _FIELDS)) / _FIELDS * 100:.3f}%"
