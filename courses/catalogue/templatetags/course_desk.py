"""Facts about a draft for the course editor's panel."""

from typing import Any

from django import template

from courses.catalogue import desk, queries
from courses.catalogue.changes import compare, weigh
from courses.catalogue.course_parts import Rule
from courses.catalogue.course_view import from_draft
from courses.catalogue.models import CoursePage
from courses.catalogue.policy import hours_of
from courses.catalogue.readiness import lesson_seconds, problems_of
from courses.catalogue.words import change_words, class_words

register = template.Library()


@register.simple_tag
def standing_of(draft: CoursePage) -> dict[str, Any]:
    """Return problems, length, the difference to the edition taught now, and how many it concerns."""
    seconds = lesson_seconds(draft)
    problems = problems_of(draft)
    facts: dict[str, Any] = {
        "blocking": [problem for problem in problems if not problem.is_warning],
        "warnings": [problem for problem in problems if problem.is_warning],
        "minutes": -(-seconds // 60),
        "hours": hours_of(seconds, draft.credit_hour_seconds),
        "edition": queries.edition_of_page(draft),
    }
    edition = facts["edition"]
    if edition is None:
        return facts
    manifest = queries.draft_manifest(draft)
    changes = compare(edition.manifest, manifest) if manifest else []
    return {
        **facts,
        "is_comparable": manifest is not None,
        "changes": [change_words(change) for change in changes],
        "change_class": class_words(weigh(changes)),
        "reach": desk.reach(edition),
    }


@register.simple_tag
def rules_of_draft(draft: CoursePage) -> tuple[Rule, ...]:
    """Return what completes the course, in the words of its page."""
    return from_draft(draft).rules
