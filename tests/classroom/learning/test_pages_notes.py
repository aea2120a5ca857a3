"""Notes of a lesson over the API."""

import pytest
from django.test import Client

from classroom.learning import notes
from classroom.learning.models import Note
from tests.factories.catalogue import complete_edition
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrolment():
    return EnrolmentFactory(edition=complete_edition(exam=False), institution=None)


@pytest.fixture
def lesson(enrolment):
    return enrolment.edition.lessons.first()


@pytest.fixture
def client(enrolment) -> Client:
    client = Client()
    client.force_login(enrolment.user)
    return client


@pytest.fixture
def address(enrolment, lesson) -> str:
    return f"/api/learning/notes/{enrolment.pk}/{lesson.key}/"


def post(client: Client, address: str, **body: object):
    return client.post(address, body, content_type="application/json")


def test_a_note_is_written_changed_listed_and_deleted(client, address):
    written = post(client, address, at_ms=42_000, text="查附表")
    assert written.status_code == 201
    one = f"{address}{written.json()['id']}/"
    changed = client.put(one, {"text": "查附表，再看日期"}, content_type="application/json")
    assert changed.json()["text"] == "查附表，再看日期"
    post(client, address, at_ms=1000, text="先看这里")
    assert [note["at_ms"] for note in client.get(address).json()] == [1000, 42_000]
    assert client.delete(one).status_code == 204
    assert client.delete(one).status_code == 204
    assert Note.objects.count() == 1


def test_a_moment_beyond_the_end_is_the_end(client, address, lesson):
    assert post(client, address, at_ms=10**9, text="结尾").json()["at_ms"] == lesson.duration_ms


@pytest.mark.parametrize(
    "body",
    [
        {"at_ms": -1, "text": "x"},
        {"at_ms": 0, "text": ""},
        {"at_ms": 0, "text": "字" * 2001},
        {"text": "x"},
        {},
    ],
)
def test_what_is_no_note_is_refused(client, address, body):
    response = post(client, address, **body)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert not Note.objects.exists()


def test_nobody_else_reads_or_writes_them(client, address, enrolment, lesson):
    note = notes.write_note(enrolment=enrolment, lesson=lesson, at_ms=0, text="私人")
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.get(address).status_code == 404
    assert post(stranger, address, at_ms=0, text="x").status_code == 404
    assert stranger.delete(f"{address}{note.pk}/").status_code == 404
    assert Client().get(address).status_code in {401, 403}
    assert Note.objects.get().text == "私人"


def test_a_note_of_another_lesson_cannot_be_changed_through_this_one(client, address, enrolment):
    other = enrolment.edition.lessons.last()
    note = notes.write_note(enrolment=enrolment, lesson=other, at_ms=0, text="别处")
    answer = client.put(f"{address}{note.pk}/", {"text": "x"}, content_type="application/json")
    assert answer.status_code == 404
    client.delete(f"{address}{note.pk}/")
    assert Note.objects.get().text == "别处"


def test_there_is_an_end_to_notes(client, address, monkeypatch):
    monkeypatch.setattr(notes, "MOST", 1)
    assert post(client, address, at_ms=0, text="一").status_code == 201
    full = post(client, address, at_ms=0, text="二")
    assert full.status_code == 409
    assert full.json()["type"].endswith("notes_full")


def test_a_withdrawn_enrolment_has_no_notes_page(client, address, enrolment):
    enrolment.state = "withdrawn"
    enrolment.save()
    assert client.get(address).status_code == 404


def test_posting_without_the_token_is_refused(enrolment, address):
    client = Client(enforce_csrf_checks=True)
    client.force_login(enrolment.user)
    assert post(client, address, at_ms=0, text="x").status_code == 403


def test_a_text_file_holds_time_and_text(enrolment, lesson):
    written = [
        notes.write_note(enrolment=enrolment, lesson=lesson, at_ms=at, text=text)
        for at, text in ((61_000, "一"), (121_000, "二\n三"))
    ]
    assert notes.notes_as_text(written, "B1 分包") == "B1 分包\n\n01:01\n一\n\n02:01\n二\n三\n"
