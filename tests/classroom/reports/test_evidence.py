"""The evidence of one enrolment: which seconds, which gaps, the chain and its seals, who may read it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from classroom.institutions.scopes import Scope
from classroom.people.models import AuditEntry
from classroom.progress.services import acknowledge_reading
from classroom.progress.services.checkpoints import make_checkpoint
from classroom.progress.spans import left_out, missing
from classroom.reports.queries import evidence
from tests.classroom.progress.compacting import compact, object_of
from tests.classroom.reports.worlds import World, authority
from tests.factories.catalogue import EditionLessonFactory
from tests.factories.certificates import CertificateFactory
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import InstitutionFactory, RegulatorGrantFactory
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory, PersonClockFactory, PlaySessionFactory
from tests.learner import Learner

SPANS = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 200)), max_size=8)


def coverage(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Turn (pause, length) into sorted spans that do not touch."""
    spans, at = [], 0
    for number, (pause, length) in enumerate(pairs):
        start = at + pause + (1 if number else 0)
        at = start + length
        spans.append((start, at))
    return spans


@given(SPANS, st.integers(1, 300))
def test_gaps_and_spans_fill_all_up_to_the_furthest_point(pairs: list[tuple[int, int]], ahead: int) -> None:
    spans = coverage(pairs)
    furthest = spans[-1][1] if spans else 0
    gaps = left_out(missing(spans, furthest + ahead, 0), [], furthest)
    pieces = sorted([*spans, *gaps])
    assert all(start < end for start, end in pieces)
    assert sum(end - start for start, end in pieces) == furthest
    assert all(before[1] <= after[0] for before, after in pairwise(pieces))


@given(st.integers(0, 10**8))
def test_a_clock_loses_no_second(milliseconds: int) -> None:
    minutes, seconds = evidence._clock(milliseconds).split(":")
    assert len(seconds) == 2
    assert int(minutes) * 60 + int(seconds) == milliseconds // 1000


@pytest.mark.django_db
def test_the_page_of_a_real_learner_holds_what_the_server_heard(client: Client) -> None:
    learner = Learner.on_edition()
    place = InstitutionFactory(supervising_authority=authority("SH-310115"))
    learner.enrolment.institution = place
    learner.enrolment.save()
    learner.open()
    learner.play(0, 60)
    learner.wait(5)
    learner.open()
    learner.play(0, 30)
    client.force_login(RegulatorGrantFactory(authority=authority("SH-310115")).user)
    response = client.get(f"/overview/person/{learner.enrolment.pk}/")
    proof = response.context["proof"]
    first, second = proof.lessons
    assert (first.covered_ms, first.percent, first.spans, first.gaps) == (60_000, 33, [(0, 60_000)], [])
    # Four reports of the first viewing and two of the second; opening is no report.
    assert (first.reports, first.first_at < first.last_at) == (6, True)
    assert (second.reports, second.percent, second.first_at) == (0, 0, None)
    assert (proof.covered_ms, proof.duration_ms) == (60_000, 360_000)
    assert [session.opened_at for session in proof.sessions] == sorted(
        (session.opened_at for session in proof.sessions), reverse=True
    )
    text = response.content.decode()
    assert proof.chain.head in text
    assert text.count("没有播放") == 1


@pytest.mark.django_db
def test_the_page_says_how_much_of_the_chain_is_sealed(client: Client) -> None:
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 30)
    client.force_login(learner.enrolment.user)
    path = f"/overview/person/{learner.enrolment.pk}/"
    assert client.get(path).context["proof"].sealed == 0
    make_checkpoint()
    before = client.get(path).context["proof"]
    assert before.sealed == before.chain.length > 0
    learner.play(30, 60)
    response = client.get(path)
    after = response.context["proof"]
    assert (after.sealed, after.chain.length > after.sealed) == (before.sealed, True)
    assert f"{after.sealed} / {after.chain.length}" in response.content.decode()


