"""What the learner's player hears in a preview: the shapes it knows, the draft's rules, and nothing kept."""

import json
import time
import uuid

import pytest
from django.test import Client

from classroom.learning.models import PlayerSettings
from classroom.progress.terms import GRANT_MS
from courses.catalogue.models import CoursePage
from media import playback
from media.models import Encode, Lecture
from tests.classroom.learning.preview.conftest import browser_of, draft_of, key_of, lecture_lesson, rows
from tests.factories.catalogue import ask
from tests.factories.media import EncodeFactory, LectureFactory, TrackFactory
from tests.factories.questions import QuestionFactory

pytestmark = pytest.mark.django_db


def send(client: Client, address: str, body: object, method: str = "post", **extra):
    data = body if isinstance(body, str) else json.dumps(body)
    return getattr(client, method)(address, data, content_type="application/json", **extra)


def place_of(page: CoursePage, lesson: int = 0) -> str:
    return f"/api/learning/preview/{page.pk}/{key_of(page, lesson)}/"


def sessions_of(page: CoursePage, lesson: int = 0, way: str = "rules") -> str:
    return f"{place_of(page, lesson)}{way}/sessions/"


def opened(client: Client, page: CoursePage, lesson: int = 0, way: str = "rules") -> dict:
    answer = send(
        client, sessions_of(page, lesson, way), {"enrolment": 0, "lesson": "preview", "device": "x"}
    )
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.fixture
def grant(browser, draft) -> dict:
    return opened(browser, draft)


@pytest.fixture
def session(draft, grant) -> str:
    return f"{sessions_of(draft)}{grant['session']}/"


REPORT = {"seq": 0, "spans": [{"s": 0, "e": 1000, "t0": 0, "t1": 1, "rate": 1}], "position_ms": 1000}


def report(client: Client, session: str, body: object = REPORT):
    time.sleep(0.002)  # what is told lies in the past
    return send(client, f"{session}heartbeat/", body)


# The wire is the learner's


def test_a_try_out_may_last_as_long_as_a_learners_viewing(grant):
    claim = playback.claim_in(grant["manifest_url"])
    assert claim is not None
    assert claim.expiry - time.time() > GRANT_MS / 1000 - 60


def test_the_player_hears_the_shapes_that_a_learners_player_hears(
    browser, session, grant, draft, learner, api
):
    (asked,) = ask(learner.lesson, 1)
    body = {"enrolment": learner.enrolment.pk, "lesson": str(learner.lesson.key)}
    real = send(api, "/api/learning/sessions/", body).json()
    address = f"/api/learning/sessions/{real['session']}/"
    assert grant.keys() == real.keys()
    assert grant["questions"][0].keys() == real["questions"][0].keys()
    assert report(browser, session).json().keys() == report(api, address).json().keys()
    mine = f"{session}questions/{grant['questions'][0]['key']}/"
    theirs = f"{address}questions/{asked.key}/"
    choice = {"choice": ["A"], "number": 1}
    assert send(browser, mine, choice).json().keys() == send(api, theirs, choice).json().keys()


def test_the_grant_streams_what_the_draft_names_with_its_captions(browser, draft):
    lecture = draft.lessons[0].value["lecture"]
    TrackFactory(lecture=lecture)
    grant = opened(browser, draft)
    assert f"/{lecture.current_id}/master.m3u8" in grant["manifest_url"]
    assert [one["language"] for one in grant["captions"]] == ["zh-Hans"]
    assert (grant["duration_ms"], grant["missing"]) == (180_000, [[0, 180_000]])


def test_the_drafts_rules_are_granted_and_may_be_set_aside(trainer, browser):
    page = draft_of(trainer, lecture_lesson(), presence_minutes=5, rate_cap="1.25")
    rules = opened(browser, page)["policy"]
    assert (rules["rate_cap"], rules["free_seek"], rules["presence_minutes"]) == (1.25, False, 5)
    free = opened(browser, page, way="free")["policy"]
    assert (free["rate_cap"], free["free_seek"], free["presence_minutes"]) == (2.0, True, 0)


def test_it_is_the_newest_draft_that_is_tried(trainer, browser):
    page = draft_of(trainer, lecture_lesson(), free_seek=False)
    newer = page.get_latest_revision_as_object()
    newer.free_seek = True
    newer.save_revision(user=trainer)
    assert opened(browser, page)["policy"]["free_seek"]


def test_a_report_is_answered_with_what_would_count(browser, session):
    told = report(browser, session).json()
    assert (told["coverage"], told["highest_seq"], told["has_lease"]) == ([[0, 1000]], 0, True)
    assert (told["lesson_completed"], told["course_completed"], told["certificate"]) == (False, False, None)


