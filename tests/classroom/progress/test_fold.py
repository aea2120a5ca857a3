"""Progress is the fold of its evidence, after any history; where it is not, it is shown and mended."""

import random
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from classroom.progress import queries, services, verifier
from classroom.progress.export import export_lines
from classroom.progress.intervals import intervals, size
from classroom.progress.models import LessonProgress, PersonClock, PlaySession
from classroom.progress.services import presence, sessions
from classroom.progress.spans import Span
from tests.classroom.progress.compacting import by_hand
from tests.factories.progress import LessonProgressFactory
from tests.learner import BEGIN, Learner

pytestmark = pytest.mark.django_db


def anything(learner: Learner, rng: random.Random) -> None:
    """One act that a player, a cheat or a bad network may do."""
    act = rng.choice(["play", "play", "play", "ahead", "repeat", "wait", "open", "forge", "early", "answer"])
    if act == "open":
        learner.open(rng.choice(list(learner.enrolment.edition.lessons.order_by("position"))))
    elif act == "wait":
        learner.wait(rng.choice([1, 60, 1_200]))
    elif act == "repeat" and learner.seq:
        learner.report(seq=rng.randrange(learner.seq))
    elif act == "forge":
        learner.report(Span(0, 180_000, 0, rng.choice([1, 1_000, 90_000])))
    elif act == "early":
        learner.report(learner.span(0, 3), seq=learner.seq + 2)
    elif act == "ahead":
        learner.report(learner.span(rng.randrange(0, 170), 5))
    elif act == "answer":
        clock = PersonClock.objects.get(pk=learner.enrolment.user_id)
        if clock.check_open_id:
            services.answer_check(
                check_id=clock.check_open_id, user_id=learner.enrolment.user_id, now=learner.now
            )
    else:
        at = learner.progress.furthest_ms // 1000
        learner.report(learner.span(min(at, 170), rng.randrange(1, 10)))


@pytest.mark.parametrize("seed", range(8))
def test_after_any_history_progress_is_the_fold_and_the_export_holds(seed, monkeypatch):
    monkeypatch.setattr(presence, "draw", lambda every: 20_000)
    rng = random.Random(seed)
    learner = Learner.on_edition(policy={"presence_minutes": 10 if seed % 2 else 0})
    learner.open()
    began = learner.now
    for _ in range(40):
        anything(learner, rng)
    assert services.rebuild(enrolment=learner.enrolment) == []
    report = verifier.verify(export_lines(learner.enrolment))
    assert report.faults == []
    credited = sum(row.covered_ms for row in learner.enrolment.progress.all())
    passed = (learner.now - began) // timedelta(milliseconds=1)
    assert credited <= passed + 2_000 * learner.enrolment.edition.lessons.count()
    for row in learner.enrolment.progress.all():
        assert size(intervals(row.coverage)) == row.covered_ms <= row.lesson.duration_ms


# What is found, and what mending does.


@pytest.fixture
def watched() -> Learner:
    learner = Learner.on_edition(reading=True)
    learner.open()
    learner.play(0, 60)
    reading = learner.enrolment.edition.lessons.get(kind="reading")
    services.acknowledge_reading(enrolment=learner.enrolment, lesson=reading, now=learner.now)
    return learner


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"coverage": [[0, 180_000]]}, ["coverage"]),
        ({"coverage": []}, ["coverage"]),
        ({"covered_ms": 180_000}, ["covered_ms"]),
        ({"furthest_ms": 180_000}, ["furthest_ms"]),
        ({"acknowledged_at": BEGIN}, ["acknowledged_at"]),
        (
            {"coverage": [[0, 1]], "covered_ms": 1, "furthest_ms": 1},
            ["coverage", "covered_ms", "furthest_ms"],
        ),
        ({"position_ms": 5, "position_at": None}, []),
        ({"slack_ms": 0}, []),
    ],
)
def test_a_change_of_what_is_proven_is_named_and_mended_and_the_rest_left_alone(watched, changes, fields):
    LessonProgress.objects.filter(pk=watched.progress.pk).update(**changes)
    found = services.rebuild(enrolment=watched.enrolment)
    assert [one.field for one in found] == fields
    assert {one.lesson_id for one in found} <= {watched.lesson.pk}
    changed = LessonProgress.objects.values().get(pk=watched.progress.pk)
    services.rebuild(enrolment=watched.enrolment, write=True)
    assert services.rebuild(enrolment=watched.enrolment) == []
    after = LessonProgress.objects.values().get(pk=watched.progress.pk)
    assert after["coverage"] == [[0, 60_000]]
    assert after["position_ms"] == changed["position_ms"]
    assert after["slack_ms"] == changed["slack_ms"]


def test_a_reading_that_was_never_confirmed_is_taken_back(watched):
    row = watched.enrolment.progress.get(lesson__kind="reading")
    by_hand().filter(kind="read").delete()
    found = services.rebuild(enrolment=watched.enrolment, write=True)
    assert [(one.lesson_id, one.field, one.folded) for one in found] == [
        (row.lesson_id, "acknowledged_at", None)
    ]
    row.refresh_from_db()
    assert row.acknowledged_at is None


def test_progress_that_is_gone_is_made_anew_from_its_evidence(watched):
    lesson = watched.lesson
    PlaySession.objects.filter(progress=watched.progress).update(
        progress=watched.enrolment.progress.get(lesson__kind="reading")
    )
    LessonProgress.objects.filter(enrolment=watched.enrolment, lesson=lesson).delete()
    found = services.rebuild(enrolment=watched.enrolment, write=True)
    assert [one.field for one in found] == ["coverage", "covered_ms", "furthest_ms"]
    made = LessonProgress.objects.get(enrolment=watched.enrolment, lesson=lesson)
    assert (made.coverage, made.covered_ms, made.furthest_ms) == ([[0, 60_000]], 60_000, 60_000)


