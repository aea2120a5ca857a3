"""Tags of the catalogue's pages. They gather; the work is in `pages_context` and `finder`.

Tags and not page contexts, so that a room above may serve the same templates with blocks of its own.
"""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info

from courses.catalogue import course_view, finder, pages_context
from courses.catalogue.course_parts import CourseView
from courses.catalogue.models import CoursePage

register = template.Library()


@register.simple_tag(takes_context=True)
def programme(context: Any) -> pages_context.Programme:
    """Return all that is taught, by topic."""
    return pages_context.programme(context.get("request"))


@register.inclusion_tag("catalogue/parts/curriculum.html", takes_context=True)
def curriculum_scale(context: Any) -> dict[str, Any]:
    """Draw the curriculum; `curriculum_progress` in the context, shares by code, adds the learner's bands."""
    taught = pages_context.programme(context.get("request"))
    return pages_context.scale_of(taught, context.get("curriculum_progress") or {})


@register.simple_tag
def news(limit: int | None = None) -> Any:
    """Return the newest notices."""
    return pages_context.news(limit)


@register.simple_tag(takes_context=True)
def course_of(context: Any, page: CoursePage) -> CourseView:
    """Return what the course's page shows: the edition, or in preview the draft."""
    return pages_context.shown(page, context.get("request")).course


@register.simple_tag(takes_context=True)
def courses_before(context: Any, course: CourseView) -> list[pages_context.CourseBefore]:
    """Return the courses to complete before this one, to be led to."""
    return pages_context.courses_before(course, context.get("request"))


@register.simple_tag(takes_context=True)
def captions_of(context: Any, page: CoursePage) -> list[str]:
    """Return the names of the languages in which the course's lectures have captions."""
    edition = pages_context.shown(page, context.get("request")).edition
    if edition is None:
        return []
    return [_language_name(code) for code in course_view.caption_languages(edition)]


def _language_name(code: str) -> str:
    try:
        return str(get_language_info(code.lower())["name_translated"])
    except KeyError:
        return code


@register.simple_tag(takes_context=True)
def finder_of(context: Any) -> finder.Finding:
    """Return what the catalogue shows for the query string of the request."""
    request = context["request"]
    return finder.find(pages_context.programme(request), request.GET)


@register.filter
def highlight(text: str, marks: Iterable[str]) -> SafeString:
    """Mark what was searched for in a text."""
    return finder.highlight(text, marks)
