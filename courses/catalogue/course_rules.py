"""What completes a course, in plain words for who may take it, from what is frozen with it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext

from courses.catalogue.conditions import is_asked, part_of
from courses.catalogue.course_parts import ExamView, LessonView, Rule
from courses.catalogue.policy import Policy
from courses.catalogue.words import deadline_words

_DAY_MINUTES = 24 * 60


def _interval(minutes: int) -> str:
    """Say how long one waits between two attempts, in the largest unit that fits."""
    if not minutes:
        return gettext("at once if you like")
    if minutes % _DAY_MINUTES == 0:
        days = minutes // _DAY_MINUTES
        return ngettext("%(count)s day apart", "%(count)s days apart", days) % {"count": days}
    if minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("%(count)s hour apart", "%(count)s hours apart", hours) % {"count": hours}
    return ngettext("%(count)s minute apart", "%(count)s minutes apart", minutes) % {"count": minutes}


def rules_of(
    lessons: tuple[LessonView, ...],
    policy: Policy,
    exam: ExamView | None,
    questions: int = 0,
    rule: dict[str, Any] | None = None,
) -> Iterable[Rule]:
    """Yield what completes the course, in plain words, from what is frozen with it.

    Without a rule (an edition made before its manifest told it) everything is asked for.
    """
    yield from _before(rule or {})
    yield from _lesson_rules(lessons, policy, rule)
    part: Mapping[str, Any] | None = {} if rule is None else part_of(rule, "questions")
    # Where all of them lie in lessons that are only offered, the rule has no such part.
    keys = () if part is None else part.get("keys", "all")
    questions = questions if keys == "all" else len(keys)
    if questions:
        title = ngettext(
            "Answer %(count)s question inside the lectures",
            "Answer %(count)s questions inside the lectures",
            questions,
        )
        text = gettext(
            "Playing pauses for a question. Each has to be answered rightly once; try as often as you like."
        )
        yield Rule(title % {"count": questions}, text)
    if policy.presence_minutes:
        text = gettext(
            "Every %(minutes)s minutes of watching you are asked whether you are there; one click within a"
            " minute is enough. If you miss it, only the time since the last answer is taken back."
        )
        yield Rule(gettext("Answer while watching"), text % {"minutes": policy.presence_minutes})
    if exam and (rule is None or part_of(rule, "exam")):
        text = gettext(
            "%(questions)s questions in %(minutes)s minutes, at most %(attempts)s attempts, %(interval)s. In"
            " multiple choice all right options are needed. The best attempt counts."
        )
        values = {
            "questions": exam.questions,
            "minutes": exam.minutes,
            "attempts": exam.attempts,
            "interval": _interval(exam.interval_minutes),
        }
        yield Rule(gettext("Exam, %(mark)s%% to pass") % {"mark": exam.pass_mark}, text % values)
    yield from _deadline(rule or {})


def _before(rule: dict[str, Any]) -> Iterable[Rule]:
    part = part_of(rule, "prerequisites")
    if part:
        title = gettext("Complete first: %(codes)s") % {
            "codes": pgettext("between names", ", ").join(part["courses"])
        }
        text = gettext(
            "What was completed once counts, whichever edition it was. The exam opens only after it."
        )
        yield Rule(title, text)


def _deadline(rule: dict[str, Any]) -> Iterable[Rule]:
    part = part_of(rule, "deadline")
    if part is None:
        return
    text = gettext("The last day counts whole. What is finished later does not complete the course.")
    if "on" in part and date.fromisoformat(part["on"]) < timezone.localdate():
        text = gettext("This day has passed: whoever begins now can learn, but not complete the course.")
    yield Rule(deadline_words(part), text)


def _lesson_rules(
    lessons: tuple[LessonView, ...], policy: Policy, rule: dict[str, Any] | None
) -> Iterable[Rule]:
    videos = [lesson for lesson in lessons if lesson.kind == "video"]
    watched = [lesson for lesson in videos if is_asked(rule, "lessons", lesson.key)]
    if watched:
        words = gettext(
            "Each lecture has to be watched to %(percent)s%%; at first at most at %(rate)s× speed."
        )
        text = words % {"percent": policy.coverage_percent, "rate": f"{policy.rate_cap:g}"}
        if not policy.free_seek:
            text += gettext(" What was not yet watched cannot be skipped.")
        text += gettext(" A stretch that was missed stays blank on the ruler; watching it again is enough.")
        title = ngettext("Watch %(count)s lecture", "Watch all %(count)s lectures", len(watched))
        yield _lesson_rule(title % {"count": len(watched)}, text, watched, videos)
    texts = [lesson for lesson in lessons if lesson.kind != "video"]
    read = [lesson for lesson in texts if is_asked(rule, "readings", lesson.key)]
    if read:
        title = ngettext("Read %(count)s text", "Read all %(count)s texts", len(read))
        text = gettext("Open each text or file and confirm at its end that you have read it.")
        yield _lesson_rule(title % {"count": len(read)}, text, read, texts)


def _lesson_rule(title: str, text: str, asked: list[LessonView], offered: list[LessonView]) -> Rule:
    """Return the rule; where some lessons are only offered, it names those that are asked for."""
    if len(asked) == len(offered):
        return Rule(title, text)
    numbers = pgettext("between names", ", ").join(str(lesson.number) for lesson in asked)
    words = gettext("Asked for are the lessons %(numbers)s of the outline; the others are offered. ")
    title = gettext("Read %(count)s of %(all)s texts")
    if asked[0].kind == "video":
        title = gettext("Watch %(count)s of %(all)s lectures")
    counts = {"count": len(asked), "all": len(offered)}
    return Rule(title % counts, words % {"numbers": numbers} + text)
