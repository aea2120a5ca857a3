"""A course as its page shows it: from the frozen edition for readers, from the draft in preview."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext, pgettext

from courses.catalogue.asked import asked_in
from courses.catalogue.conditions import is_asked, part_of, with_conditions
from courses.catalogue.manifest import conditions_of, rule_of
from courses.catalogue.models import Course, CoursePage, Edition
from courses.catalogue.policy import Policy
from courses.catalogue.words import deadline_words
from media.models import Track

_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class LessonView:
    """One line of the outline."""

    number: int
    key: str
    kind: str
    title: str
    summary: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A law or standard that the course rests on."""

    document: str
    clauses: str
    lessons: str
    effective_from: date | None
    superseded_by: str


@dataclass(frozen=True, slots=True)
class ExamView:
    """The exam in figures; `interval_minutes` lie between two attempts."""

    questions: int
    minutes: int
    pass_mark: int
    attempts: int
    interval_minutes: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One plain rule for completing the course."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class CourseView:
    """All that a course's page or card says. Texts are in the reader's language where there are two."""

    code: str
    title: str
    letter: str
    topic_code: str
    topic_name: str
    purpose: str
    audience: str
    teacher: str
    teacher_note: str
    hours: float
    is_mandatory: bool
    validity_months: int | None
    reviewed_on: date | None
    next_review_on: date | None
    outcomes: tuple[str, ...]
    basis: tuple[Reference, ...]
    lessons: tuple[LessonView, ...]
    exam: ExamView | None
    policy: Policy
    address: str = ""
    edition_number: str = ""
    published_at: datetime | None = None
    rules: tuple[Rule, ...] = field(default=())
    courses_before: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """All lessons together, in minutes."""
        return sum(lesson.minutes for lesson in self.lessons)

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audience as single groups: trainers part them by comma or enumeration mark."""
        text = self.audience
        for mark in "，,；;/":
            text = text.replace(mark, "、")
        return tuple(part.strip() for part in text.split("、") if part.strip())


def bilingual(texts: dict[str, Any], name: str) -> str:
    """Return a text in the reader's language, in Chinese where it was not translated."""
    english = str(texts.get(f"{name}_en") or "")
    return english if english and (get_language() or "").startswith("en") else str(texts.get(name) or "")


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    return date.fromisoformat(value) if value else None


def _lesson(number: int, texts: dict[str, Any]) -> LessonView:
    return LessonView(
        number=number,
        key=str(texts["key"]),
        kind=texts["kind"],
        title=bilingual(texts, "title"),
        summary=texts.get("summary") or "",
        minutes=int(texts.get("minutes") or 0),
    )


def from_facts(facts: dict[str, Any], *, letter: str, address: str = "", **more: Any) -> CourseView:
    """Return the view of a manifest's facts; `facts` has the keys course, lessons, exam, policy."""
    course = facts.get("course", {})
    lessons = tuple(_lesson(number, item) for number, item in enumerate(facts.get("lessons", []), 1))
    policy = Policy.from_dict(facts.get("policy", {}))
    exam = _exam(facts.get("exam"))
    questions = sum(len(item.get("questions") or ()) for item in facts.get("lessons", []))
    return CourseView(
        code=course.get("code", ""),
        title=bilingual(course, "title"),
        letter=letter,
        topic_code=course.get("topic", ""),
        topic_name=bilingual(course, "topic_name"),
        purpose=bilingual(course, "purpose"),
        audience=course.get("audience", ""),
        teacher=course.get("teacher", ""),
        teacher_note=course.get("teacher_note", ""),
        hours=float(course.get("credit_hours") or 0),
        is_mandatory=bool(course.get("is_mandatory")),
        validity_months=course.get("validity_months"),
        reviewed_on=_day(course.get("reviewed_on")),
        next_review_on=_day(course.get("next_review_on")),
        outcomes=tuple(item["text"] for item in course.get("outcomes", [])),
        basis=tuple(_references(course.get("legal_basis", []))),
        lessons=lessons,
        exam=exam,
        policy=policy,
        address=address,
        rules=tuple(rules_of(lessons, policy, exam, questions, facts.get("rule"))),
        courses_before=tuple((part_of(facts.get("rule") or {}, "prerequisites") or {}).get("courses", ())),
        **more,
    )


def _references(items: Iterable[dict[str, Any]]) -> Iterable[Reference]:
    for item in items:
        yield Reference(
            document=item.get("document") or "",
            clauses=item.get("clauses") or "",
            lessons=item.get("lessons") or "",
            effective_from=_day(item.get("effective_from")),
            superseded_by=item.get("superseded_by") or "",
        )


