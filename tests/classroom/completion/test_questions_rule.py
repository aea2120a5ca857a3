"""The part of a rule that asks for the questions inside lectures: pure, in words, and settled."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from classroom.completion import queries, services, words
from classroom.completion.models import Completion
from classroom.completion.rules import State, Step, asks_questions, evaluate, place_of
from classroom.exams import in_lectures
from classroom.progress.models import LessonProgress
from tests.classroom.completion.facts import facts, rule
from tests.factories.catalogue import ask
from tests.learner import Learner

ASKS = {"kind": "questions", "keys": "all"}
NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def question(key, answered=False, *, lesson="a", at_ms=30_000, on=None):
    return {"key": key, "lesson": lesson, "at_ms": at_ms, "answered": answered, "on": on}


@pytest.mark.parametrize(
    ("answered", "state", "have"),
    [
        ([0, 0], State.NOT_BEGUN, 0),
        ([1, 0], State.UNDER_WAY, 1),
        ([0, 1], State.UNDER_WAY, 1),
        ([1, 1], State.MET, 2),
    ],
)
def test_every_question_has_to_be_answered_rightly(answered, state, have):
    listed = [question(str(number), bool(done)) for number, done in enumerate(answered)]
    outcome = evaluate(rule(ASKS), facts(questions=listed))
    item = outcome.items[1]
    assert (item.state, item.have, item.need) == (state, have, 2)
    assert item.step == (Step.NONE if state == State.MET else Step.ANSWER)
    assert outcome.satisfied == (state == State.MET)


@pytest.mark.parametrize(
    ("known", "state"), [([question("x", True)], State.MET), ([question("y", True)], State.NOT_BEGUN)]
)
def test_named_questions_are_asked_for_and_one_that_nothing_has_is_unmet(known, state):
    outcome = evaluate(rule({"kind": "questions", "keys": ["x"]}), facts(questions=known))
    assert (outcome.items[1].state, outcome.satisfied) == (state, state == State.MET)


@pytest.mark.parametrize("inputs", [{}, {"questions": []}])
@pytest.mark.parametrize("wanted", [[ASKS], [{"kind": "lessons", "keys": "all"}, ASKS]])
def test_a_rule_that_finds_nothing_to_ask_never_passes(inputs, wanted):
    outcome = evaluate({"version": 1, "all": wanted}, facts(**inputs))
    assert not outcome.satisfied
    assert (outcome.items[-1].state, outcome.items[-1].step) == (State.UNKNOWN, Step.ASK)


@pytest.mark.parametrize("keys", [[], None, {}, 7, "x", [1], [None]])
def test_keys_that_cannot_be_read_never_pass(keys):
    outcome = evaluate(rule({"kind": "questions", "keys": keys}), facts(questions=[question("x", True)]))
    assert not outcome.satisfied
    assert outcome.items[1].state == State.UNKNOWN


def test_a_deadline_is_held_against_the_day_of_the_last_right_answer():
    asked = rule(ASKS, {"kind": "deadline", "on": "2026-10-20"})
    for day, satisfied in (("2026-10-20", True), ("2026-10-21", False)):
        known = facts(questions=[question("x", True, on=day)])
        known["lessons"][0]["on"] = known["readings"][0]["on"] = "2026-10-01"
        assert evaluate(asked, known).satisfied is satisfied


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([ASKS], True),
        ([{"kind": "exam"}], False),
        ([], False),
        (None, False),
        ("questions", False),
        ([None, 3, ASKS], True),
    ],
)
def test_whether_a_rule_asks_for_questions_whatever_else_is_written_in_it(parts, expected):
    assert asks_questions({"version": 1, "all": parts}) is expected


def test_a_part_says_where_its_question_stands():
    listed = [question("x", lesson="L", at_ms=90_500), question("y", True, lesson="M", at_ms=0)]
    parts = evaluate(rule(ASKS), facts(questions=listed)).items[1].parts
    assert [place_of(part.key) for part in parts] == [("L", 90_500), ("M", 0)]
    assert place_of("unknown") == ("unknown", 0)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "Answer all 2 questions inside the lectures rightly",
                "1 of 2 answered rightly",
                "Answer the question at 01:30 of “Responsibility”.",
            ),
        ),
        ("zh-hans", ("答对全部 2 道讲中提问", "已答对 1/2", "请回答“Responsibility”01:30 处的提问。")),
    ],
)
def test_the_next_step_names_lecture_and_moment(language, said):
    listed = [question("x", True), question("y", at_ms=90_000, lesson="L")]
    with translation.override(language):
        line = words.lines(evaluate(rule(ASKS), facts(questions=listed)), {"L": "Responsibility"})[1]
    assert (line.title, line.standing, line.next_step) == said
    assert line.keys == ("L@90000",)


def test_what_is_met_has_no_next_step():
    line = words.lines(evaluate(rule(ASKS), facts(questions=[question("x", True)])), {})[1]
    assert (line.is_met, line.next_step, line.keys) == (True, "", ())


# With the database.


@pytest.fixture
def watched(db):
    learner = Learner.on_edition()
    for lesson in learner.enrolment.edition.lessons.all():
        LessonProgress.objects.create(
            enrolment=learner.enrolment, lesson=lesson, coverage=[[0, 180_000]], covered_ms=180_000
        )
    return learner


def answered(learner, one, choice="A", now=NOW):
    in_lectures.answer(enrolment=learner.enrolment, question=one, choice=[choice], now=now)
    learner.enrolment.refresh_from_db()
    return services.settle(enrolment=learner.enrolment, now=now)


def test_lectures_alone_do_not_complete_and_the_last_right_answer_does(watched):
    first, second = ask(watched.lesson, 30, 60)
    watched.enrolment.refresh_from_db()
    assert services.settle(enrolment=watched.enrolment, now=NOW) is None
    assert answered(watched, first) is None
    assert answered(watched, second, "B") is None
    completion = answered(watched, second)
    assert completion is not None
    facts_kept = completion.inputs["questions"]
    assert [(fact["key"], fact["answered"], fact["on"]) for fact in facts_kept] == [
        (str(first.key), True, "2026-11-02"),
        (str(second.key), True, "2026-11-02"),
    ]
    assert completion.verified_seconds == 360, "answers earn no seconds"
    assert Completion.objects.unscoped("test").count() == 1


def test_a_wrong_answer_after_a_right_one_takes_nothing_back(watched):
    first, second = ask(watched.lesson, 30, 60)
    answered(watched, first)
    answered(watched, first, "B")
    assert answered(watched, second) is not None


def test_answers_of_others_count_for_nobody_else(watched):
    (one,) = ask(watched.lesson, 30)
    other = Learner.on_edition()
    in_lectures.answer(enrolment=other.enrolment, question=one, choice=["A"])
    watched.enrolment.refresh_from_db()
    assert services.settle(enrolment=watched.enrolment, now=NOW) is None


def test_a_course_whose_rule_asks_for_none_keeps_its_inputs_as_they_were(watched):
    assert "questions" not in queries.inputs_of(watched.enrolment, NOW)


def test_the_explanation_costs_two_queries_more_for_one_question_and_for_three(
    watched, django_assert_max_num_queries
):
    def cost(most):
        watched.enrolment.edition.refresh_from_db()
        with django_assert_max_num_queries(most) as asked:
            queries.explain(watched.enrolment)
        return len(asked)

    plain = cost(30)
    ask(watched.lesson, 10)
    assert cost(30) == plain + 2
    ask(watched.lesson, 20, 30)
    assert cost(30) == plain + 2
