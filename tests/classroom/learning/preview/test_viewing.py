"""A viewing in a preview follows the rules by which learners are credited, and lies in no table."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from classroom.learning.preview import viewing
from classroom.progress.errors import SessionUnknown
from classroom.progress.spans import Rule, Span
from courses.catalogue.policy import Policy

BEGIN = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
PERSON = 7


class Watching:
    """A viewing of three minutes on a clock that the test moves."""

    def __init__(self, duration_ms: int = 180_000, **policy) -> None:
        self.now = BEGIN
        rules = Policy(**policy)
        opened = viewing.open_viewing(person=PERSON, policy=rules, duration_ms=duration_ms, now=BEGIN)
        self.id, self.seq = opened.id, 0

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def play(self, start: int, end: int, *, rate: float = 1, person: int = PERSON):
        """Play so many seconds of the lecture and report them; return what the player is told."""
        t0 = (self.now - BEGIN) // timedelta(milliseconds=1)
        length = int((end - start) * 1000 / rate)
        self.now += timedelta(milliseconds=length)
        return self.report(Span(start * 1000, end * 1000, t0, t0 + length, int(rate * 1000)), person=person)

    def report(self, *spans: Span, seq: int | None = None, person: int = PERSON):
        number = self.seq if seq is None else seq
        self.seq = max(self.seq, number + 1)
        return viewing.take_report(person=person, viewing_id=self.id, seq=number, spans=spans, now=self.now)

    def until_asked(self):
        """Play in steps of 15 seconds until the question comes; return what was told with it."""
        for start in range(0, 600, 15):
            told = self.play(start, start + 15)
            if told.presence:
                return told
        raise AssertionError("nobody asked")


def test_what_was_shown_would_count_and_the_whole_lecture_is_seen():
    watching = Watching()
    told = watching.play(0, 60)
    assert (told.coverage, told.newly_ms, told.furthest_ms) == ([(0, 60_000)], 60_000, 60_000)
    assert (told.missing, told.is_seen) == ([(60_000, 180_000)], False)
    assert watching.play(60, 180).is_seen
    assert not told.is_course_complete


def test_a_jump_ahead_on_first_view_is_refused_as_it_would_be_for_a_learner():
    told = Watching().play(100, 110)
    assert told.coverage == []
    assert [one.rule for one in told.refused] == [Rule.FIRST_VIEW]


def test_where_the_draft_lets_skip_a_jump_counts():
    assert Watching(free_seek=True).play(100, 110).coverage == [(100_000, 110_000)]


@pytest.mark.parametrize(("cap", "counted"), [(1.0, False), (2.0, True)])
def test_the_drafts_fastest_speed_holds(cap, counted):
    assert bool(Watching(rate_cap=cap).play(0, 60, rate=2).coverage) is counted


@pytest.mark.parametrize(("end", "is_seen"), [(89, False), (90, True)])
def test_the_drafts_part_that_counts_as_seen_holds(end, is_seen):
    assert Watching(duration_ms=180_000, coverage_percent=50).play(0, end).is_seen is is_seen


def test_a_report_sent_again_changes_nothing_and_is_refused_nothing():
    watching = Watching()
    span = Span(0, 10_000, 0, 10_000)
    watching.wait(10)
    first = watching.report(span, seq=0)
    again = watching.report(span, seq=0)
    assert (again.coverage, again.refused, again.newly_ms) == (first.coverage, (), 0)


def test_reports_in_any_order_are_told_up_to_which_none_is_missing():
    watching = Watching()
    assert watching.report(seq=1).highest_seq == -1
    assert watching.report(seq=0).highest_seq == 1


def test_nobody_reports_to_another_persons_viewing():
    watching = Watching()
    with pytest.raises(SessionUnknown):
        watching.play(0, 10, person=PERSON + 1)
    with pytest.raises(SessionUnknown):
        viewing.answer_check(person=PERSON + 1, viewing_id=watching.id, now=BEGIN)


def test_a_viewing_that_is_forgotten_says_to_load_the_page_again():
    watching = Watching()
    cache.clear()
    with pytest.raises(SessionUnknown):
        watching.play(0, 10)


def has_shown(watching: Watching, seconds: int, person: int = PERSON) -> bool:
    return viewing.has_shown(person=person, viewing_id=watching.id, moment=seconds * 1000, now=watching.now)


def test_a_moment_is_reached_by_playing_to_it_and_not_by_waiting():
    watching = Watching()
    watching.wait(3600)
    assert not has_shown(watching, 40)
    watching.report()
    watching.play(0, 60)
    assert [has_shown(watching, at) for at in (59, 66, 67)] == [True, True, False]
    watching.wait(20)
    assert [has_shown(watching, at) for at in (86, 87)] == [True, False]
    with pytest.raises(SessionUnknown):
        has_shown(watching, 1, person=PERSON + 1)


def test_what_was_jumped_over_is_not_reached():
    watching = Watching(free_seek=True)
    watching.play(100, 110)
    assert [has_shown(watching, at) for at in (60, 100, 110)] == [False, True, True]


def test_what_waits_for_the_part_before_it_was_played_all_the_same():
    watching = Watching()
    watching.play(100, 110)
    assert has_shown(watching, 105)


def test_two_viewings_know_nothing_of_each_other():
    first, second = Watching(), Watching()
    first.play(0, 30)
    assert second.play(0, 10).coverage == [(0, 10_000)]


class TestPresence:
    """The draft's presence checks come, hold what is played and let it go, as they do for learners."""

    @pytest.fixture
    def watching(self) -> Watching:
        return Watching(duration_ms=600_000, presence_minutes=1)

    def test_without_checks_nobody_is_asked(self):
        watching = Watching(duration_ms=600_000)
        assert not any(watching.play(at, at + 60).presence for at in range(0, 600, 60))

    def test_the_question_comes_after_about_the_drafts_minutes(self, watching):
        told = watching.until_asked()
        assert 30_000 <= told.covered_ms <= 105_000
        assert told.presence.seconds_left == 60

    def test_what_is_played_before_the_answer_counts_with_it(self, watching):
        asked = watching.until_asked()
        at = asked.covered_ms // 1000
        held = watching.play(at, at + 30)
        assert held.covered_ms == asked.covered_ms
        assert held.presence.seconds_left == 30
        assert viewing.answer_check(person=PERSON, viewing_id=watching.id, now=watching.now)
        told = watching.report()
        assert (told.covered_ms, told.presence) == (asked.covered_ms + 30_000, None)

    def test_what_is_held_was_played(self, watching):
        at = watching.until_asked().covered_ms // 1000
        watching.play(at, at + 50)
        assert has_shown(watching, at + 50)
        assert not has_shown(watching, at + 90)

    def test_an_answer_too_late_lets_go_what_was_played_and_playing_it_again_makes_it_up(self, watching):
        asked = watching.until_asked()
        at = asked.covered_ms // 1000
        watching.play(at, at + 30)
        watching.wait(31)
        assert not viewing.answer_check(person=PERSON, viewing_id=watching.id, now=watching.now)
        assert watching.report().covered_ms == asked.covered_ms
        assert watching.play(at, at + 30).covered_ms == asked.covered_ms + 30_000

    def test_whoever_asks_for_more_time_gets_a_minute_as_often_as_learners_do(self, watching):
        watching.until_asked()
        left = [
            viewing.extend_check(person=PERSON, viewing_id=watching.id, now=watching.now) for _ in range(11)
        ]
        assert [one.seconds_left for one in left[:2]] == [120, 180]
        assert [one.extensions_left for one in left[-3:]] == [1, 0, 0]
        assert left[-1].seconds_left == left[-2].seconds_left

    def test_where_no_question_waits_there_is_nothing_to_put_off(self, watching):
        assert viewing.extend_check(person=PERSON, viewing_id=watching.id, now=watching.now) is None


def test_every_opening_has_a_name_of_its_own():
    assert isinstance(Watching().id, uuid.UUID)
    assert Watching().id != Watching().id
