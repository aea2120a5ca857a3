"""What differs between two manifests and what it means for those who learned from the older. Pure."""

import copy

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from courses.catalogue.changes import CARRY_OVER, EDITORIAL, MATERIAL, Change, compare, weigh
from courses.catalogue.words import _CHANGES, _FIELDS, change_words, class_words, rule_words


def lesson(key, **fields):
    base = {
        "key": key,
        "kind": "video",
        "title": f"第{key}课",
        "title_en": "",
        "summary": "",
        "encode": f"e{key}",
        "encode_digest": f"d{key}",
        "source_digest": f"s{key}",
        "body": "",
        "document": None,
        "document_digest": "",
    }
    return base | fields


def manifest():
    return {
        "course": {
            "title": "报告合规",
            "credit_hours": "4.0",
            "validity_months": 36,
            "is_mandatory": True,
            "purpose": "目的",
            "outcomes": [{"key": "o", "text": "说出"}],
        },
        "lessons": [lesson("1"), lesson("2", kind="reading", body="<p>正文</p>"), lesson("3", document=7)],
        "exam": {
            "minutes": 60,
            "pass_mark": 60,
            "attempts_allowed": 3,
            "interval_minutes": 60,
            "shows_answers": True,
            "sections": [{"kind": "single", "count": 2, "pool": [1, 2, 3]}],
        },
        "policy": {"coverage_percent": 90, "rate_cap": 1.0, "presence_minutes": 0},
    }


def course(**fields):
    return lambda m: m["course"].update(fields)


def lesson_at(number, **fields):
    return lambda m: m["lessons"][number].update(fields)


def exam(**fields):
    return lambda m: m["exam"].update(fields)


def policy(**fields):
    return lambda m: m["policy"].update(fields)


@pytest.mark.parametrize(
    ("change", "what", "weight"),
    [
        (course(title="合规报告"), "field", EDITORIAL),
        (course(purpose=""), "field", EDITORIAL),
        (course(outcomes=[]), "field", EDITORIAL),
        (course(credit_hours="4.1"), "field", MATERIAL),
        (course(credit_hours="3.9"), "field", CARRY_OVER),
        (course(credit_hours="10.0"), "field", MATERIAL),
        (course(validity_months=None), "field", CARRY_OVER),
        (course(is_mandatory=False), "field", CARRY_OVER),
        (lambda m: m["lessons"].append(lesson("4")), "lesson_added", MATERIAL),
        (lambda m: m["lessons"].pop(), "lesson_removed", CARRY_OVER),
        (lambda m: m["lessons"].reverse(), "lessons_reordered", EDITORIAL),
        (lesson_at(0, title="改名"), "lesson_reworded", EDITORIAL),
        (lesson_at(0, title_en="Duties"), "lesson_reworded", EDITORIAL),
        (lesson_at(0, summary="谁负责"), "lesson_reworded", EDITORIAL),
        (lesson_at(0, encode="x", encode_digest="y"), "lecture_encoded_again", CARRY_OVER),
        (lesson_at(0, encode="x", source_digest="y"), "lecture_replaced", MATERIAL),
        (lesson_at(1, body="<p>新正文</p>"), "reading_changed", MATERIAL),
        (lesson_at(2, document=8), "file_replaced", MATERIAL),
        (lesson_at(2, document_digest="z"), "file_replaced", MATERIAL),
        (exam(pass_mark=61), "exam_setting", MATERIAL),
        (exam(pass_mark=59), "exam_setting", CARRY_OVER),
        (exam(minutes=59), "exam_setting", MATERIAL),
        (exam(minutes=61), "exam_setting", CARRY_OVER),
        (exam(attempts_allowed=2), "exam_setting", MATERIAL),
        (exam(attempts_allowed=4), "exam_setting", CARRY_OVER),
        (exam(interval_minutes=600), "exam_setting", CARRY_OVER),
        (exam(shows_answers=False), "exam_setting", CARRY_OVER),
        (exam(sections=[{"kind": "single", "count": 3, "pool": [1, 2, 3]}]), "exam_paper", MATERIAL),
        (exam(sections=[{"kind": "single", "count": 2, "pool": [1, 2]}]), "exam_pool", CARRY_OVER),
        (lambda m: m.update(exam=None), "exam_removed", CARRY_OVER),
        (policy(coverage_percent=91), "policy", MATERIAL),
        (policy(coverage_percent=89), "policy", CARRY_OVER),
        (policy(rate_cap=2.0), "policy", CARRY_OVER),
        (policy(presence_minutes=15), "policy", CARRY_OVER),
    ],
)
def test_each_change_is_told_once_with_its_weight(change, what, weight):
    old, new = manifest(), manifest()
    change(new)
    assert [(found.what, found.weight) for found in compare(old, new)] == [(what, weight)]
    assert weigh(compare(old, new)) == weight


