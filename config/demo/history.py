"""A believable past: the same services as everybody's, only at moments that lie behind us."""

import dataclasses
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from classroom.certificates.models import Certificate
from classroom.certificates.services.awarding import award
from classroom.certificates.services.ending import replace, revoke
from classroom.completion.services import settle
from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import enrol
from classroom.exams.in_lectures import answer
from classroom.exams.models import Attempt
from classroom.exams.services import save_answer, start_attempt, submit
from classroom.institutions.models import SupervisingAuthority
from classroom.people.models import User
from classroom.plans.models import Plan
from classroom.plans.services import assign_due, create_plan
from classroom.progress.models import Chain
from classroom.progress.services import acknowledge_reading, credit, make_checkpoint, open_session
from classroom.progress.spans import Span
from classroom.reports.services.rollups import refresh
from config.demo import cast
from courses.catalogue.models import Course, Edition, EditionLesson
from courses.questions.models import QuestionVersion

_WHY = "the demo fills itself in"
_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0"
_A_YEAR = 330


@dataclass(frozen=True, slots=True)
class Part:
    """What somebody did of one course: the share of the lectures, the exam, and how long ago it began."""

    code: str
    share: float
    knows: float | None
    days_ago: int
    has_gaps: bool = field(default=False)


# The learner's account shows every state of a course at once.
LEARNER = (
    Part("A1", 1, 1, 190),
    Part("A2", 0.6, None, 60),
    Part("C1", 0.75, None, 24, True),
    Part("E1", 1, None, 14),
    Part("B1", 0.52, None, 9),
)


def plans(people: dict[str, User]) -> None:
    """Plan the mandatory courses for the whole city and enrol who is due."""
    today = timezone.localdate()
    city = SupervisingAuthority.objects.get(code="SH")
    for code, title, posts, opened, due in (
        ("B1", "年度必修：监督管理办法与报告合规", (), 60, 12),
        ("A2", "质量负责人与内审员：评审准则", ("quality_manager", "internal_auditor", "tester"), 90, -18),
    ):
        course = Course.objects.get(code=code)
        plan = Plan.objects.filter(course=course, authority=city).first() or create_plan(
            title=title,
            course=course,
            due_on=today + timedelta(days=due),
            opens_on=today - timedelta(days=opened),
            by=people["city@demo.example"],
            authority=city,
            posts=posts,
        )
        # As of the day it opened: who was due then is late now.
        assign_due(plan, today=plan.opens_on)


def learn(people: dict[str, User]) -> Iterator[tuple[int, int]]:
    """Let everybody learn; yield how many courses of how many are done, now and then.

    What is there is left alone, and nothing is yielded where nothing was missing.
    """
    editions = {course.code: course.current for course in Course.objects.select_related("current__exam")}
    acts = []
    for player in (cast.ACCOUNTS[0], cast.ACCOUNTS[3], *cast.staff()):
        dice = random.Random(player.email)  # noqa: S311 - a play, not a secret
        parts = LEARNER if player.email == "learner@demo.example" else _parts(player, dice)
        acts += [(people[player.email], part, dice) for part in parts]
    is_news = False
    for number, (user, part, dice) in enumerate(acts, 1):
        edition = editions.get(part.code)
        if edition is not None and _act(user, edition, part, dice):
            is_news = True
        if is_news and (number % 20 == 0 or number == len(acts)):
            yield number, len(acts)
    _ends(people["operator@demo.example"])


def report() -> None:
    """Sign what was learnt and count it."""
    make_checkpoint()
    refresh()


