"""Every door of learning that takes JSON reads no more than it needs and calls nonsense nonsense."""

import json
import uuid

import pytest

from classroom.learning.api.short_json import BYTES_AT_MOST
from classroom.learning.models import Note
from tests.classroom.learning.test_api import opened

DOORS = ["sessions", "presence", "position", "question", "notes", "note", "settings"]


def door(name: str, learner, api) -> tuple[str, str]:
    """Return the verb and the address of a door that would open for a good body."""
    key, place = uuid.uuid4(), f"{learner.enrolment.pk}/{learner.lesson.key}/"
    match name:
        case "sessions":
            return "post", "/api/learning/sessions/"
        case "presence" | "question":
            session = opened(api, learner)["session"]
            return (
                "post",
                f"/api/learning/sessions/{session}/{'questions' if name == 'question' else name}/{key}/",
            )
        case "position":
            return "put", f"/api/learning/position/{place}"
        case "notes":
            return "post", f"/api/learning/notes/{place}"
        case "note":
            note = Note.objects.create(enrolment=learner.enrolment, lesson=learner.lesson, at_ms=0, text="x")
            return "put", f"/api/learning/notes/{place}{note.pk}/"
        case _:
            return "patch", "/api/learning/settings/"


NONSENSE = {
    "nested": ("[" * 60_000, 400, "parse_error"),
    "no number": ('{"rate": NaN}', 400, "parse_error"),
    "endless": ('{"rate": 1e400}', 400, "parse_error"),
    "half a sign": ('{"action": "\\ud800", "lesson": "\\ud800"}', 400, "parse_error"),
    "cut": ("{", 400, "parse_error"),
    "bytes": (b"\xff\xfe\xfd", 400, "parse_error"),
    "large": (json.dumps({"text": "y" * BYTES_AT_MOST}), 413, "too_large"),
}


def refusal(api, verb: str, address: str, kind: str) -> dict[str, str]:
    raw, status, code = NONSENSE[kind]
    answer = getattr(api, verb)(address, raw, content_type="application/json")
    assert answer.status_code == status, (kind, answer.content)
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["type"] == f"urn:cloud-classroom:problem:{code}", kind
    return said


@pytest.mark.parametrize("name", DOORS)
def test_what_is_no_json_or_too_long_is_refused_at_every_door(api, learner, name):
    verb, address = door(name, learner, api)
    for kind in NONSENSE:
        assert refusal(api, verb, address, kind)["detail"]


@pytest.mark.parametrize(("language", "is_chinese"), [("zh-hans", True), ("en", False)])
def test_the_reason_is_in_the_readers_language(api, language, is_chinese):
    api.cookies["django_language"] = language
    for kind in NONSENSE:
        words = refusal(api, "patch", "/api/learning/settings/", kind)["detail"]
        assert any("\u4e00" <= sign <= "\u9fff" for sign in words) is is_chinese, words


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_a_body_may_be_just_as_long_as_is_said(api, learner, more, status):
    body = '{"position_ms": 1}'
    address = f"/api/learning/position/{learner.enrolment.pk}/{learner.lesson.key}/"
    padded = body + " " * (BYTES_AT_MOST + more - len(body))
    assert api.put(address, padded, content_type="application/json").status_code == status


def test_the_longest_note_is_short_enough(api, learner):
    address = f"/api/learning/notes/{learner.enrolment.pk}/{learner.lesson.key}/"
    body = json.dumps({"at_ms": 0, "text": "\U0002000b" * 2000})
    assert api.post(address, body, content_type="application/json").status_code == 201
