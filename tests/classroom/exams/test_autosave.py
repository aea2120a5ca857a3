"""Saving by revisions: two tabs, replays, strangers, closed attempts, and a paper that stays as it was."""

import json
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.exams import errors, queries, services
from classroom.exams.models import Attempt
from classroom.exams.papers import PoolTooSmall, draw
from classroom.learning import exam_flow
from courses.questions.models import QuestionVersion
from tests.factories.exams import AttemptFactory
from tests.factories.people import UserFactory
from tests.factories.questions import QuestionFactory


def put(client, attempt, place=0, **changes):
    body = {"version": attempt.paper[place]["version"], "choice": ["A"], "is_flagged": False, "revision": 1}
    return client.put(
        reverse("api:exam-answers", args=[attempt.pk]), json.dumps(body | changes), "application/json"
    )


@pytest.fixture
def attempt(enrolled, sit):
    return sit(enrolled(), hand_in=False)


@pytest.fixture
def tab(attempt):
    client = Client()
    client.force_login(attempt.enrolment.user)
    return client


class TestTwoTabs:
    def test_the_slower_tab_learns_what_stands_and_can_go_on_from_there(self, attempt, tab):
        assert put(tab, attempt, choice=["B"], revision=1).status_code == 200
        assert put(tab, attempt, choice=["C"], revision=2).status_code == 200
        refused = put(tab, attempt, choice=["D"], revision=1)
        stands = refused.json()["answer"]
        assert (refused.status_code, stands["choice"], stands["revision"]) == (409, ["C"], 2)
        assert put(tab, attempt, choice=["D"], revision=stands["revision"] + 1).status_code == 200
        assert attempt.answers.get().choice == ["D"]

    def test_two_tabs_at_the_same_revision_with_different_choices_do_not_both_win(self, attempt, tab):
        assert put(tab, attempt, choice=["B"]).status_code == 200
        assert put(tab, attempt, choice=["C"]).status_code == 409
        assert attempt.answers.get().choice == ["B"]

    def test_a_flag_alone_is_a_change_too(self, attempt, tab):
        put(tab, attempt, choice=["B"])
        assert put(tab, attempt, choice=["B"], is_flagged=True).status_code == 409
        assert put(tab, attempt, choice=["B"], is_flagged=True, revision=2).status_code == 200
        assert attempt.answers.get().is_flagged

    def test_answers_to_other_questions_do_not_meet(self, attempt, tab):
        put(tab, attempt, place=0, revision=9)
        assert put(tab, attempt, place=1, revision=1).status_code == 200

    def test_a_replay_of_the_whole_sitting_changes_nothing(self, attempt, tab):
        sent = [
            (0, ["B"], 1), (1, ["A"], 1), (0, ["C"], 2), (2, ["A", "B"], 1), (0, [], 3), (0, ["D"], 4),
        ]  # fmt: skip
        for place, choice, revision in sent:
            put(tab, attempt, place, choice=choice, revision=revision)
        before = list(
            attempt.answers.order_by("version").values_list("version", "choice", "revision", "saved_at")
        )
        for place, choice, revision in sent:
            put(tab, attempt, place, choice=choice, revision=revision)
        after = list(
            attempt.answers.order_by("version").values_list("version", "choice", "revision", "saved_at")
        )
        assert after == before


@pytest.mark.django_db
class TestAnyOrder:
    @settings(max_examples=12, deadline=None)
    @given(st.permutations([1, 2, 3, 4, 5]))
    def test_the_highest_revision_stands_whatever_arrives_when(self, order):
        version = QuestionFactory().current_id
        paper = [
            {"version": version, "kind": "single", "points": "1", "partial": False, "order": list("ABCDE")}
        ]
        attempt = AttemptFactory(paper=paper)
        for revision in order:
            services.save_answer(
                attempt=attempt,
                version_id=version,
                choice=["ABCDE"[revision - 1]],
                is_flagged=False,
                revision=revision,
            )
        answer = attempt.answers.get()
        assert (answer.choice, answer.revision) == (["E"], 5)


class TestStrangers:
    def test_anothers_attempt_is_not_found_and_untouched(self, attempt):
        stranger = Client()
        stranger.force_login(UserFactory())
        assert put(stranger, attempt).status_code == 404
        assert put(Client(), attempt).status_code in (401, 403)
        assert not attempt.answers.exists()

    def test_a_voided_attempt_is_not_found_by_its_own_learner(self, attempt, tab):
        Attempt.objects.unscoped("test").filter(pk=attempt.pk).update(state="voided")
        assert put(tab, attempt).status_code == 404
        assert tab.get(reverse("exams:sitting", args=[attempt.pk])).status_code == 404

    def test_a_question_of_ones_own_other_paper_is_refused(self, attempt, tab, enrolled, sit):
        other = sit(enrolled(), hand_in=False)
        foreign = other.paper[0]["version"]
        response = put(tab, attempt, version=foreign)
        assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (400, "unknown_question")

    def test_a_question_of_the_pool_that_was_not_drawn_is_refused(self, attempt):
        drawn = {item["version"] for item in attempt.paper}
        pool = {v for section in attempt.exam.sections for v in section["pool"]}
        for version in sorted(pool - drawn):
            with pytest.raises(errors.UnknownQuestion):
                services.save_answer(
                    attempt=attempt, version_id=version, choice=["A"], is_flagged=False, revision=1
                )


