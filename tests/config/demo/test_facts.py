"""What the demo teaches agrees with the law it names, with itself and with its questions."""

import re
from datetime import date

import pytest
from django.utils import timezone

from config.demo import content, slides
from config.demo.content import CourseText, Lesson

pytestmark = pytest.mark.once
COURSES = content.courses()
QUESTIONS = content.questions()
BY_CODE = pytest.mark.parametrize("course", COURSES, ids=lambda course: course.code)
BY_ID = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
# Credit hours of 45 minutes, as the catalogue was designed.
HOURS = {"A1": 4, "A2": 6, "B1": 4, "B2": 4, "C1": 4, "C2": 6, "D1": 3, "E1": 2}
# From when a text is in force, by the number it was announced under.
IN_FORCE = {
    "39号": "2021-06-01",
    "163号": "2021-06-01",
    "2023年第21号": "2023-12-01",
    "2023年第13号": "2023-03-27",
    "2019年第20号": "2019-06-01",
    "2019〕226号": "2019-07-04",
    "33761-2024": "2024-11-28",
}
LECTURES = [
    (f"{course.code}-{number}", course, lesson)
    for course in COURSES
    for number, lesson in enumerate(course.lessons, 1)
    if not lesson.is_reading
]
BY_LECTURE = pytest.mark.parametrize(
    ("name", "course", "lesson"), LECTURES, ids=[name for name, _, _ in LECTURES]
)


def text_of(course: CourseText) -> str:
    parts = [*course.values.values(), *course.outcomes]
    for lesson in course.lessons:
        parts += [lesson.title, lesson.summary, *lesson.paragraphs]
        for page in lesson.pages:
            parts += [page.title, *page.bullets, *page.sentences]
    return "\n".join(parts)


def test_hours_are_those_of_the_catalogue() -> None:
    assert {course.code: float(course.values["hours"]) for course in COURSES} == HOURS


@BY_CODE
def test_a_law_is_in_force_from_its_own_day(course: CourseText) -> None:
    for reference in course.legal_basis:
        for number, day in IN_FORCE.items():
            if number in reference.document and reference.effective_from:
                assert reference.effective_from == day, reference.document


@BY_CODE
def test_no_law_is_taught_before_it_is_in_force(course: CourseText) -> None:
    for reference in course.legal_basis:
        assert reference.document
        assert reference.clauses
        if len(reference.effective_from) == 10:
            assert date.fromisoformat(reference.effective_from) <= timezone.localdate()
        else:
            assert re.fullmatch(r"(20\d\d)?", reference.effective_from)


@BY_CODE
def test_a_reference_names_lectures_that_exist(course: CourseText) -> None:
    for reference in course.legal_basis:
        numbers = [int(number) for number in re.findall(r"\d+", reference.lessons)]
        assert numbers, reference
        assert max(numbers) <= len(course.lessons), reference
        assert numbers == sorted(numbers), reference


@BY_CODE
def test_titles_of_one_course_differ_so_that_its_lessons_can_be_told_apart(course: CourseText) -> None:
    titles = [lesson.title for lesson in course.lessons]
    assert len(set(titles)) == len(titles)
    english = [lesson.title_en for lesson in course.lessons]
    assert len(set(english)) == len(english)


@BY_CODE
def test_english_is_english_and_chinese_is_chinese(course: CourseText) -> None:
    chinese = re.compile("[\u4e00-\u9fff]")
    for text in (course.title_en, course.values["purpose_en"], *(les.title_en for les in course.lessons)):
        assert text
        assert not chinese.search(text), text
    for text in (
        course.title,
        course.values["purpose"],
        *(les.title for les in course.lessons),
        *course.outcomes,
    ):
        assert chinese.search(text), text


@BY_CODE
def test_mandatory_compliance_asks_for_eighty(course: CourseText) -> None:
    mark = int(course.values.get("pass", "60"))
    assert mark in {60, 80}
    if course.values.get("mandatory") == "yes" and course.values["topic"] == "compliance":
        assert mark == 80


@BY_CODE
def test_nobody_real_is_named(course: CourseText) -> None:
    text = text_of(course)
    assert not re.search(r"1[3-9]\d{9}|\d{3,4}-\d{7,8}|[\w.]+@[\w.]+", text)
    assert not re.search("牵翼|外高桥|东方网|看东方", text)
    assert "演示" in course.values["note"]


@BY_CODE
def test_what_was_repealed_is_not_taught_as_law(course: CourseText) -> None:
    """The criteria of 2016 and the time limits of 2015 may be named only as what was before."""
    for line in re.split("[。\n]", text_of(course)):
        if re.search("国认实〔2016〕33号|RB/T ?214", line):
            assert re.search("代替|取代|废止|以前|原|旧|不再", line), line
        assert not re.search("45个工作日|四十五个工作日", line)


