"""What the journeys put on the platform beside its demo; runs in the platform's own shell, through its services."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import strip_tags

from classroom.certificates.models import Certificate
from classroom.certificates.services.awarding import award
from classroom.certificates.services.ending import replace
from classroom.certificates.tasks import render_soon
from classroom.completion.models import Correction
from classroom.completion.services import propose, settle
from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import enrol
from classroom.institutions.models import Institution, Membership
from classroom.people.demo import DEMO_PASSWORD
from classroom.people.models import User
from classroom.people.services import register_person
from classroom.progress.models import LessonProgress, PersonClock, PresenceCheck
from classroom.progress.services import credit, open_session
from classroom.progress.spans import Span
from classroom.reports.tasks import refresh
from config.demo import cast
from courses.catalogue.models import CataloguePage, Course, CoursePage, Edition, Topic
from courses.catalogue.services import decide, submit_for_review
from courses.questions.models import Question, QuestionBank
from media.ingest import ingest_file
from media.models import Lecture

WHY = "a journey prepares its stage"
# Asked in the lecture; its right answer is D.
ASKED = "检验检测机构资质认定证书的有效期"


def account(name: str) -> User:
    """Return one of the demo's accounts."""
    return User.objects.get(email=f"{name}@demo.example")


def newcomer(name: str, uscc: str = "") -> str:
    """Make a person who has done nothing yet, on the staff of an institution or of none; return the e-mail."""
    user = register_person(name=name, email=f"{uuid.uuid4().hex[:12]}@demo.example", password=DEMO_PASSWORD)
    if uscc:
        Membership.objects.create(
            user=user,
            institution=Institution.objects.unscoped(WHY).get(uscc=uscc),
            role=Membership.Role.STAFF,
            department="理化室",
            started_on=timezone.localdate() - timedelta(days=30),
        )
    return str(user.email)


def hand_in(path: str, title: str) -> int:
    """Hand in a film as the trainer's; the platform's own worker encodes it."""
    return int(ingest_file(path=path, title=title, owner=account("trainer"), tenant="test").pk)


def is_published(lecture: int) -> bool:
    """Whether the lecture can be played."""
    return Lecture.objects.get(pk=lecture).current_id is not None


def publish(lecture: int, title: str, *, asks: bool = False, questions: int = 0, **fields: Any) -> str:
    """Publish a course of one lecture by review and return its code, one that no course had."""
    code = f"A{uuid.uuid4().int % 10**6:06}"
    asked = Question.objects.get(versions__stem__startswith=ASKED) if asks else None
    inside = [{"type": "question", "id": str(uuid.uuid4()), "value": {"at": "0:04", "question": asked.pk}}] if asked else []  # fmt: skip
    value = {"title": title, "lecture": lecture, "questions": inside}
    trainer = account("trainer")
    page = CoursePage(
        title=title, slug=code.lower(), code=code, topic=Topic.objects.get(letters__startswith="A"), owner=trainer, live=False,
        purpose="从头到尾走一遍。", audience="全员", teacher="唐一鸣", credit_hours="0.1", credit_hour_seconds=60,
        lessons=[{"type": "video", "value": value}], question_bank=QuestionBank.objects.get(code="cma") if questions else None,
        exam_single=questions, **fields,
    )  # fmt: skip
    CataloguePage.objects.get().add_child(instance=page)
    page.save_revision(user=trainer)
    submit_for_review(page=page, by=trainer)
    decide(page=CoursePage.objects.get(pk=page.pk), by=account("reviewer"), approves=True, comment="")
    return code


def lecture_of(code: str) -> int:
    """Return the lecture of a course's first lesson with one."""
    lesson = Course.objects.get(code=code).current.lessons.filter(kind="video").earliest("position")
    return int(lesson.encode.lecture_id)


def ask_after(email: str, ms: int) -> int:
    """Let the server draw its next presence check after so little credited time; return how many clocks it set."""
    return PersonClock.objects.filter(user__email=email).update(presence_left_ms=ms)


def let_the_minute_pass(email: str, left: int) -> int:
    """Let the minute to answer be over in `left` seconds by the server's clock; return how many questions wait."""
    waiting = PresenceCheck.objects.filter(
        session__enrolment__user__email=email, state=PresenceCheck.State.OPEN, delivered_at__isnull=False
    )
    return waiting.update(expires_at=timezone.now() + timedelta(seconds=left))


def edition_of(code: str) -> dict[str, Any]:
    """Return what the newest edition of a course holds; nothing where none was frozen."""
    edition = Edition.objects.filter(course__code=code).order_by("-pk").first()
    if edition is None:
        return {}
    lessons = list(edition.lessons.order_by("position"))
    file = next((lesson.document for lesson in lessons if lesson.document), None)
    return {
        "number": edition.number,
        "lessons": [[lesson.kind, lesson.title] for lesson in lessons],
        "body": strip_tags("".join(lesson.body for lesson in lessons)),
        "file": file.file.read().decode() if file else "",
        "questions": sum(section["count"] for section in edition.exam.sections),
    }


