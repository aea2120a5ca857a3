"""A question as it is handed in: what makes it answerable, at every limit. Pure."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.questions.errors import BadQuestion
from courses.questions.importers.kinds import kind_of, letters_of, truth_of
from courses.questions.rows import (
    LONGEST_OPTION,
    LONGEST_STEM,
    MOST_OPTIONS,
    Option,
    QuestionRow,
    checked,
    lettered,
)


def row(**fields):
    values = {"kind": "single", "stem": "几年？", "options": lettered(["3年", "6年"]), "answers": ("B",)}
    return QuestionRow(**{**values, **fields})


def refused(**fields):
    with pytest.raises(BadQuestion) as refusal:
        checked(row(**fields))
    assert str(refusal.value)
    return refusal.value.field


@pytest.mark.parametrize(
    "fields",
    [
        {"stem": "长" * LONGEST_STEM},
        {"options": lettered(["甲", "长" * LONGEST_OPTION])},
        {"options": lettered([str(n) for n in range(MOST_OPTIONS)])},
        {"options": (Option("x", "甲"), Option("y", "乙")), "answers": ("y",)},
        {"kind": "multiple", "options": lettered(["甲", "乙"]), "answers": ("A", "B")},
        {"kind": "true_false", "options": lettered(["对", "错"]), "answers": ("A",)},
        {"answers": ("B", "B")},
    ],
    ids=["stem", "option", "options", "keys", "all right", "judged", "twice"],
)
def test_what_is_exactly_at_a_limit_is_taken(fields):
    assert set(checked(row(**fields)).answers) == set(fields.get("answers", ("B",)))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "SINGLE"}, "kind"),
        ({"stem": ""}, "stem"),
        ({"stem": "\n\t "}, "stem"),
        ({"stem": "长" * (LONGEST_STEM + 1)}, "stem"),
        ({"options": ()}, "options"),
        ({"options": lettered(["甲"])}, "options"),
        ({"options": lettered([str(n) for n in range(MOST_OPTIONS + 1)])}, "options"),
        ({"options": lettered(["甲", "长" * (LONGEST_OPTION + 1)])}, "options"),
        ({"options": lettered(["甲", "  "])}, "options"),
        ({"options": lettered(["6年", " 6年 "])}, "options"),
        ({"options": (Option("", "甲"), Option("B", "乙"))}, "options"),
        ({"options": (Option("B", "甲"), Option("B", "乙"))}, "options"),
        ({"kind": "true_false", "options": lettered(["对", "错", "都不"])}, "options"),
        ({"kind": "true_false", "answers": ("A", "B")}, "answers"),
        ({"answers": ()}, "answers"),
        ({"answers": ("b",)}, "answers"),
        ({"answers": ("Ｂ",)}, "answers"),
        ({"answers": ("C",)}, "answers"),
        ({"answers": ("A", "B")}, "answers"),
        ({"kind": "multiple", "answers": ("A",)}, "answers"),
        ({"kind": "multiple", "answers": ("A", "A")}, "answers"),
        ({"problem": "看图"}, "file"),
    ],
)
def test_what_nobody_could_answer_is_refused_at_its_field(fields, field):
    assert refused(**fields) == field


def test_the_first_thing_that_is_wrong_is_told():
    assert refused(kind="", stem="", options=(), answers=()) == "kind"
    assert refused(stem="", options=(), answers=()) == "stem"
    assert refused(options=(), answers=()) == "options"


def test_answers_come_in_the_order_of_their_options():
    options = lettered(["甲", "乙", "丙"])
    assert checked(row(kind="multiple", options=options, answers=("C", "A"))).answers == ("A", "C")


TEXTS = st.lists(
    st.text("甲乙丙丁abc", min_size=1, max_size=6), min_size=2, max_size=MOST_OPTIONS, unique=True
)


@given(TEXTS, st.data())
def test_a_right_question_stays_as_it_is_and_checking_twice_is_checking_once(texts, data):
    options = lettered(texts)
    keys = [option.key for option in options]
    answers = data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
    kind = "single" if len(answers) == 1 else "multiple"
    once = checked(row(kind=kind, options=options, answers=tuple(answers)))
    assert checked(once) == once
    assert set(once.answers) == set(answers)
    assert once.options == options


@given(st.text(), st.lists(st.text(max_size=5), max_size=15), st.lists(st.sampled_from("ABC你"), max_size=4))
def test_whatever_is_handed_in_is_taken_whole_or_refused(stem, texts, answers):
    for kind in ("single", "multiple", "true_false"):
        try:
            taken = checked(row(kind=kind, stem=stem, options=lettered(texts), answers=tuple(answers)))
        except BadQuestion:
            continue
        assert set(taken.answers) <= {option.key for option in taken.options}
        assert taken.answers


def test_content_is_what_a_learner_sees_or_is_marked_by():
    base = row(explanation="x", legal_basis="y")
    for changed in (
        replace(base, stem="z"),
        replace(base, options=lettered(["3年", "5年"])),
        replace(base, answers=("A",)),
        replace(base, explanation=""),
        replace(base, legal_basis=""),
    ):
        assert changed.content() != base.content()
    for same in (replace(base, reference="Q9"), replace(base, place="7"), base.noted("格式")):
        assert same.content() == base.content()


def test_notes_gather():
    assert row().noted("一").named("Q1", ("二",)).notes == ("一", "二")
    assert row().named("Q1").reference == "Q1"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("单选题", "single"),
        (" 单选 ", "single"),
        ("单项选择题", "single"),
        ("1", "single"),
        ("多选题", "multiple"),
        ("多项选择题", "multiple"),
        ("MULTIPLE", "multiple"),
        ("判断题", "true_false"),
        ("是非题", "true_false"),
        ("TrueFalse", "true_false"),
        ("填空题", ""),
        ("简答题", ""),
        ("", ""),
        ("4", ""),
    ],
)
def test_kinds_are_known_by_the_words_that_are_in_use(word, kind):
    assert kind_of(word) == kind


@pytest.mark.parametrize(
    ("words", "truth"),
    [
        (("对", "正确", "是", "√", "✓", "1", "T", "true", " TRUE "), True),
        (("错", "错误", "否", "×", "✗", "X", "x", "0", "F", "False"), False),
        (("", "也许", "A", "对错", "10"), None),
    ],
)
def test_truth_is_said_in_many_ways_and_never_guessed(words, truth):
    assert {truth_of(word) for word in words} == {truth}


@pytest.mark.parametrize(
    ("answer", "letters"),
    [
        ("A", ("A",)),
        ("a", ("A",)),
        ("ACD", ("A", "C", "D")),
        ("A、C", ("A", "C")),
        ("A,C；D", ("A", "C", "D")),
        ("CA", ("C", "A")),
        ("AAB", ("A", "B")),
        ("Ａ", ("A",)),
        ("ＡＣ", ("A", "C")),
        ("Ａ、ｃ", ("A", "C")),
        ("", ()),
        ("对", ()),
    ],
)
def test_letters_of_an_answer_are_read_in_any_width_and_with_any_mark(answer, letters):
    assert letters_of(answer) == letters