@pytest.mark.django_db
def test_the_page_is_the_same_after_the_evidence_moved_into_the_storage(
    client: Client, queries_of: Callable[[str], int]
) -> None:
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 60)
    client.force_login(learner.enrolment.user)
    path = f"/overview/person/{learner.enrolment.pk}/"

    def shown() -> tuple[Any, ...]:
        proof = client.get(path).context["proof"]
        facts = [(one.reports, one.first_at, one.last_at, one.spans) for one in proof.lessons]
        return facts, proof.chain.tip, proof.sealed

    make_checkpoint(now=learner.now)
    before, asked = shown(), queries_of(path)
    block = compact(learner)
    object_of(block).unlink()  # no page waits for the storage
    assert shown() == before
    # The head is the block's: one more question where no row is left to tell it.
    assert queries_of(path) == asked + 1


@pytest.mark.django_db
def test_a_reading_shows_when_it_was_confirmed(client: Client) -> None:
    learner = Learner.on_edition(reading=True)
    reading = learner.enrolment.edition.lessons.get(kind="reading")
    client.force_login(learner.enrolment.user)
    path = f"/overview/person/{learner.enrolment.pk}/"
    shown = client.get(path).context["proof"].lessons[-1]
    assert (shown.row, shown.acknowledged_at) == (reading, None)
    acknowledge_reading(enrolment=learner.enrolment, lesson=reading)
    proof = client.get(path).context["proof"]
    assert proof.lessons[-1].acknowledged_at is not None
    # A text has no seconds: it adds nothing to the length.
    assert proof.duration_ms == 360_000


@pytest.mark.django_db
def test_gaps_behind_the_furthest_point_are_written_to_the_second(city: World) -> None:
    lesson = EditionLessonFactory(edition=city.edition)
    LessonProgressFactory(
        enrolment=city.enrolments["late"],
        lesson=lesson,
        coverage=[[5_000, 10_000], [61_500, 70_000]],
        covered_ms=13_500,
        furthest_ms=70_000,
    )
    (shown,) = evidence.proof(city.enrolments["late"]).lessons
    assert shown.gap_words == ["0:00–0:05", "0:10–1:01"]


@pytest.mark.django_db
def test_a_viewing_in_use_is_shown_with_the_reports_that_came() -> None:
    """The row of a viewing is written when it goes out of use; until then the person's clock knows more."""
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 60)
    for _ in range(5):
        learner.wait(1)
        learner.open()
    shown = evidence.proof(learner.enrolment).sessions
    assert [one.reports for one in shown] == [0, 0, 0, 0, 0, 4]
    learner.play(60, 90)
    assert evidence.proof(learner.enrolment).sessions[0].reports == 2


@pytest.mark.django_db
def test_holes_that_bar_nothing_are_no_gaps_here_either() -> None:
    learner = Learner.on_edition()
    learner.open()
    learner.report(learner.span(0, 60))
    learner.report(learner.span(60.5, 60))
    lesson = evidence.proof(learner.enrolment).lessons[0]
    assert (lesson.spans, lesson.gaps) == ([(0, 60_000), (60_500, 120_500)], [])


@pytest.mark.django_db
def test_every_paper_is_shown_in_its_order_and_says_who_handed_it_in(client: Client, city: World) -> None:
    row = city.enrolments["resat"]
    AttemptFactory(enrolment=row, exam=city.edition.exam, graded=True, is_auto_submitted=True)
    client.force_login(city.manager)
    response = client.get(f"/overview/person/{row.pk}/")
    numbers = [attempt.number for attempt in response.context["proof"].attempts]
    assert numbers == sorted(numbers)
    assert len(numbers) == 3
    assert response.content.decode().count("（到时自动交卷）") == 1