def _parts(player: cast.Person, dice: random.Random) -> list[Part]:
    """Return what somebody of this diligence did, the oldest first, so that nobody is at two places at once."""
    wanted = [code for code in ("A1", "C1", "C2", "B2", "D1", "E1") if dice.random() < 0.3 * player.diligence]
    if {"quality_manager", "internal_auditor", "tester"} & set(player.posts):
        wanted.append("A2")
    wanted.append("B1")
    parts = []
    for index, code in enumerate(wanted):
        left = len(wanted) - index
        days_ago = 12 * left + dice.randrange(0, 10) + (dice.randrange(0, _A_YEAR) // 6) * (left - 1)
        roll = dice.random()
        if roll > player.diligence + 0.35:
            continue
        share = 1.0 if roll < player.diligence else round(dice.uniform(0.15, 0.9), 2)
        knows = min(1.0, dice.gauss(0.8, 0.12) + 0.1 * player.diligence) if share == 1 else None
        parts.append(Part(code, share, knows, days_ago))
    return _one_after_another(parts)


def _one_after_another(parts: list[Part]) -> list[Part]:
    """Return the parts oldest first with two days between any two: a second try at an exam takes one."""
    apart: list[Part] = []
    for part in sorted(parts, key=lambda part: part.days_ago):
        earliest = apart[-1].days_ago + 2 if apart else 0
        apart.append(dataclasses.replace(part, days_ago=max(part.days_ago, earliest)))
    return apart[::-1]


def _act(user: User, edition: Edition, part: Part, dice: random.Random) -> bool:
    """Let one person learn one course; return False where that has happened, or the person has left it."""
    mine = Enrolment.objects.unscoped(_WHY).filter(user=user, course=edition.course)
    if mine.filter(state=Enrolment.State.WITHDRAWN).exists():
        return False
    with transaction.atomic():
        enrolment = enrol(user=user, edition=edition, origin=Enrolment.Origin.SELF)
        if Chain.objects.filter(enrolment=enrolment).exists() or enrolment.state != Enrolment.State.ACTIVE:
            return False
        moment = _working_hour(timezone.now() - timedelta(days=part.days_ago), dice)
        Enrolment.objects.unscoped(_WHY).filter(pk=enrolment.pk).update(enrolled_at=moment)
        enrolment.enrolled_at = moment
        moment = _study(enrolment, part, moment, dice)
        if part.knows is not None:
            moment = _sit(enrolment, part.knows, moment, dice)
        completion = settle(enrolment=enrolment, now=moment)
        if completion is not None:
            award(completion=completion, now=moment)
    return True


def _working_hour(moment: datetime, dice: random.Random) -> datetime:
    local = timezone.localtime(moment)
    at = datetime.combine(local.date(), time(dice.randrange(8, 19), dice.randrange(60), dice.randrange(60)))
    return min(timezone.make_aware(at), timezone.now() - timedelta(hours=2))


def _study(enrolment: Enrolment, part: Part, moment: datetime, dice: random.Random) -> datetime:
    lessons = list(enrolment.edition.lessons.select_related("edition", "encode").order_by("position"))
    total = sum(lesson.duration_ms for lesson in lessons)
    left = round(total * part.share)
    for lesson in lessons:
        if left <= 0 and part.share < 1:
            break
        if lesson.kind == EditionLesson.Kind.VIDEO:
            watched = min(left, lesson.duration_ms)
            moment = _watch(enrolment, lesson, watched, part.has_gaps, moment)
            _answer_inside(enrolment, lesson, watched, part, moment)
            left -= watched
        else:
            acknowledge_reading(enrolment=enrolment, lesson=lesson, now=moment)
        moment += timedelta(seconds=dice.randrange(20, 400))
    return moment


def _watch(
    enrolment: Enrolment, lesson: EditionLesson, until_ms: int, has_gaps: bool, moment: datetime
) -> datetime:
    session = open_session(enrolment=enrolment, lesson=lesson, agent=_AGENT, now=moment)
    holes = [
        (round(until_ms * 0.3), round(until_ms * 0.3) + 4200),
        (round(until_ms * 0.7), round(until_ms * 0.7) + 2600),
    ]
    edges = [0, *(edge for hole in holes for edge in hole), until_ms] if has_gaps else [0, until_ms]
    pieces = list(zip(edges[::2], edges[1::2], strict=True))
    spans = [Span(s=start, e=end, t0=start + 400, t1=end + 400) for start, end in pieces if start < end]
    after = moment + timedelta(milliseconds=until_ms + 900)
    credit(session=session, seq=0, spans=spans, now=after)
    return after


def _answer_inside(
    enrolment: Enrolment, lesson: EditionLesson, watched: int, part: Part, moment: datetime
) -> None:
    """Answer what the lecture asked on the way; a course under way leaves its newest question open."""
    met = list(lesson.questions.select_related("version__question").filter(at_ms__lt=watched))
    for place, question in enumerate(sorted(met, key=lambda one: one.at_ms)):
        if part.share < 1 and place:
            continue
        right = question.version.answers
        wrong = [option["key"] for option in question.version.options if option["key"] not in right][:1]
        for choice in ([wrong] if wrong and question.at_ms % 3 else []) + [right]:
            answer(enrolment=enrolment, question=question, choice=choice, now=moment)


def _sit(enrolment: Enrolment, knows: float, moment: datetime, dice: random.Random) -> datetime:
    for sitting in range(2):
        attempt = start_attempt(enrolment=enrolment, lessons_met=True, now=moment)
        moment += timedelta(minutes=dice.randrange(8, 26))
        _answer(attempt, knows + 0.12 * sitting, moment - timedelta(seconds=30), dice)
        attempt = submit(attempt=attempt, now=moment)
        if attempt.is_passed:
            break
        moment += timedelta(days=1, minutes=dice.randrange(0, 300))
        if moment > timezone.now() - timedelta(hours=1) or knows < 0.62:
            return attempt.submitted_at or moment
    return moment


def _answer(attempt: Attempt, knows: float, moment: datetime, dice: random.Random) -> None:
    versions = QuestionVersion.objects.in_bulk([item["version"] for item in attempt.paper])
    for item in attempt.paper:
        version = versions[item["version"]]
        keys = [option["key"] for option in version.options]
        wrong = [key for key in keys if key not in version.answers] or keys
        choice = list(version.answers) if dice.random() < knows else [dice.choice(wrong)]
        save_answer(
            attempt=attempt, version_id=version.pk, choice=choice, is_flagged=False, revision=1, now=moment
        )


def _ends(operator: User) -> None:
    """Revoke one certificate and replace another, so that every state can be verified."""
    every = Certificate.objects.unscoped(_WHY).exclude(user__email__in=[a.email for a in cast.ACCOUNTS])
    if every.exclude(state=Certificate.State.ISSUED).exists():
        return
    oldest = list(every.order_by("pk")[:2])
    if len(oldest) == 2:
        revoke(
            certificate=oldest[0],
            by=operator,
            reason=Certificate.Reason.RECORDS_WITHDRAWN,
            note="演示：学习记录经复核后撤回",
        )
        replace(
            certificate=oldest[1],
            by=operator,
            reason=Certificate.Reason.FACTS_CORRECTED,
            note="演示：更正姓名拼音",
            changes={"romanised": f"{oldest[1].facts['holder']['romanised']} (Demo)"},
        )
