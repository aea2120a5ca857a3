"""Presence checks: unpredictable, held while open, let go when missed, made up by replaying."""

import uuid
from datetime import timedelta

import pytest

from classroom.progress import errors, services, verifier
from classroom.progress.export import export_lines
from classroom.progress.models import Evidence, PersonClock, PresenceCheck
from classroom.progress.services import presence
from classroom.progress.spans import Rule
from tests.factories.people import UserFactory
from tests.learner import Learner

pytestmark = pytest.mark.django_db


@pytest.fixture
def learner(monkeypatch) -> Learner:
    """A learner whose first question comes after 30 s of credited time."""
    monkeypatch.setattr(presence, "draw", lambda every: 30_000)
    return Learner.on_edition(policy={"presence_minutes": 10})


def asked(learner: Learner):
    """Play until the question is asked, and show it: the player makes contact at once."""
    learner.open()
    answer = learner.play(0, 30)
    assert answer.presence is not None
    learner.wait(0.1)
    return learner.report().presence


def answer(learner: Learner, check, user_id=None):
    return services.answer_check(
        check_id=check.id, user_id=user_id or learner.enrolment.user_id, now=learner.now
    )


def test_questions_are_drawn_between_half_and_one_and_a_half_of_the_policy():
    drawn = {presence.draw(600_000) for _ in range(300)}
    assert min(drawn) >= 300_000
    assert max(drawn) < 900_000
    assert len(drawn) > 250


def test_without_a_policy_nothing_is_asked():
    learner = Learner.on_edition()
    learner.open()
    assert learner.play(0, 180).presence is None
    assert PresenceCheck.objects.count() == 0


def test_the_question_comes_with_an_acknowledgement_and_its_time_runs_from_the_next_contact(learner):
    check = asked(learner)
    assert check.seconds_left == 60
    assert check.extensions_left == 10
    learner.wait(20)
    assert learner.report().presence.seconds_left == 40
    learner.wait(0.75)
    assert learner.report().presence.seconds_left == 39.25, "nobody is told early that it is over"


def test_an_answer_in_time_counts_what_was_held(learner):
    check = asked(learner)
    held = learner.play(30, 60)
    assert held.covered_ms == 30_000
    assert answer(learner, check).is_passed
    assert learner.progress.coverage == [[0, 60_000]]
    row = Evidence.rows.get(kind=Evidence.Kind.PRESENCE)
    assert row.facts == {"check": str(check.id), "state": "passed"}
    assert [piece[:2] for piece in row.kept] == [[30_000, 45_000], [45_000, 60_000]]
    assert services.rebuild(enrolment=learner.enrolment) == []
    assert learner.play(60, 75).covered_ms == 75_000
    assert answer(learner, check).is_passed


def test_a_missed_question_lets_go_its_own_span_which_is_made_up_by_replaying(learner):
    check = asked(learner)
    learner.play(30, 60)
    learner.wait(61)
    again = learner.play(60, 70, step_s=10)
    assert again.covered_ms == 30_000
    assert again.presence.id != check.id
    missed = PresenceCheck.objects.get(pk=check.id)
    assert missed.state == PresenceCheck.State.MISSED
    learner.report()
    assert answer(learner, again.presence).is_passed
    assert learner.progress.coverage == [[0, 30_000]]
    made_up = learner.play(30, 60)
    assert made_up.coverage == [(0, 70_000)]
    assert services.rebuild(enrolment=learner.enrolment) == []


def test_what_waited_since_an_earlier_viewing_is_proven_by_that_one(learner):
    """The next day the missed part is made up in a new viewing, and what lay behind it counts with it."""
    check = asked(learner)
    first = learner.session
    learner.play(30, 60)
    learner.wait(61)
    again = learner.play(60, 70, step_s=10)
    learner.report()
    answer(learner, again.presence)
    learner.wait(3600)
    learner.open()
    made_up = learner.play(30, 60)
    assert (made_up.coverage, check.id != again.presence.id) == ([(0, 70_000)], True)
    row = Evidence.rows.filter(facts__has_key="waited").get()
    assert [whose for whose, _, _ in row.facts["waited"]] == [str(first.pk)]
    report = verifier.verify(list(export_lines(learner.enrolment)))
    assert (report.faults, report.covered_ms) == ([], {str(first.lesson.key): 70_000})


