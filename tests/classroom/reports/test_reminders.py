"""Reminding and assigning: once a day, to whom, in which language, what is refused, what a sweep repeats."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Membership
from classroom.people.models import AuditEntry
from classroom.reports.errors import NobodyChosen, OutOfScope
from classroom.reports.models import Reminder
from classroom.reports.services import assign as assigning
from classroom.reports.services import reminders
from classroom.reports.tasks import remind as remind_task
from classroom.reports.tasks import sweep
from tests.classroom.reports.worlds import World
from tests.factories.catalogue import CourseFactory, EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import ManagerFactory, MembershipFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
WHY = "the test looks at everybody's"


def remind(city: World, *keys: str, by: Any = None) -> int:
    ids = [city.enrolments[key].user_id for key in keys]
    return reminders.remind(institution=city.east, user_ids=ids, by=by or city.manager)


def enrolled(user: Any, edition: Any) -> list[Enrolment]:
    return list(Enrolment.objects.unscoped(WHY).filter(user=user, course=edition.course).order_by("pk"))


def test_a_second_reminder_on_one_day_is_none(city: World) -> None:
    assert remind(city, "late", "failed") == 2
    assert remind(city, "late", "idle") == 1
    assert remind(city, "late") == 0
    assert Reminder.objects.count() == 3


def test_another_day_or_another_institution_reminds_again(city: World) -> None:
    remind(city, "late")
    Reminder.objects.update(created_on=timezone.localdate() - timedelta(days=1))
    assert remind(city, "late") == 1
    user = city.enrolments["late"].user
    MembershipFactory(user=user, institution=city.west)
    assert reminders.remind(institution=city.west, user_ids=[user.pk], by=city.other_manager) == 1


def test_only_present_members_are_reminded(city: World) -> None:
    Membership.rows.filter(user=city.enrolments["late"].user).update(
        ended_on=timezone.localdate() - timedelta(days=1)
    )
    assert remind(city, "late", "canary", "idle") == 1
    assert [row.user for row in Reminder.objects.all()] == [city.enrolments["idle"].user]
    with pytest.raises(NobodyChosen):
        remind(city, "late", "canary")


@pytest.mark.parametrize("who", ["district", "city", "other_manager"])
def test_nobody_but_the_manager_reminds(city: World, who: str) -> None:
    with pytest.raises(OutOfScope):
        remind(city, "late", by=getattr(city, who))
    assert not Reminder.objects.exists()


def test_a_reminder_is_audited_with_whom(city: World) -> None:
    remind(city, "late")
    entry = AuditEntry.objects.get(action="reports.remind")
    assert entry.detail == {"people": [city.enrolments["late"].user_id]}
    assert (entry.actor, entry.target) == (city.manager, f"institution:{city.east.pk}")


@pytest.mark.parametrize(
    ("language", "subject", "line"),
    [("zh-hans", "您的培训即将到期", "截止"), ("en", "Your training is due", "due on")],
)
def test_a_reminder_speaks_the_language_of_who_gets_it(
    city: World, language: str, subject: str, line: str
) -> None:
    row = city.enrolments["late"]
    row.user.language = language
    row.user.save()
    remind(city, "late")
    assert reminders.send(reminder_id=Reminder.objects.get().pk)
    (message,) = mail.outbox
    assert message.to == [row.user.email]
    assert line in message.body
    assert row.due_on.isoformat() in message.body
    assert "/learn/" in message.body
    if language == "en":
        assert message.subject == subject
    else:
        assert message.subject != "Your training is due"


def test_a_reminder_names_only_what_is_due_of_the_person(city: World) -> None:
    user = city.enrolments["done"].user
    soon = EnrolmentFactory(
        user=user, institution=city.east, edition=EditionFactory(title="将到期"),
        due_on=timezone.localdate() + timedelta(days=3),
    )  # fmt: skip
    EnrolmentFactory(user=user, institution=city.east, edition=EditionFactory(title="不急"))
    remind(city, "done")
    reminders.send(reminder_id=Reminder.objects.get().pk)
    body = mail.outbox[0].body
    assert "将到期" in body
    assert soon.due_on.isoformat() in body
    assert "不急" not in body
    assert "报告合规" not in body


def test_a_mail_that_fails_is_sent_by_the_sweep(
    city: World, carried: list[tuple[str, Any]], settings: Any
) -> None:
    remind(city, "late")
    key = Reminder.objects.get().pk
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(OSError, match="refused"):
        reminders.send(reminder_id=key, now=timezone.now() - timedelta(minutes=6))
    settings.EMAIL_BACKEND = backend
    assert Reminder.objects.get().attempts == 1
    sweep()
    assert carried == [("remind", key)]
    remind_task(key)
    assert len(mail.outbox) == 1
    sweep()
    assert len(carried) == 1


def test_two_senders_at_once_send_one_mail(city: World) -> None:
    remind(city, "late")
    now = timezone.now()
    key = Reminder.objects.get().pk
    Reminder.objects.update(leased_until=now + timedelta(minutes=1), attempts=1)
    assert reminders.send(reminder_id=key, now=now) is False
    assert reminders.due_reminders(now=now) == []
    assert reminders.send(reminder_id=key, now=now + timedelta(minutes=1)) is True
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("attempts", "sent"), [(4, True), (5, False)])
def test_the_fifth_attempt_is_the_last(city: World, attempts: int, sent: bool) -> None:
    remind(city, "late")
    Reminder.objects.update(attempts=attempts)
    key = Reminder.objects.get().pk
    assert reminders.due_reminders(now=timezone.now()) == [key] * sent
    assert reminders.send(reminder_id=key) is sent


def test_a_reminder_that_never_was_is_no_trouble(city: World) -> None:
    assert reminders.send(reminder_id=10**9) is False


def test_a_manager_dismissed_before_the_mail_tells_nothing_of_the_courses(city: World) -> None:
    remind(city, "late")
    Membership.rows.filter(user=city.manager).update(ended_on=timezone.localdate() - timedelta(days=1))
    assert reminders.send(reminder_id=Reminder.objects.get().pk)
    assert "报告合规" not in mail.outbox[0].body


def test_the_page_says_how_many_were_reminded(
    client: Client, city: World, carried: list[tuple[str, Any]]
) -> None:
    client.force_login(city.manager)
    data = {"person": [city.enrolments[key].user_id for key in ("late", "failed")]}
    said = [
        str(next(iter(client.post("/institution/people/remind/", data, follow=True).context["messages"])))
        for _ in range(2)
    ]
    assert said == ["已提醒 2 人。", "今天已提醒过；每人每天只提醒一次。"]
    assert {kind for kind, _ in carried} == {"remind"}


DUE = timezone.localdate() + timedelta(days=20)


def assign(city: World, course: Any, *keys: str, due: date = DUE, by: Any = None) -> int:
    ids = [city.enrolments[key].user_id for key in keys]
    return assigning.assign(
        institution=city.east, user_ids=ids, course=course, due_on=due, by=by or city.manager
    )


def test_an_assignment_enrols_at_this_institution(city: World) -> None:
    edition = EditionFactory()
    assert assign(city, edition.course, "done", "gone") == 2
    (row,) = enrolled(city.enrolments["gone"].user, edition)
    assert (row.institution, row.due_on, row.origin) == (city.east, DUE, "manager")
    entry = AuditEntry.objects.get(action="reports.assign")
    assert entry.detail["course"] == edition.course.code
    assert sorted(entry.detail["people"]) == sorted(city.enrolments[key].user_id for key in ("done", "gone"))


def test_an_assignment_brings_a_later_due_day_forward_and_never_back(city: World) -> None:
    row = city.enrolments["idle"]
    for due, expected in (
        (DUE, DUE),
        (DUE + timedelta(days=9), DUE),
        (DUE - timedelta(days=9), DUE - timedelta(days=9)),
    ):
        assign(city, city.edition.course, "idle", due=due)
        assert [found.due_on for found in enrolled(row.user, city.edition)] == [expected]


def test_an_assignment_does_not_reopen_what_is_finished(city: World) -> None:
    assign(city, city.edition.course, "done")
    (row,) = enrolled(city.enrolments["done"].user, city.edition)
    assert (row.state, row.due_on) == ("completed", None)


def test_who_withdrew_begins_again(city: World) -> None:
    assign(city, city.edition.course, "gone")
    assert [(row.state, row.period) for row in enrolled(city.enrolments["gone"].user, city.edition)] == [
        ("withdrawn", 1),
        ("active", 2),
    ]


def test_strangers_among_the_chosen_are_left_out(city: World) -> None:
    edition = EditionFactory()
    assert assign(city, edition.course, "done", "canary") == 1
    assert enrolled(city.enrolments["canary"].user, edition) == []
    with pytest.raises(NobodyChosen):
        assign(city, edition.course, "canary")


def test_one_person_with_two_memberships_is_named_once(city: World) -> None:
    user = city.enrolments["done"].user
    Membership.rows.filter(user=user).update(ended_on=timezone.localdate())
    MembershipFactory(user=user, institution=city.east, started_on=timezone.localdate())
    assert assign(city, EditionFactory().course, "done") == 1


@pytest.mark.parametrize("who", ["district", "city", "other_manager"])
def test_nobody_but_the_manager_assigns(city: World, who: str) -> None:
    edition = EditionFactory()
    with pytest.raises(OutOfScope):
        assign(city, edition.course, "done", by=getattr(city, who))
    assert enrolled(city.enrolments["done"].user, edition) == []


def test_a_course_without_an_edition_cannot_be_assigned(city: World) -> None:
    with pytest.raises(OutOfScope):
        assign(city, CourseFactory(), "done")


def test_a_manager_who_learns_assigns_to_themselves_too(city: World) -> None:
    edition = EditionFactory()
    assigning.assign(
        institution=city.east, user_ids=[city.manager.pk], course=edition.course, due_on=DUE, by=city.manager
    )
    assert [row.origin for row in enrolled(city.manager, edition)] == ["manager"]


def test_a_new_manager_sees_the_form_with_the_published_courses_only(client: Client, city: World) -> None:
    draft = CourseFactory(code="DRAFT1")
    withdrawn = EditionFactory(withdrawn_at=timezone.now()).course
    client.force_login(ManagerFactory(institution=city.east, user=UserFactory()).user)
    response = client.post("/institution/people/assign/", {"person": city.enrolments["idle"].user_id})
    codes = [course.code for course in response.context["form"].fields["course"].queryset]
    assert city.edition.course.code in codes
    assert draft.code not in codes
    assert withdrawn.code not in codes
