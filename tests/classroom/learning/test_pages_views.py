"""Pages of a learner over HTTP: who sees what, forms, and the learner's view of public pages."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from classroom.completion.models import LessonCompletion
from classroom.enrolment.models import Enrolment
from classroom.learning.models import Note
from classroom.learning.script_words import lesson_words
from courses.catalogue.models import Course, EditionLesson
from tests.factories.catalogue import CoursePageFactory, catalogue_page, complete_edition
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrolment() -> Enrolment:
    page = CoursePageFactory(live=True, code="B1", title="监督管理办法与报告合规")
    course, _ = Course.objects.get_or_create(code="B1", defaults={"topic": page.topic})
    course.page = page
    course.save()
    edition = complete_edition(course=course, videos=2, title="监督管理办法与报告合规")
    return EnrolmentFactory(edition=edition, user=UserFactory(name="陈思远"), institution=None)


@pytest.fixture
def client(enrolment) -> Client:
    client = Client()
    client.force_login(enrolment.user)
    return client


def lesson_of(enrolment: Enrolment, kind: str) -> EditionLesson:
    return enrolment.edition.lessons.filter(kind=kind).first()


def address(enrolment: Enrolment, lesson: EditionLesson) -> str:
    return f"/learn/{enrolment.pk}/{lesson.key}/"


def script_data(html: str) -> dict[str, object]:
    found = re.search(r'<script id="lesson-data" type="application/json">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def test_a_lecture_has_player_transcript_ruler_and_its_data(client, enrolment):
    lesson = lesson_of(enrolment, "video")
    response = client.get(address(enrolment, lesson))
    assert response.status_code == 200
    html = response.content.decode()
    for part in ("video", "sound", "ruler", "save", "gaps", "transcript", "notes", "presence", "notice"):
        assert f'data-part="{part}"' in html
    data = script_data(html)
    assert data["duration_ms"] == lesson.duration_ms
    assert data["start_ms"] is None
    assert data["addresses"]["sessions"] == "/api/learning/sessions/"
    assert data["person"] == str(enrolment.user.pseudonym)
    assert 'style="' not in html
    assert "onclick" not in html


def test_the_script_is_told_every_word_that_it_says(client, enrolment):
    data = script_data(client.get(address(enrolment, lesson_of(enrolment, "video"))).content.decode())
    assert data["words"].keys() == lesson_words().keys()
    assert all(data["words"].values())


@pytest.mark.parametrize(
    ("asked", "start"), [("60000", 60_000), ("999999999", 180_000), ("-1", None), ("x", None)]
)
def test_a_link_may_ask_for_a_moment(client, enrolment, asked, start):
    response = client.get(address(enrolment, lesson_of(enrolment, "video")), {"at": asked})
    assert script_data(response.content.decode())["start_ms"] == start


def test_nobody_else_sees_a_lesson(enrolment):
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.get(address(enrolment, lesson_of(enrolment, "video"))).status_code == 404
    assert stranger.get(address(enrolment, lesson_of(enrolment, "video")) + "notes.txt").status_code == 404


def test_a_lesson_of_another_edition_and_a_withdrawn_course_are_not_there(client, enrolment):
    other = complete_edition(exam=False)
    assert client.get(address(enrolment, lesson_of_edition(other))).status_code == 404
    enrolment.state = Enrolment.State.WITHDRAWN
    enrolment.save()
    assert client.get(address(enrolment, lesson_of(enrolment, "video"))).status_code == 404


def lesson_of_edition(edition) -> EditionLesson:
    return edition.lessons.first()


def test_a_visitor_is_asked_to_sign_in(enrolment):
    for place in ("/learn/", address(enrolment, lesson_of(enrolment, "video"))):
        response = Client().get(place)
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/?next=")


def test_a_lessons_page_costs_the_same_with_one_and_with_many_lessons(client, enrolment):
    long = complete_edition(videos=12, exam=True)
    other = EnrolmentFactory(edition=long, user=enrolment.user, institution=None)
    counts = []
    for one in (enrolment, other):
        client.get(address(one, lesson_of(one, "video")))
        with CaptureQueriesContext(connection) as queries:
            client.get(address(one, lesson_of(one, "video")))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 16


def test_a_reading_is_confirmed_once_and_leads_on(client, enrolment):
    lesson = lesson_of(enrolment, "reading")
    assert (
        "I have read it"
        in client.get(address(enrolment, lesson), headers={"accept-language": "en"}).content.decode()
    )
    for _ in range(2):
        response = client.post(address(enrolment, lesson) + "read/")
        assert response.status_code == 302
    assert LessonCompletion.objects.filter(enrolment=enrolment, lesson=lesson).count() == 1
    assert (
        "I have read it"
        not in client.get(address(enrolment, lesson), headers={"accept-language": "en"}).content.decode()
    )


def test_a_lecture_cannot_be_confirmed(client, enrolment):
    lesson = lesson_of(enrolment, "video")
    assert client.post(address(enrolment, lesson) + "read/").status_code == 404
    assert client.get(address(enrolment, lesson) + "read/").status_code == 405


def test_forms_without_the_token_change_nothing(enrolment):
    client = Client(enforce_csrf_checks=True)
    client.force_login(enrolment.user)
    lesson = lesson_of(enrolment, "reading")
    for place in (
        address(enrolment, lesson) + "read/",
        f"/learn/{enrolment.pk}/leave/",
        "/courses/enrol/B1/",
    ):
        assert client.post(place).status_code == 403
    enrolment.refresh_from_db()
    assert enrolment.state == Enrolment.State.ACTIVE
    assert not LessonCompletion.objects.exists()


def test_enrolling_twice_is_once(enrolment):
    client, user = Client(), UserFactory()
    client.force_login(user)
    for _ in range(2):
        response = client.post("/courses/enrol/B1/")
        assert response["Location"] == "/courses/b1/"
    own = Enrolment.objects.unscoped("test").filter(user=user)
    assert [one.edition for one in own] == [enrolment.edition]


def test_a_course_without_an_edition_cannot_be_joined():
    client, user = Client(), UserFactory()
    client.force_login(user)
    page = CoursePageFactory(live=True, code="B7")
    Course.objects.get_or_create(code="B7", defaults={"topic": page.topic, "page": page})
    assert client.post("/courses/enrol/B7/").status_code == 302
    assert client.post("/courses/enrol/NOPE/").status_code == 404
    assert not Enrolment.objects.unscoped("test").filter(user=user).exists()


def test_a_course_chosen_by_oneself_may_be_left_an_assigned_one_not(client, enrolment):
    client.post(f"/learn/{enrolment.pk}/leave/")
    enrolment.refresh_from_db()
    assert enrolment.state == Enrolment.State.WITHDRAWN
    assigned = EnrolmentFactory(
        user=enrolment.user,
        edition=complete_edition(exam=False),
        institution=None,
        origin=Enrolment.Origin.PLAN,
    )
    client.post(f"/learn/{assigned.pk}/leave/")
    assigned.refresh_from_db()
    assert assigned.state == Enrolment.State.ACTIVE


def test_nobody_leaves_a_course_for_somebody_else(enrolment):
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.post(f"/learn/{enrolment.pk}/leave/").status_code == 404


def test_my_learning_says_what_is_taken_and_where_to_begin(client, enrolment):
    html = client.get("/learn/", headers={"accept-language": "en"}).content.decode()
    assert "Supervision rules and compliant reports" in html
    assert address(enrolment, lesson_of(enrolment, "video")) in html
    empty = Client()
    empty.force_login(UserFactory())
    assert "No course yet" in empty.get("/learn/", headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize(
    ("fields", "link", "says"),
    [
        ({"file": "certificates/x.pdf"}, "{number}.pdf", {"zh-hans": "", "en": ""}),
        ({}, "", {"zh-hans": "生成中", "en": "being made"}),
        ({"rendering": "failed"}, "", {"zh-hans": "生成中", "en": "being made"}),
        ({"revoked": True}, "", {"zh-hans": "已撤销", "en": "revoked"}),
    ],
)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_certificate_is_linked_where_there_is_something_to_open(
    client, enrolment, fields, link, says, language
):
    Enrolment.objects.unscoped("test").update(state="completed", completed_at=enrolment.enrolled_at)
    certificate = CertificateFactory(completion=CompletionFactory(enrolment=enrolment), **fields)
    place = f"/certificates/{link.format(number=certificate.number)}"
    client.cookies["django_language"] = language
    cell = client.get("/learn/").content.decode().split('id="done"')[1].split("</tbody>")[0]
    assert f'href="{place}"' in cell
    assert says[language] in cell
    assert (f"{certificate.number}.pdf" in cell) == bool(link)
    course = client.get("/courses/b1/").content.decode()
    button = course.split('class="aside__buttons"')[1].split("</div>")[0]
    assert (f'href="{place}"' in button) == (certificate.state == "issued")


def test_a_learner_gets_an_own_front_page_and_course_page(client, enrolment):
    catalogue_page()
    home = client.get("/", headers={"accept-language": "en"}).content.decode()
    assert "go on where you stopped" in home
    course = client.get("/courses/b1/", headers={"accept-language": "en"}).content.decode()
    assert "My progress" in course
    assert "What is still missing" in course
    assert f"/learn/{enrolment.pk}/leave/" in course


def test_everybody_else_gets_the_public_pages(enrolment):
    for client in (Client(), signed_in(UserFactory())):
        course = client.get("/courses/b1/", headers={"accept-language": "en"})
        assert course.status_code == 200
        assert "My progress" not in course.content.decode()


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_notes_are_sent_as_a_file(client, enrolment):
    lesson = lesson_of(enrolment, "video")
    Note.objects.create(enrolment=enrolment, lesson=lesson, at_ms=441_000, text="查附表")
    response = client.get(address(enrolment, lesson) + "notes.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    assert "07:21\n查附表" in response.content.decode()
