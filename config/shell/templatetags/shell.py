"""Tags that every room's pages use: icons, rulers, posters. The README of the shell documents them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.core.paginator import Page
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext, pgettext

from config.shell import icons, posters
from config.shell.ruler import MINUTE, Part, Scale, clock, draw, draw_fields

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 18, label: str = "", css: str = "") -> SafeString:
    """Draw a Lucide icon: `{% icon "clock" 14 %}`. With a `label` it speaks, without it is decoration."""
    says = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" width="{}" height="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        f" {css}" if css else "",
        size,
        size,
        says,
        mark_safe(icons.paths(name)),  # noqa: S308 - a file of a pinned package, not of a visitor
    )


def _parts(
    parts: Iterable[Mapping[str, Any]] | None, spans: Iterable[Iterable[int]] | None, length_ms: int
) -> tuple[Part, ...]:
    if not parts:
        return (Part(length=length_ms, spans=tuple((a, b) for a, b in spans or ())),)
    return tuple(
        Part(
            length=int(part["length_ms"]),
            label=str(part.get("label", "")),
            short=str(part.get("short", "") or number),
            spans=tuple((a, b) for a, b in part.get("spans") or ()),
            is_current=bool(part.get("is_current")),
        )
        for number, part in enumerate(parts, 1)
    )


def _chapters(chapters: Iterable[Mapping[str, Any]], length: int) -> tuple[Part, ...]:
    """Turn the chapters of one lesson into parts of its scale; the first begins at 0."""
    marks = list(chapters)
    starts = [0, *(int(mark["start_ms"]) for mark in marks[1:]), length]
    return tuple(
        Part(
            starts[number] - starts[number - 1],
            str(mark.get("label", "")),
            str(number),
            (),
            bool(mark.get("is_current")),
        )
        for number, mark in enumerate(marks, 1)
    )


def sentence_of(scale: Scale, position: int | None) -> str:
    """Say in words what the ruler shows: verified, missing, where one stands."""
    verified = sum(end - start for start, end in scale.verified())
    gaps = scale.gaps()
    words = [
        gettext("Verified %(verified)s of %(length)s")
        % {"verified": clock(verified), "length": clock(scale.length)}
    ]
    if gaps:
        missing = clock(sum(end - start for start, end in gaps))
        words.append(
            ngettext("%(count)s gap, %(missing)s missing", "%(count)s gaps, %(missing)s missing", len(gaps))
            % {"count": len(gaps), "missing": missing}
        )
    if position is not None:
        words.append(gettext("now at %(position)s") % {"position": clock(position)})
    return gettext(", ").join(words)


@register.simple_tag
def ruler(
    *,
    length_ms: int = 0,
    spans: Iterable[Iterable[int]] | None = None,
    parts: Iterable[Mapping[str, Any]] | None = None,
    chapters: Iterable[Mapping[str, Any]] | None = None,
    position_ms: int | None = None,
    size: str = "large",
    unit: str = "",
    sentence: str = "",
) -> SafeString:
    """Draw the ruler of a lesson (`length_ms`, `spans`, `chapters`) or of a course (`parts`)."""
    if chapters:
        scale = Scale(_chapters(chapters, int(length_ms)), tuple((int(a), int(b)) for a, b in spans or ()))
    else:
        scale = Scale(_parts(parts, spans, int(length_ms)))
    svg = draw(
        scale,
        sentence=sentence or sentence_of(scale, position_ms),
        size=size,
        position=position_ms,
        unit=unit,
        unit_name="" if size == "small" else pgettext("on a ruler", "min"),
    )
    return mark_safe(svg if size == "small" else f'<div class="ruler-box">{svg}</div>')  # noqa: S308 - escaped by draw


@register.simple_tag
def rate(part: float, whole: float, sentence: str = "") -> SafeString:
    """Draw a rate on a scale of eleven ticks; print numerator and denominator beside it."""
    share = float(part) / float(whole) if whole else 0.0
    says = sentence or gettext("%(part)s of %(whole)s, %(percent)s %%") % {
        "part": part,
        "whole": whole,
        "percent": f"{share * 100:.1f}",
    }
    return mark_safe(draw_fields(fields=10, done=share * 10, sentence=says))  # noqa: S308 - escaped by draw_fields


@register.simple_tag
def stages(fields: int, done: float, sentence: str, is_stopped: bool = False) -> SafeString:
    """Draw stages of work as equal fields of which `done` (may be broken) are through."""
    svg = draw_fields(fields=int(fields), done=float(done), sentence=sentence, is_stopped=is_stopped)
    return mark_safe(svg)  # noqa: S308 - escaped by draw_fields


@register.simple_tag
def empty_ruler() -> SafeString:
    """Draw the unfilled ruler of an empty state; the words beside it say what is empty."""
    return mark_safe(  # noqa: S308 - no input
        draw_fields(fields=5, done=0, sentence="").replace('role="img" aria-label=""', 'aria-hidden="true"')
    )


@register.simple_tag
def poster(
    code: str,
    topic_letter: str = "",
    hours: Decimal | float = 0,
    css: str = "",
    *,
    thumb_under: int = 0,
    is_first: bool = False,
) -> SafeString:
    """Show a course's poster, 16:9; `css="poster--thumb"` gives the small one, 4:3.

    `thumb_under` takes the small one on screens up to so many px; `is_first` for a poster that is
    seen without scrolling.
    """
    is_small = "poster--thumb" in css
    width, height = (64, 48) if is_small else (640, 360)
    full = _poster_address(code, topic_letter, hours, "thumb" if is_small else "full")
    picture = format_html(
        '<img class="poster{}" src="{}" alt="" width="{}" height="{}"{} decoding="async">',
        f" {css}" if css else "",
        full,
        width,
        height,
        "" if is_first else mark_safe(' loading="lazy"'),
    )
    if not thumb_under:
        return picture
    return format_html(
        '<picture><source media="(max-width: {}px)" srcset="{}" width="64" height="48">{}</picture>',
        thumb_under,
        _poster_address(code, topic_letter, hours, "thumb"),
        picture,
    )


def _poster_address(code: str, letter: str, hours: Decimal | float, kind: str) -> str:
    """Return where a poster is; the address changes with all that the drawing depends on."""
    path = reverse(
        "shell:poster",
        kwargs={
            "code": code,
            "letter": letter or code[:1],
            "hours": posters.hours_text(hours),
            "kind": kind,
        },
    )
    return f"{path}?{urlencode({'in': get_language() or '', 'v': posters.DRAWING})}"


@register.filter
def as_clock(milliseconds: int | None) -> str:
    """Write milliseconds as `12:38` or `1:02:38`."""
    return clock(milliseconds or 0)


@register.filter
def as_minutes(milliseconds: int | None) -> int:
    """Write milliseconds as whole minutes, at least one where there is anything."""
    value = milliseconds or 0
    return max(1, round(value / MINUTE)) if value else 0


@register.filter
def plain_number(value: Decimal | float | str | None) -> str:
    """Write 4.0 as `4` and 4.5 as `4.5`; facts that are frozen keep such numbers as text."""
    text = "" if value is None else value if isinstance(value, str) else f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.simple_tag(takes_context=True)
def query(context: Any, **changes: Any) -> str:
    """Return the page's query string with changes; None or "" takes a key out, `page` goes with any change."""
    values = context["request"].GET.copy()
    if "page" not in changes:
        values.pop("page", None)
    for key, value in changes.items():
        if value in (None, ""):
            values.pop(key, None)
        else:
            values[key] = str(value)
    return f"?{values.urlencode()}" if values else "?"


@register.inclusion_tag("shell/pages.html", takes_context=True)
def pages(
    context: Any, page: Page[Any], *, key: str = "page", at: str = "", css: str = "pages"
) -> dict[str, Any]:
    """Show the way through the pages of a list; nothing where there is only one.

    What else the address asks for stays in it. `at` is the id of the place where a list begins that does not
    stand at the head of its page, `key` how its number is called in the address.
    """

    def address(number: int) -> str:
        return query(context, **{key: number}) + (f"#{at}" if at else "")

    # Ends, neighbours, and a dash of dots (which is no number) for what lies between.
    shown = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "page": page,
        "css": css,
        "numbers": [(number, address(number) if isinstance(number, int) else "") for number in shown],
        "previous": address(page.previous_page_number()) if page.has_previous() else "",
        "next": address(page.next_page_number()) if page.has_next() else "",
    }