def test_why_something_would_not_count_is_said_in_the_readers_language(browser, session):
    ahead = {"seq": 0, "spans": [{"s": 90_000, "e": 90_500, "t0": 0, "t1": 1, "rate": 1}]}
    told = send(browser, f"{session}heartbeat/", ahead, headers={"accept-language": "en"}).json()
    assert "ahead of what you have watched" in told["refused"][0]["reason"]


@pytest.mark.parametrize("body", ["", '{"seq": -1, "spans": []}'])
def test_what_is_no_report_is_refused(browser, session, body):
    assert report(browser, session, body).status_code == 400


def test_a_viewing_that_is_not_there_is_unknown(browser, draft):
    answer = report(browser, f"{sessions_of(draft)}{uuid.uuid4()}/")
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "session_unknown")


# Lectures in the making


def under_way(**fields) -> Lecture:
    """A lecture that is still being encoded."""
    encode = EncodeFactory(state=Encode.State.TRANSCODING, duration_ms=120_000, **fields)
    return encode.lecture


def test_what_is_made_so_far_of_a_lecture_can_be_watched(trainer, browser):
    lecture = under_way(playable_at="2026-11-02T01:00Z")
    page = draft_of(trainer, lecture_lesson(lecture))
    grant = opened(browser, page)
    assert f"/{lecture.encodes.get().pk}/" in grant["manifest_url"]
    assert grant["duration_ms"] == 120_000


def test_a_lecture_that_is_published_is_tried_as_published_though_it_is_encoded_anew(trainer, browser):
    lecture = LectureFactory(published=True)
    EncodeFactory(
        lecture=lecture, state=Encode.State.TRANSCODING, duration_ms=9000, playable_at="2026-11-02T01:00Z"
    )
    grant = opened(browser, draft_of(trainer, lecture_lesson(lecture)))
    assert f"/{lecture.current_id}/" in grant["manifest_url"]


@pytest.mark.parametrize("making", ["not yet", "failed", "nothing", "bin"])
def test_what_cannot_be_watched_is_not_granted(trainer, browser, making):
    lecture = {
        "not yet": under_way,
        "failed": lambda: EncodeFactory(failed=True).lecture,
        "nothing": LectureFactory,
        "bin": lambda: LectureFactory(published=True, trashed_at="2026-11-02T01:00Z"),
    }[making]()
    page = draft_of(trainer, lecture_lesson(lecture))
    answer = send(browser, sessions_of(page), {})
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, "lesson_not_playable")


def test_a_text_has_no_viewing(browser, draft):
    assert send(browser, sessions_of(draft, 2), {}).status_code == 400


# Questions inside a lecture


def test_questions_come_without_their_key(grant, question):
    (asked,) = grant["questions"]
    assert (asked["at_ms"], asked["stem"], asked["tries"]) == (5_000, question.current.stem, 0)
    assert all(option.keys() == {"key", "text"} for option in asked["options"])


@pytest.mark.parametrize(("choice", "is_right"), [(["A"], True), (["B"], False), (["A", "B"], False)])
def test_an_answer_is_graded_with_its_grounds_and_forgotten(
    browser, session, grant, question, choice, is_right
):
    before = rows()
    key = grant["questions"][0]["key"]
    answer = send(browser, f"{session}questions/{key}/", {"choice": choice, "number": 3}).json()
    assert (answer["is_right"], answer["number"], answer["course_completed"]) == (is_right, 3, False)
    assert answer["explanation"] == question.current.explanation
    assert rows() == before
    assert opened(browser, CoursePage.objects.get())["questions"][0]["is_answered"] is False


def test_an_answer_before_its_moment_was_played_is_refused_in_the_learners_words(trainer, browser, question):
    page = draft_of(trainer, lecture_lesson(asks=[("1:00", question)]))
    grant = opened(browser, page)
    address = f"{sessions_of(page)}{grant['session']}/questions/{grant['questions'][0]['key']}/"
    answer = send(browser, address, {"choice": ["A"]}, headers={"accept-language": "en"})
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "moment_not_reached")
    assert "watch that part first" in answer.json()["detail"]
    gone = f"{sessions_of(page)}{uuid.uuid4()}/questions/{grant['questions'][0]['key']}/"
    assert send(browser, gone, {"choice": ["A"]}).status_code == 404


def test_only_what_could_be_asked_is_asked(trainer, browser):
    retired = QuestionFactory(retired_at="2026-11-02T01:00Z")
    asks = [
        ("0:10", QuestionFactory()),
        ("0:20", retired),
        ("3:00", QuestionFactory()),
        ("", QuestionFactory()),
    ]
    page = draft_of(trainer, lecture_lesson(asks=asks))
    assert [one["at_ms"] for one in opened(browser, page)["questions"]] == [10_000]