def test_progress_without_any_evidence_is_found():
    row = LessonProgressFactory(covered=(0, 50_000))
    found = services.rebuild(enrolment=row.enrolment, write=True)
    assert [one.stored for one in found] == [[(0, 50_000)], 50_000, 50_000]
    row.refresh_from_db()
    assert (row.coverage, row.covered_ms) == ([], 0)


def test_the_command_names_each_difference_and_touches_others_not(watched):
    other = Learner.on_edition()
    other.open()
    other.play(0, 30)
    LessonProgress.objects.filter(pk=other.progress.pk).update(covered_ms=1)
    out = StringIO()
    call_command("rebuild_progress", "--enrolment", str(watched.enrolment.pk), stdout=out)
    assert "0 differences" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("rebuild_progress", stdout=out)
    assert other.progress.covered_ms == 1
    call_command("rebuild_progress", "--write", stdout=out)
    assert other.progress.covered_ms == 30_000


# Reads.


def test_progress_is_told_by_lesson_and_only_ones_own(watched):
    other = LessonProgressFactory(covered=(0, 10))
    told = queries.progress_map(watched.enrolment)
    assert {pk: row.covered_ms for pk, row in told.items()} == {
        row.lesson_id: row.covered_ms for row in watched.enrolment.progress.all()
    }
    assert other.lesson_id not in told


@pytest.mark.parametrize(
    ("coverage", "policy", "missing"),
    [
        (None, {}, [(0, 100_000)]),
        ([], {}, [(0, 100_000)]),
        ([[0, 99_000]], {}, []),
        ([[0, 97_500]], {"tolerance_ms": 500}, [(97_500, 100_000)]),
        ([[0, 99_000]], {"tolerance_ms": 500}, [(99_000, 100_000)]),
        ([[0, 10_000], [30_000, 100_000]], {}, [(10_000, 30_000)]),
    ],
)
def test_gaps_are_what_is_still_to_be_played(coverage, policy, missing):
    row = None if coverage is None else LessonProgress(coverage=coverage)
    assert queries.gaps(row, 100_000, policy) == missing


@pytest.mark.parametrize(
    ("covered", "policy", "percent", "seen"),
    [
        (100_000, {}, None, True),
        (90_000, {}, None, False),
        (90_000, {"coverage_percent": 90}, None, True),
        (90_000, {"coverage_percent": 90}, 95, False),
        (90_000, {"coverage_percent": 100}, 80, True),
        (0, {"coverage_percent": 0}, None, True),
    ],
)
def test_a_rules_own_percent_goes_before_the_policys(covered, policy, percent, seen):
    row = LessonProgress(coverage=[[0, covered]] if covered else [])
    assert queries.is_seen(row, 100_000, policy, percent) is seen
    assert not queries.is_seen(None, 100_000, policy, percent)


# Opening.


@pytest.mark.parametrize(
    ("given", "agent", "device", "family"),
    [
        ("", "Chrome Windows", "Chrome, Windows", "Chrome, Windows"),
        ("Windows Edg", "Chrome Windows", "Windows Edg", "Chrome, Windows"),
        ("x" * 80, "", "x" * 64, None),
    ],
)
def test_a_device_is_named_as_it_names_itself_and_its_family_kept_beside(given, agent, device, family):
    learner = Learner.on_edition()
    session = services.open_session(
        enrolment=learner.enrolment, lesson=learner.lesson, device=given, agent=agent, now=BEGIN
    )
    assert session.device == device
    assert family is None or session.agent_family == family
    assert len(session.agent_family) <= 32


def test_the_same_address_has_the_same_digest_and_another_has_another():
    learner = Learner.on_edition()
    digests = [
        services.open_session(
            enrolment=learner.enrolment, lesson=learner.lesson, address=address, now=BEGIN
        ).address_digest
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "")
    ]
    assert digests[0] == digests[1] != digests[2]
    assert digests[3] == ""
    assert "192" not in digests[0][:3]


def test_sessions_beyond_those_at_hand_keep_all_they_knew(learner):
    first = learner.open()
    learner.report(learner.span(0, 5), seq=0)
    learner.report(seq=2)
    for _ in range(sessions._SESSIONS_AT_HAND + 1):
        learner.open()
    row = PlaySession.objects.get(pk=first.pk)
    assert (row.highest_seq, row.early) == (0, [2])
    assert row.heard[0][0] == row.heard[0][1] - 900_000 - 5_000
    learner.session = first
    learner.opened = BEGIN
    assert learner.report(seq=1).highest_seq == 2


def test_the_oldest_session_goes_whatever_order_the_database_keeps(learner):
    opened = [str(learner.open().pk) for _ in range(sessions._SESSIONS_AT_HAND)]
    clock = PersonClock.objects.get(user_id=learner.enrolment.user_id)
    clock.sessions = dict(reversed(clock.sessions.items()))
    clock.save(update_fields=["sessions"])
    newest = str(learner.open().pk)
    clock.refresh_from_db()
    assert set(clock.sessions) == {*opened[1:], newest}


def test_a_grant_keeps_its_bytes_and_its_policy_though_the_edition_is_touched(learner):
    session = learner.open()
    edition = learner.enrolment.edition
    edition.policy = {**edition.policy, "rate_cap": 16.0}
    edition.save()
    learner.lesson.duration_ms = 999_000
    learner.lesson.save()
    learner.wait(10)
    fast = learner.report(Span(0, 160_000, 0, 10_000))
    assert fast.covered_ms == 0
    assert fast.duration_ms == session.duration_ms == 180_000