def test_blocking_the_question_earns_nothing_ever(learner):
    asked(learner)
    for start in range(30, 180, 10):
        credit = learner.play(start, start + 10)
    assert credit.covered_ms == 30_000
    for _ in range(30):
        credit = learner.play(30, 60)
    assert credit.covered_ms == 30_000


def test_a_new_session_or_another_lesson_does_not_escape_the_question(learner):
    asked(learner)
    learner.open()
    assert learner.play(30, 60).covered_ms == 30_000
    other = learner.enrolment.edition.lessons.last()
    learner.open(other)
    credit = learner.play(0, 30)
    assert (credit.covered_ms, credit.furthest_ms) == (0, 30_000)
    learner.report()
    assert answer(learner, credit.presence).is_passed
    assert learner.progress.coverage == [[0, 30_000]]


def test_a_late_answer_is_a_miss_and_time_counts_again_from_it(learner):
    check = asked(learner)
    span = learner.span(30, 30)
    learner.wait(45)
    assert not answer(learner, check).is_passed
    late = learner.report(span)
    assert late.covered_ms == 30_000
    assert late.refused[0].rule == Rule.PRESENT
    assert learner.play(30, 45).covered_ms == 45_000


def test_who_was_offline_is_asked_when_the_server_hears_from_them_again(learner):
    learner.open()
    asked_while_cut_off = learner.play(0, 30).presence
    spans = [learner.span(start, 15) for start in range(30, 90, 15)]
    learner.wait(240)
    first = learner.report(spans[0])
    assert first.presence.id == asked_while_cut_off.id
    assert first.presence.seconds_left == 60
    for span in spans[1:]:
        learner.report(span)
    assert answer(learner, first.presence).is_passed
    assert learner.progress.coverage == [[0, 90_000]]


def test_extensions_add_a_minute_ten_times_and_only_in_time(learner):
    check = asked(learner)
    user_id = learner.enrolment.user_id
    for left in range(9, -1, -1):
        more = services.extend_check(check_id=check.id, user_id=user_id, now=learner.now)
        assert more.extensions_left == left
    assert more.seconds_left == 660
    with pytest.raises(errors.NoMoreTime):
        services.extend_check(check_id=check.id, user_id=user_id, now=learner.now)
    with pytest.raises(errors.CheckUnknown):
        services.extend_check(check_id=check.id, user_id=UserFactory().pk, now=learner.now)
    with pytest.raises(errors.CheckUnknown):
        services.extend_check(check_id=uuid.uuid4(), user_id=user_id)


def test_an_extension_after_the_time_is_refused(learner):
    check = asked(learner)
    learner.wait(61)
    with pytest.raises(errors.NoMoreTime):
        services.extend_check(check_id=check.id, user_id=learner.enrolment.user_id, now=learner.now)


def test_nobody_answers_for_another(learner):
    check = asked(learner)
    with pytest.raises(errors.CheckUnknown):
        answer(learner, check, UserFactory().pk)
    with pytest.raises(errors.CheckUnknown):
        services.answer_check(check_id=uuid.uuid4(), user_id=learner.enrolment.user_id)


def test_an_answer_to_an_earlier_question_answers_the_one_that_waits(learner):
    check = asked(learner)
    learner.wait(70)
    learner.play(30, 40)
    learner.report()
    assert answer(learner, check).is_passed
    assert PersonClock.objects.get(pk=learner.enrolment.user_id).check_open_id is None


def test_an_answer_may_complete_the_lesson(learner, monkeypatch):
    monkeypatch.setattr(presence, "draw", lambda every: 150_000)
    learner.open()
    check = learner.play(0, 150).presence
    assert not learner.play(150, 180).is_seen
    assert answer(learner, check).seen_in == (learner.enrolment.pk,)


def test_watching_again_what_is_verified_asks_nothing(learner, monkeypatch):
    monkeypatch.setattr(presence, "draw", lambda every: 60_000)
    learner.open()
    learner.play(0, 45)
    for _ in range(3):
        assert learner.play(0, 45).presence is None
    assert PresenceCheck.objects.count() == 0


def test_expiry_is_after_issue_whatever_the_clocks_say(learner):
    check = PresenceCheck.objects.get(pk=asked(learner).id)
    assert check.expires_at - check.issued_at >= timedelta(seconds=60)