@BY_CODE
def test_records_are_kept_for_six_years_wherever_years_are_named(course: CourseText) -> None:
    for line in re.split("[。\n]", text_of(course)):
        if re.search("(原始记录|报告).{0,12}(保存|保管).{0,8}年", line):
            assert re.search("六年|6年|6 年", line), line


@BY_LECTURE
def test_every_sentence_can_be_read_as_one_caption(name: str, course: CourseText, lesson: Lesson) -> None:
    for page in lesson.pages:
        for sentence in page.sentences:
            assert sentence.endswith(("。", "？", "！")), sentence
            assert 6 <= len(sentence) <= 60, sentence
            assert "::" not in sentence
            assert "-->" not in sentence
        assert len(set(page.sentences)) == len(page.sentences)


@BY_LECTURE
def test_nothing_on_a_slide_is_cut_off(name: str, course: CourseText, lesson: Lesson) -> None:
    heading, body = slides.font("serif", "600SemiBold", 50), slides.font("sans", "500Medium", 30)
    small = slides.font("sans", "400Regular", 24)
    room = slides.WIDTH - 2 * 96
    for page in lesson.pages:
        assert len(slides.wrapped(page.title, heading, room)) == 1, page.title
        for bullet in page.bullets:
            assert len(slides.wrapped(bullet, body, room - 116)) <= 2, bullet
    assert small.getlength(lesson.title) + small.getlength(lesson.basis) < room - 100


@BY_LECTURE
def test_a_lecture_says_on_what_it_rests(name: str, course: CourseText, lesson: Lesson) -> None:
    assert lesson.summary
    assert re.search(r"《|号|GB/T|JJF|法|准则|规定|标准|条|系统", lesson.basis), lesson.basis


@BY_ID
def test_a_question_can_be_answered_and_marked(question: dict[str, object]) -> None:
    options = question["options"]
    assert isinstance(options, list)
    keys = [option["key"] for option in options]
    answers = question["answers"]
    assert isinstance(answers, list)
    assert keys == list("ABCDEFGH"[: len(keys)])
    assert len({option["text"] for option in options}) == len(options)
    assert set(answers) <= set(keys)
    assert answers == sorted(answers)
    if question["kind"] == "multiple":
        assert len(answers) >= 2
    else:
        assert len(answers) == 1
    if question["kind"] == "true_false":
        assert [option["text"] for option in options] == ["正确", "错误"]
    else:
        assert len(options) >= 4


@BY_ID
def test_an_explanation_holds_however_the_options_are_shuffled(question: dict[str, object]) -> None:
    explanation = str(question["explanation"])
    assert len(explanation) >= 6
    assert not re.search(
        r"(选项|选|答案)\s*[A-D]|[A-D]\s*(项|选项|正确|错误)|以上(都|均)|上述(各|选)项", explanation
    )
    for option in question["options"]:  # type: ignore[attr-defined]
        assert not re.search(r"以上(都|均)|[ABCD]和[ABCD]|上述", option["text"]), option


@BY_ID
def test_a_question_names_the_text_that_decides_it(question: dict[str, object]) -> None:
    reference = str(question["reference"])
    assert re.search(r"《|GB/T|JJF|ISO|公告|号|通知", reference), reference
    assert not re.search("种子|常识|待核", reference), "a note of the work on it, and no source"
    for number, day in IN_FORCE.items():
        if f"令第{number}" in reference and re.search(r"\d{4}-\d\d-\d\d", reference):
            assert day in reference


def test_no_question_is_asked_twice() -> None:
    ids = [question["id"] for question in QUESTIONS]
    assert len(set(ids)) == len(ids)
    stems = [re.sub(r"\W", "", question["stem"]) for question in QUESTIONS]
    assert len(set(stems)) == len(stems)


def test_true_and_false_are_both_among_the_answers() -> None:
    """A learner who always says the same must not pass that part."""
    for topic in {question["topic"] for question in QUESTIONS}:
        pool = [q for q in QUESTIONS if q["topic"] == topic and q["kind"] == "true_false"]
        if len(pool) >= 3:
            assert {q["answers"][0] for q in pool} == {"A", "B"}, topic


def test_the_right_answer_is_not_always_in_one_place() -> None:
    single = [q["answers"][0] for q in QUESTIONS if q["kind"] == "single"]
    for letter in "ABCD":
        assert 0.1 * len(single) <= single.count(letter) <= 0.45 * len(single)


def test_every_bank_of_the_courses_is_filled_and_built() -> None:
    from config.demo import stage

    wanted = {course.values["questions"] for course in COURSES}
    assert wanted <= {question["topic"] for question in QUESTIONS}
    assert wanted <= set(stage._BANKS)


@BY_CODE
def test_an_exam_can_be_repeated_with_other_questions(course: CourseText) -> None:
    """Somebody who sits it twice meets at least one question that was not in the first paper."""
    wanted = sum(map(int, course.values["exam"].split()))
    pool = [question for question in QUESTIONS if question["topic"] == course.values["questions"]]
    assert len(pool) > wanted