def expired(lecture: int) -> str:
    """Let somebody complete a course sixty days ago whose certificates hold for a month; return its token."""
    code, now = publish(lecture, "早已过期", validity_months=1), timezone.now() - timedelta(days=60)
    user = User.objects.get(email=newcomer("秦过期"))
    enrolment = enrol(user=user, edition=Course.objects.get(code=code).current)
    Enrolment.objects.unscoped(WHY).filter(pk=enrolment.pk).update(enrolled_at=now)
    lesson = enrolment.edition.lessons.get()
    session = open_session(enrolment=enrolment, lesson=lesson, agent="Chrome", now=now)
    whole, after = lesson.duration_ms, now + timedelta(milliseconds=lesson.duration_ms + 900)
    credit(session=session, seq=0, spans=[Span(s=0, e=whole, t0=400, t1=whole + 400)], now=after)
    completion = settle(enrolment=enrolment, now=after)
    assert completion is not None
    return award(completion=completion, now=after).token


def verifiable(lecture: int) -> dict[str, list[str]]:
    """Return token and holder of a certificate in each state that the public page knows."""
    every, today = Certificate.objects.unscoped(WHY), timezone.localdate()
    tokens = {"expired": expired(lecture)}
    for state in ("issued", "revoked", "replaced"):
        tokens[state] = every.filter(state=state).exclude(valid_until__lt=today).earliest("pk").token
    return {state: [token, every.get(token=token).facts["holder"]["name"]] for state, token in tokens.items()}


def correct_a_certificate(*, tells_worker: bool) -> str:
    """Replace a certificate, so that a PDF is due; return the new one's token.

    Where the worker is told nothing, only the scheduler's sweep can find the work.
    """
    every = Certificate.objects.unscoped(WHY).filter(state=Certificate.State.ISSUED)
    staff = every.exclude(user__email__in=[player.email for player in cast.ACCOUNTS])
    made = replace(
        certificate=staff.filter(rendering=Certificate.Rendering.READY).earliest("pk"),
        by=account("operator"),
        reason=Certificate.Reason.FACTS_CORRECTED,
        note="演示：更正姓名拼音",
        changes={"romanised": f"DEMO {uuid.uuid4().hex[:6].upper()}"},
    )
    if tells_worker:
        render_soon(made)
    return made.token


def spans(email: str) -> list[list[Any]]:
    """Return the verified intervals, their sum and the furthest moment of each lesson that a person began."""
    rows = LessonProgress.objects.filter(enrolment__user__email=email).order_by("pk")
    return [[row.coverage, row.covered_ms, row.furthest_ms] for row in rows]


def waiting_correction() -> str:
    """Return who waits for the district's decision: the demo's correction, or another once that is decided."""
    open_ones = Correction.objects.unscoped(WHY).filter(
        state=Correction.State.PROPOSED, proposed_by=account("city")
    )
    made = open_ones.first()
    if made is None:
        mine = Enrolment.objects.unscoped(WHY).filter(
            state=Enrolment.State.ACTIVE, edition__is_mandatory=True, corrections__isnull=True,
            institution__supervising_authority__code="SH-310115",
        )  # fmt: skip
        made = propose(
            enrolment=mine.exclude(user__email="learner@demo.example").earliest("pk"),
            by=account("city"),
            kind=Correction.Kind.GRANT,
            reason=Correction.Reason.LEARNED_ELSEWHERE,
            text="演示：本人参加了同一内容的线下宣贯。",
            note="",
            hours=1,
            key=uuid.uuid4(),
        )
    return made.enrolment.user.name


def correction_of(name: str) -> list[str]:
    """Return where a person's newest correction and its enrolment stand, and who decided."""
    made = Correction.objects.unscoped(WHY).filter(enrolment__user__name=name).latest("pk")
    return [made.state, made.enrolment.state, made.decided_by.email if made.decided_by else ""]


def standing_of_staff(uscc: str) -> dict[str, dict[str, str]]:
    """Return by name and course whether each enrolment of an institution's staff is done, late or under way."""
    rows = Enrolment.objects.unscoped(WHY).filter(institution__uscc=uscc).exclude(state="withdrawn")
    found: dict[str, dict[str, str]] = {}
    for row in rows.select_related("user", "course"):
        is_late = row.due_on is not None and row.due_on < timezone.localdate()
        state = "done" if row.state == Enrolment.State.COMPLETED else "overdue" if is_late else "active"
        found.setdefault(row.user.name, {})[row.course.code] = state
    return found


def count_now() -> bool:
    """Ask the worker to count for the reports, a minute before the scheduler would."""
    refresh.delay()
    return True


def kept() -> list[int]:
    """Return how many people, lectures, certificates and verified milliseconds there are."""
    watched = sum(LessonProgress.objects.values_list("covered_ms", flat=True))
    certificates = Certificate.objects.unscoped(WHY).count()
    return [User.objects.count(), Lecture.objects.count(), certificates, watched]
