"""The page on which a manager or regulator records that an exam under way is supervised, and what follows from it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion
from classroom.exams import services as exams
from classroom.exams.models import Attempt, Supervision
from classroom.learning import exam_flow
from classroom.people.models import User
from classroom.progress.models import LessonProgress
from classroom.reports.personal_data import personal_data
from courses.questions.models import QuestionVersion
from tests.classroom.reports.worlds import World, member, roles
from tests.factories.catalogue import complete_edition
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory

pytestmark = pytest.mark.django_db
SAID = {"invigilator": "王监考", "place": "二楼会议室"}


@pytest.fixture
def attempt(city: World) -> Attempt:
    """A sitting under way of somebody in East."""
    return AttemptFactory(enrolment=city.enrolments["late"], exam=city.edition.exam)


def path_of(attempt: Attempt) -> str:
    return f"/overview/person/{attempt.enrolment_id}/supervise/{attempt.pk}/"


@pytest.mark.parametrize("who", ["manager", "district"])
def test_it_is_recorded_from_the_persons_page_and_everybody_reads_it_there(
    client: Client, city: World, attempt: Attempt, who: str
) -> None:
    client.force_login(getattr(city, who))
    person = f"/overview/person/{attempt.enrolment_id}/"
    assert f'href="{path_of(attempt)}"' in client.get(person).content.decode()
    form = client.get(path_of(attempt)).context["form"]
    assert form.initial["invigilator"] == getattr(city, who).name
    answer = client.post(path_of(attempt), SAID, follow=True)
    assert answer.redirect_chain == [(person, 302)]
    for reader in (attempt.enrolment.user, city.manager, city.district):
        client.force_login(reader)
        text = client.get(person, HTTP_ACCEPT_LANGUAGE="en").content.decode()
        assert "Supervised by 王监考, 二楼会议室; recorded by" in text
        assert (f'href="{path_of(attempt)}"' in text) is (reader != attempt.enrolment.user)


def test_it_is_not_there_for_anybody_else(client: Client, city: World, attempt: Attempt) -> None:
    for who, person in {**roles(city), "own": attempt.enrolment.user}.items():
        client.force_login(person)
        for answer in (client.get(path_of(attempt)), client.post(path_of(attempt), SAID)):
            assert answer.status_code == 404, who
    client.logout()
    assert client.post(path_of(attempt), SAID).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(city.manager)
    assert strict.post(path_of(attempt), SAID).status_code == 403
    assert not Supervision.rows.exists()


def test_an_attempt_is_found_under_its_own_record_only(client: Client, city: World, attempt: Attempt) -> None:
    client.force_login(city.manager)
    for enrolment in (city.enrolments["idle"], city.enrolments["canary"]):
        path = f"/overview/person/{enrolment.pk}/supervise/{attempt.pk}/"
        assert client.post(path, SAID).status_code == 404
    other = AttemptFactory(enrolment=city.enrolments["canary"], exam=attempt.exam)
    assert client.post(path_of(other), SAID).status_code == 404


@pytest.mark.parametrize(
    ("language", "words"), [("en", "nobody watches over their own"), ("zh-hans", "不得为自己监考")]
)
def test_what_is_refused_is_said_beside_the_form_and_what_was_typed_stays(
    client: Client, city: World, attempt: Attempt, language: str, words: str
) -> None:
    client.force_login(city.manager)
    sent = {"invigilator": attempt.enrolment.user.name, "place": "二楼会议室"}
    answer = client.post(path_of(attempt), sent, HTTP_ACCEPT_LANGUAGE=language)
    text = answer.content.decode()
    assert (answer.status_code, words in text, 'value="二楼会议室"' in text) == (422, True, True)
    assert client.post(path_of(attempt), {**SAID, "place": " "}).status_code == 422
    assert not Supervision.rows.exists()


def test_a_mistake_is_taken_back_on_the_same_page(client: Client, city: World, attempt: Attempt) -> None:
    client.force_login(city.manager)
    assert 'name="reason"' not in client.get(path_of(attempt)).content.decode()
    client.post(path_of(attempt), SAID)
    answer = client.get(path_of(attempt))
    assert 'name="reason"' in answer.content.decode()
    assert answer.context["form"].initial == SAID
    assert client.post(path_of(attempt), {"reason": ""}).status_code == 422
    client.post(path_of(attempt), {"reason": "点错了人"})
    text = client.get(f"/overview/person/{attempt.enrolment_id}/").content.decode()
    assert "王监考" not in text
    assert [row.reason for row in Supervision.rows.order_by("pk")] == ["", "点错了人"]


def test_after_the_exam_nothing_is_offered_and_what_is_sent_is_refused(
    client: Client, city: World, attempt: Attempt
) -> None:
    begun = timezone.now() - timedelta(hours=1)
    Attempt.rows.filter(pk=attempt.pk).update(started_at=begun, deadline_at=timezone.now())
    client.force_login(city.manager)
    person = f"/overview/person/{attempt.enrolment_id}/"
    assert path_of(attempt) not in client.get(person).content.decode()
    answer = client.post(path_of(attempt), SAID, follow=True, HTTP_ACCEPT_LANGUAGE="en")
    assert "recorded as supervised while it goes on" in answer.content.decode()
    assert not Supervision.rows.exists()


def test_the_page_asks_as_many_queries_for_three_supervised_attempts_as_for_one(
    client: Client, city: World, attempt: Attempt, queries_of: Callable[[str], int]
) -> None:
    client.force_login(city.district)
    client.post(path_of(attempt), SAID)
    path = f"/overview/person/{attempt.enrolment_id}/"
    before = queries_of(path)
    for _ in range(2):
        more = AttemptFactory(enrolment=attempt.enrolment, exam=attempt.exam, graded=True)
        Supervision.objects.create(attempt=more, kind="supervised", recorded_by=city.manager, **SAID)
    assert queries_of(path) == before
    assert client.get(path).content.decode().count("王监考") == 3


@pytest.mark.parametrize(
    ("is_supervised", "level", "words"),
    [(True, "A3", "exam supervised"), (False, "A1", "it does not prove attention")],
)
def test_the_certificate_of_a_supervised_exam_says_so(
    client: Client, city: World, is_supervised: bool, level: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classroom.learning.settling.render_soon", lambda certificate: None)
    user: Any = member(city.east, "应考者")
    row = EnrolmentFactory(
        user=user, institution=city.east, edition=complete_edition(videos=1, reading=False)
    )
    (lesson,) = row.edition.lessons.all()
    LessonProgress.objects.create(enrolment=row, lesson=lesson, coverage=[[0, 180_000]], covered_ms=180_000)
    sat = exam_flow.start_exam(user=user, enrolment=row)
    if is_supervised:
        client.force_login(city.manager)
        client.post(path_of(sat), SAID)
    for item in sat.paper:
        right = QuestionVersion.objects.get(pk=item["version"]).answers
        exams.save_answer(attempt=sat, version_id=item["version"], choice=right, is_flagged=False, revision=1)
    exam_flow.submit_exam(user=User.objects.get(pk=user.pk), attempt=sat)
    assert Completion.objects.unscoped("test").get(enrolment=row).assurance == level
    certificate = Certificate.objects.unscoped("test").get()
    assert certificate.facts["assurance"] == level
    text = client.get(f"/v/{certificate.token}/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert words in text
    assert len(personal_data(user)["supervisions"]) == int(is_supervised)