@pytest.mark.django_db
def test_at_most_twenty_viewings_are_listed_the_newest_first(client: Client, city: World) -> None:
    row = city.enrolments["late"]
    lesson = EditionLessonFactory(edition=city.edition)
    progress = LessonProgressFactory(enrolment=row, lesson=lesson)
    clock = PersonClockFactory(user=row.user)
    now = timezone.now()
    made = [
        PlaySessionFactory(progress=progress, clock=clock, opened_at=now - timedelta(hours=number))
        for number in range(22)
    ]
    client.force_login(city.district)
    shown = client.get(f"/overview/person/{row.pk}/").context["proof"].sessions
    assert [one.opened_at for one in shown] == [one.opened_at for one in made[:20]]


@pytest.mark.django_db
def test_a_replaced_certificate_stays_beside_the_new_one(city: World) -> None:
    completion = city.enrolments["done"].completion
    old = CertificateFactory(
        completion=completion, revoked=True, issued_at=timezone.now() - timedelta(days=2)
    )
    new = CertificateFactory(completion=completion)
    assert evidence.proof(city.enrolments["done"]).certificates == [old, new]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("origin", "mandatory", "there"),
    [("self", True, True), ("self", False, False), ("plan", False, True), ("manager", False, False)],
)
def test_a_regulator_reads_evidence_of_supervised_courses_only(
    city: World, origin: str, mandatory: bool, there: bool
) -> None:
    row = city.enrolments["late"]
    row.origin = origin
    row.save()
    type(city.edition).objects.filter(pk=city.edition.pk).update(is_mandatory=mandatory)
    path = city.east.supervising_authority.path
    regulator = Scope(person_id=None, authority_paths=(path,))
    assert (evidence.readable(regulator, row.pk) is not None) is there
    for scope in (
        Scope(person_id=row.user_id),
        Scope(person_id=None, institution_ids=(city.east.pk,)),
        Scope(person_id=None, everything=True),
    ):
        assert evidence.readable(scope, row.pk) == row
    for scope in (
        Scope(person_id=city.manager.pk),
        Scope(person_id=None, institution_ids=(city.west.pk,)),
        Scope(person_id=None, authority_paths=("/SH/SH-310104/",)),
        Scope(person_id=None),
    ):
        assert evidence.readable(scope, row.pk) is None


@pytest.mark.django_db
def test_reading_anothers_evidence_is_audited_each_time_and_a_refusal_is_not(
    client: Client, city: World
) -> None:
    path = f"/overview/person/{city.enrolments['late'].pk}/"
    client.force_login(city.manager)
    for _ in range(2):
        client.get(path)
    client.force_login(city.other_manager)
    assert client.get(path).status_code == 404
    entries = AuditEntry.objects.filter(action="reports.view_evidence")
    assert [entry.actor for entry in entries] == [city.manager] * 2
    assert {entry.target for entry in entries} == {f"enrolment:{city.enrolments['late'].pk}"}


@pytest.mark.django_db
@pytest.mark.parametrize("person", ["manager", "district", "own"])
def test_the_way_back_fits_the_reader(client: Client, city: World, person: str) -> None:
    row = city.enrolments["late"]
    client.force_login(row.user if person == "own" else getattr(city, person))
    text = client.get(f"/overview/person/{row.pk}/").content.decode()
    to_people = f'href="/institution/people/?institution={city.east.pk}"' in text
    to_institution = f'href="/overview/institution/{city.east.pk}/"' in text
    expected = {"manager": (True, False), "district": (False, True), "own": (False, False)}
    assert (to_people, to_institution) == expected[person]


@pytest.mark.django_db
def test_evidence_without_an_employer_is_for_oneself_and_nobody_else(client: Client, city: World) -> None:
    row = city.enrolments["idle"]
    row.institution = None
    row.save()
    for person, status in ((row.user, 200), (city.manager, 404), (city.city, 404), (UserFactory(), 404)):
        client.force_login(person)
        assert client.get(f"/overview/person/{row.pk}/").status_code == status