def _exam(exam: dict[str, Any] | None) -> ExamView | None:
    if not exam:
        return None
    return ExamView(
        questions=sum(int(section["count"]) for section in exam.get("sections", [])),
        minutes=exam["minutes"],
        pass_mark=exam["pass_mark"],
        attempts=exam["attempts_allowed"],
        interval_minutes=exam["interval_minutes"],
    )


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


def letter_of(code: str) -> str:
    """Return the letter that picks the poster's engraving."""
    return code[:1] or "A"


def from_edition(edition: Edition, *, address: str = "") -> CourseView:
    """Return what was published. The manifest is all that is read: no query."""
    facts = dict(edition.manifest)
    # An edition made before its manifest told the course still has the columns.
    columns = {
        "code": edition.course.code,
        "title": edition.title,
        "title_en": edition.title_en,
        "credit_hours": edition.credit_hours,
        "is_mandatory": edition.is_mandatory,
        "validity_months": edition.validity_months,
    }
    facts["course"] = columns | facts.get("course", {})
    facts.setdefault("policy", edition.policy)
    return from_facts(
        facts,
        letter=letter_of(edition.course.code),
        address=address,
        edition_number=edition.number,
        published_at=edition.published_at,
    )


def from_draft(page: CoursePage, *, address: str = "") -> CourseView:
    """Return what the page says now, for who edits it; unfinished lectures have no minutes yet."""
    course = {
        name: getattr(page, name)
        for name in (
            "code", "title", "title_en", "purpose", "purpose_en", "audience", "teacher", "teacher_note",
            "is_mandatory", "validity_months", "reviewed_on", "next_review_on",
        )
    }  # fmt: skip
    course |= {
        "topic": page.topic.code if page.topic else "",
        "topic_name": page.topic.name if page.topic else "",
        "topic_name_en": page.topic.name_en if page.topic else "",
        "credit_hours": page.credit_hours or 0,
        "outcomes": [{"text": block.value} for block in page.outcomes],
        "legal_basis": [dict(block.value) for block in page.legal_basis],
    }
    facts: dict[str, Any] = {
        "course": course,
        "lessons": [_draft_lesson(block) for block in page.lessons],
        "exam": _draft_exam(page),
        "policy": {
            "rate_cap": float(page.rate_cap),
            "free_seek": page.free_seek,
            "coverage_percent": page.coverage_percent,
            "presence_minutes": page.presence_minutes,
        },
    }
    everything = rule_of(
        facts["lessons"], has_exam=facts["exam"] is not None, coverage_percent=page.coverage_percent
    )
    facts["rule"] = with_conditions(everything, facts["lessons"], conditions_of(page))
    return from_facts(facts, letter=letter_of(page.code), address=address)


def _draft_lesson(block: Any) -> dict[str, Any]:
    value = block.value
    minutes = value.get("minutes") or 0
    if block.block_type == "video" and value["lecture"] is not None and value["lecture"].current:
        minutes = max(1, -(-value["lecture"].current.duration_ms // 60_000))
    return {
        "key": block.id,
        "kind": block.block_type,
        "title": value["title"],
        "title_en": value.get("title_en"),
        "summary": value.get("summary"),
        "minutes": minutes,
        "questions": [asked.key for asked in asked_in(block)],
    }


def _draft_exam(page: CoursePage) -> dict[str, Any] | None:
    counts = [page.exam_single, page.exam_multiple, page.exam_true_false]
    if page.question_bank_id is None or not any(counts):
        return None
    return {
        "sections": [{"count": count} for count in counts],
        "minutes": page.exam_minutes,
        "pass_mark": page.pass_mark,
        "attempts_allowed": page.exam_attempts,
        "interval_minutes": page.exam_interval_minutes,
    }


def edition_of(page: CoursePage) -> Edition | None:
    """Return the edition that readers of the page get. One query."""
    course = Course.objects.select_related("current").filter(page=page).first()
    if course is None or course.current is None:
        return None
    course.current.course = course
    return course.current


def caption_languages(edition: Edition) -> list[str]:
    """Return the languages in which the lectures of an edition have captions. One query."""
    lectures = edition.lessons.exclude(lecture=None).values("lecture_id")
    found = Track.objects.filter(lecture_id__in=lectures).values_list("language", flat=True)
    return sorted(set(found))