def test_a_question_of_another_lesson_is_not_there(browser, draft, grant):
    key, other = grant["questions"][0]["key"], opened(browser, draft, 1)["session"]
    address = f"{sessions_of(draft, 1)}{other}/questions/{key}/"
    assert send(browser, address, {"choice": ["A"]}).status_code == 404


@pytest.mark.parametrize("body", [{}, {"choice": []}])
def test_what_is_no_answer_is_refused(browser, session, grant, body):
    answer = send(browser, f"{session}questions/{grant['questions'][0]['key']}/", body)
    assert answer.status_code == 400


def test_a_lecture_costs_the_same_for_one_and_three_questions(
    trainer, browser, django_assert_max_num_queries
):
    def cost(*moments: str) -> int:
        asks = [(at, QuestionFactory()) for at in moments]
        page = draft_of(trainer, lecture_lesson(asks=asks))
        opened(browser, page)
        with django_assert_max_num_queries(60) as spent:
            opened(browser, page)
        return len(spent)

    assert cost("0:10") == cost("0:10", "0:20", "0:30")


# The presence check, notes and settings


@pytest.mark.parametrize(("body", "status"), [({"action": "answer"}, 200), ({"action": "sleep"}, 400)])
def test_a_presence_check_is_answered(browser, session, body, status):
    assert send(browser, f"{session}presence/{uuid.uuid4()}/", body).status_code == status


def test_a_presence_check_that_nobody_asked_is_not_put_off(browser, session):
    assert send(browser, f"{session}presence/{uuid.uuid4()}/", {"action": "extend"}).status_code == 404


def test_a_note_stands_on_the_page_and_in_no_table(browser, draft):
    before = rows()
    notes = f"{place_of(draft)}notes/"
    note = send(browser, notes, {"at_ms": 61_500, "text": "第十三条"}).json()
    assert (note["at_ms"], note["text"]) == (61_500, "第十三条")
    other = send(browser, notes, {"at_ms": 61_500, "text": "x"}).json()
    assert other["id"] != note["id"]
    changed = send(browser, f"{notes}{note['id']}/", {"text": "第十四条"}, "put").json()
    assert changed == {"id": note["id"], "at_ms": 61_500, "text": "第十四条"}
    assert browser.delete(f"{notes}{note['id']}/").status_code == 204
    assert rows() == before


def test_a_speed_that_is_tried_is_not_the_trainers_choice_for_later(browser, draft):
    address = f"{place_of(draft)}settings/"
    said = send(browser, address, {"person": "preview:1", "rate": 1.5, "age_ms": 0}, "patch").json()
    assert (said["rate"], said["captions"], said["captions_at_ms"]) == (1.5, None, 0)
    assert said["rate_at_ms"] > 0
    assert not PlayerSettings.objects.exists()
    for body in ({"rate": 9}, {}, ["rate"]):
        assert send(browser, address, body, "patch").status_code == 400


# Wrong persons


def addresses(page: CoursePage, grant: dict) -> list[tuple[str, object]]:
    key = grant["questions"][0]["key"]
    session = f"{sessions_of(page)}{grant['session']}/"
    return [
        (sessions_of(page), {}),
        (f"{session}heartbeat/", REPORT),
        (f"{session}presence/{uuid.uuid4()}/", {"action": "answer"}),
        (f"{session}questions/{key}/", {"choice": ["A"]}),
    ]


def test_neither_a_learner_nor_somebody_with_a_live_session_number_is_let_in(member, draft, grant):
    for user in (member(), member("Reviewers")):
        client = browser_of(user)
        found = [send(client, *one).status_code for one in addresses(draft, grant)]
        # A reviewer may try the draft, but the viewing is the trainer's own.
        assert found == ([201, 404, 404, 404] if user.groups.exists() else [404] * 4)


def test_whoever_is_signed_out_learns_that(draft, grant):
    assert {send(Client(), *one).status_code for one in addresses(draft, grant)} <= {401, 403}


def test_without_the_token_of_the_page_nothing_is_taken(trainer, draft, grant):
    client = browser_of(trainer, enforce_csrf_checks=True)
    assert {send(client, *one).status_code for one in addresses(draft, grant)} == {403}


def test_a_trainer_whose_rights_were_taken_opens_nothing_more(trainer, browser, draft, grant):
    trainer.groups.clear()
    assert send(browser, sessions_of(draft), {}).status_code == 404


@pytest.mark.parametrize("way", ["other", "FREE"])
def test_there_is_no_other_way_to_try(browser, draft, way):
    assert send(browser, f"{place_of(draft)}{way}/sessions/", {}).status_code == 404


def test_a_lesson_of_another_draft_is_not_there(trainer, browser, draft):
    other = draft_of(trainer, lecture_lesson())
    assert (
        send(browser, f"/api/learning/preview/{other.pk}/{key_of(draft)}/rules/sessions/", {}).status_code
        == 404
    )