def test_an_exam_that_was_not_there_is_material():
    old = manifest() | {"exam": None}
    assert [(c.what, c.weight) for c in compare(old, manifest())] == [("exam_added", MATERIAL)]


def test_a_source_that_nobody_knows_is_taken_for_another_lecture():
    old, new = manifest(), manifest()
    for one, encode in ((old, "a"), (new, "b")):
        one["lessons"][0].update(encode=encode, source_digest="")
    assert compare(old, new)[0].what == "lecture_replaced"


def test_the_heaviest_comes_first_and_decides():
    old, new = manifest(), manifest()
    new["course"]["title"] = "新"
    new["lessons"].append(lesson("9"))
    new["exam"]["interval_minutes"] = 1
    assert [change.weight for change in compare(old, new)] == [MATERIAL, CARRY_OVER, EDITORIAL]


def test_a_lesson_that_came_does_not_count_as_reordering():
    old, new = manifest(), manifest()
    new["lessons"].insert(0, lesson("0"))
    assert [change.what for change in compare(old, new)] == ["lesson_added"]


def test_a_new_length_of_the_credit_hour_carries_over():
    old, new = manifest(), manifest()
    new["policy"]["credit_hour_seconds"] = 3600
    (change,) = compare(old, new)
    assert (change.title, change.weight, change.new) == ("credit_hour_seconds", CARRY_OVER, "3600")


def test_old_and_new_are_said_but_for_lists_which_nobody_could_read():
    old, new = manifest(), manifest()
    new["course"].update(title="新标题", outcomes=[], validity_months=None)
    told = {change.title: (change.old, change.new) for change in compare(old, new)}
    assert told == {"title": ("报告合规", "新标题"), "outcomes": ("", ""), "validity_months": ("36", "")}


def test_an_edition_from_before_manifests_can_be_compared():
    found = compare({"version": 1}, manifest())
    assert {change.what for change in found} == {"field", "lesson_added", "exam_added", "policy"}
    assert weigh(found) == MATERIAL


def test_nothing_differs_from_itself():
    assert compare(manifest(), copy.deepcopy(manifest())) == []
    assert weigh([]) == EDITORIAL


@given(st.permutations(["1", "2", "3", "4"]), st.permutations(["1", "2", "3", "4"]))
def test_any_order_of_the_same_lessons_is_editorial(first, second):
    old = {"lessons": [lesson(key) for key in first]}
    new = {"lessons": [lesson(key) for key in second]}
    assert [c.what for c in compare(old, new)] == ([] if first == second else ["lessons_reordered"])


@given(st.lists(st.sampled_from([EDITORIAL, CARRY_OVER, MATERIAL]), min_size=1))
def test_a_set_of_changes_weighs_as_its_heaviest(weights):
    assert weigh([Change("x", weight) for weight in weights]) == max(
        weights, key=[EDITORIAL, CARRY_OVER, MATERIAL].index
    )


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_change_has_words_of_its_own(language):
    with translation.override(language):
        for what in _CHANGES:
            words = change_words(Change(what, MATERIAL, "主体责任"))["words"]
            assert words
            assert words != what
            assert "%(" not in words


@pytest.mark.parametrize("field", [*manifest()["course"], *manifest()["policy"], "pass_mark", "topic"])
def test_every_field_that_may_change_has_a_chinese_name(field):
    assert field in _FIELDS
    with translation.override("zh-hans"):
        words = change_words(Change("field", EDITORIAL, field))["words"]
    assert not words.isascii()


def test_a_field_that_has_no_name_is_told_by_its_own():
    assert change_words(Change("field", EDITORIAL, "shoe_size", "42", "43")) == {
        "words": "shoe_size",
        "weight": EDITORIAL,
        "old": "42",
        "new": "43",
    }


def test_the_three_classes_are_said_differently():
    with translation.override("zh-hans"):
        said = {class_words(weight) for weight in (EDITORIAL, CARRY_OVER, MATERIAL)}
    assert len(said) == 3
    assert not any(words.isascii() for words in said)


class _Exam:
    pass_mark, attempts_allowed, minutes = 80, 3, 60


def test_a_rule_is_said_sentence_by_sentence_and_an_exam_only_where_there_is_one():
    rule = {
        "all": [
            {"kind": "lessons", "keys": "all", "coverage_percent": 90},
            {"kind": "readings", "keys": "all"},
            {"kind": "exam"},
            {"kind": "later"},
        ]
    }
    with translation.override("en"):
        whole, without = rule_words(rule, _Exam()), rule_words(rule, None)
    assert len(whole) == 3
    assert "90 %" in whole[0]
    assert all(figure in whole[2] for figure in ("80", "3", "60"))
    assert without == whole[:2]
    assert rule_words({}, _Exam()) == []