class TestClosed:
    def test_nothing_of_a_graded_attempt_changes_by_any_door(self, enrolled, sit):
        attempt = sit(enrolled(), right=4)
        client = Client()
        client.force_login(attempt.enrolment.user)
        # The mark of what followed is no part of the paper: it is set once, by whoever looks first.
        exam_flow.submit_exam(user=attempt.enrolment.user, attempt=attempt)
        before = Attempt.objects.unscoped("test").filter(pk=attempt.pk).values().get()
        answers = list(attempt.answers.order_by("pk").values())
        assert put(client, attempt, choice=["B"], revision=99).status_code == 409
        client.post(reverse("exams:answer", args=[attempt.pk, 1]), {"choice": "B", "revision": "98"})
        client.post(reverse("learning:submit_exam", args=[attempt.pk]))
        services.submit(attempt=attempt, auto=True)
        services.close_overdue(now=attempt.deadline_at)
        assert Attempt.objects.unscoped("test").filter(pk=attempt.pk).values().get() == before
        assert list(attempt.answers.order_by("pk").values()) == answers

    def test_an_answer_without_the_newest_page_is_told_in_words(self, enrolled, sit):
        attempt = sit(enrolled())
        client = Client()
        client.force_login(attempt.enrolment.user)
        response = client.post(
            reverse("exams:answer", args=[attempt.pk, 1]), {"choice": "B", "revision": "0"}, follow=True
        )
        assert [str(message) for message in response.context["messages"]] == [
            str(errors.AttemptClosed.message)
        ]


class TestPaper:
    def test_options_keep_their_order_over_reloads_and_later_edits(self, attempt, tab):
        address = reverse("exams:sitting", args=[attempt.pk])

        def order():
            return [
                [option["key"] for option in question.options]
                for question in tab.get(address).context["questions"]
            ]

        first = order()
        version = QuestionVersion.objects.get(pk=attempt.paper[0]["version"])
        version.options = list(reversed(version.options))
        version.save()
        assert order() == first == [item["order"] for item in attempt.paper]

    def test_the_seed_on_the_row_draws_the_paper_again(self, attempt):
        options = {
            version.pk: [option["key"] for option in version.options]
            for version in QuestionVersion.objects.order_by("pk")
        }
        assert draw(attempt.exam.sections, options, attempt.seed) == attempt.paper

    def test_attempts_have_seeds_of_their_own(self, enrolled, sit):
        enrolment = enrolled()
        seeds = {sit(enrolment).seed for _ in range(3)}
        assert len(seeds) == 3

    @given(st.text("0123456789abcdef", min_size=32, max_size=32))
    def test_pools_that_overlap_never_draw_a_question_twice(self, seed):
        pools = [{"kind": "single", "count": 3, "points": 1, "pool": [1, 2, 3, 4, 5, 6]}] * 2
        paper = draw(pools, {n: list("ABCD") for n in range(1, 7)}, seed)
        assert sorted(item["version"] for item in paper) == [1, 2, 3, 4, 5, 6]

    def test_pools_that_overlap_too_much_are_refused(self):
        pools = [{"kind": "single", "count": 2, "points": 1, "pool": [1, 2]}] * 2
        with pytest.raises(PoolTooSmall, match="Section 2"):
            draw(pools, {1: ["A"], 2: ["A"]}, "0" * 32)

    def test_points_are_those_of_the_section_and_add_up(self, enrolled, sit):
        enrolment = enrolled()
        exam = enrolment.edition.exam
        exam.sections = [{**section, "points": 2.5} for section in exam.sections]
        exam.save()
        attempt = sit(enrolment, right=3)
        assert (attempt.max_points, attempt.points, attempt.score) == (
            Decimal(10),
            Decimal("7.5"),
            Decimal(75),
        )


@pytest.mark.parametrize(("mark", "is_passed"), [(74, True), (75, True), (76, False), (100, False)])
def test_reaching_the_mark_passes_and_one_above_it_does_not(enrolled, sit, mark, is_passed):
    assert sit(enrolled(pass_mark=mark), right=3).is_passed is is_passed


def test_the_best_of_several_counts_and_a_later_worse_one_takes_nothing_back(enrolled, sit):
    enrolment = enrolled(pass_mark=100)
    for right in (1, 3, 2):
        sit(enrolment, right=right)
    best = queries.best_attempt(enrolment)
    assert (best.number, best.score) == (2, Decimal(75))
