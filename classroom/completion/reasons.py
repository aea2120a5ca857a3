"""Why a course is (not) complete: each part of its rule with its state and next step, one text for every reader."""

from collections.abc import Mapping
from dataclasses import replace

from classroom.completion import rules
from classroom.completion.queries import Learned, automatic_of, completion_of, explain
from classroom.completion.words import Line, lines, sit_again
from classroom.enrolment.models import Enrolment
from classroom.exams.admission import Admission
from classroom.exams.queries import eligibility
from courses.catalogue.models import Course, EditionLesson
from courses.catalogue.titles import titled


def reasons(
    enrolment: Enrolment, lessons: Mapping[str, str] | None = None, learned: Learned | None = None
) -> list[Line]:
    """Return how every part of the rule stands, in the reader's language. The caller may see the enrolment.

    `lessons` names the lessons by key, and `learned` is what was learned in them, where the caller has
    read them already. A constant number of queries.
    """
    return _told(enrolment, explain(enrolment, learned=learned), lessons)


def automatic_reasons(enrolment: Enrolment) -> list[Line]:
    """Return what the rules say, or said at the moment when two persons decided by hand."""
    done = completion_of(enrolment)
    return _told(enrolment, (automatic_of(done) if done else None) or explain(enrolment))


def _told(
    enrolment: Enrolment, outcome: rules.Outcome, lessons: Mapping[str, str] | None = None
) -> list[Line]:
    if lessons is None:
        taught = EditionLesson.objects.filter(edition_id=enrolment.edition_id)
        lessons = {str(lesson.key): titled(lesson) for lesson in taught}
    before = {part.key for item in outcome.items if item.kind == "prerequisites" for part in item.parts}
    told = lines(outcome, {**lessons, **(_courses(before) if before else {})})
    return [_as_it_can_be_done(line, enrolment) for line in told]


def _as_it_can_be_done(line: Line, enrolment: Enrolment) -> Line:
    """Let the step after an exam that was not passed be one that is there. Two queries, only for such an exam."""
    if line.kind != "exam" or line.state != rules.State.UNDER_WAY:
        return line
    return replace(line, next_step=sit_again(eligibility(enrolment, admission=Admission(True))))


def _courses(codes: set[str]) -> dict[str, str]:
    """Return courses as code and title, by code; one that is not taught any more keeps its code."""
    known = Course.objects.filter(code__in=codes, current__isnull=False).select_related("current")
    return {course.code: f"{course.code} {titled(course.current)}" for course in known if course.current}
