"""Lessons, my learning and the course page as a learner meets them, in both languages."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.documents import get_document_model

from classroom.completion.models import LessonCompletion
from classroom.enrolment.models import Enrolment
from classroom.learning.models import Note
from courses.catalogue.models import EditionLesson
from tests.factories.catalogue import CoursePageFactory, EditionLessonFactory, complete_edition
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory, CreditEntryFactory, LessonCompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrolment() -> Enrolment:
    """A learner on a course with a page, two lectures, a reading and an exam."""
    page = CoursePageFactory(live=True, code="B1")
    edition = complete_edition(course__code="B1", videos=2, title="监督管理办法", title_en="Supervision")
    edition.course.page = page
    edition.course.save()
    return EnrolmentFactory(edition=edition, user=UserFactory(name="陈思远"), institution=None)


@pytest.fixture
def client(enrolment) -> Client:
    return signed_in(enrolment.user)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def lessons(enrolment: Enrolment) -> list[EditionLesson]:
    return list(enrolment.edition.lessons.order_by("position"))


def read(client: Client, address: str, language: str = "en") -> str:
    client.cookies["django_language"] = language
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, address
    return answer.content.decode()


def text_of(html: str) -> str:
    """The words of a page, without its marks and scripts."""
    html = re.sub(r"<(script|style|template)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def place(enrolment: Enrolment, lesson: EditionLesson) -> str:
    return f"/learn/{enrolment.pk}/{lesson.key}/"


# Why not complete yet.


def test_the_course_page_says_what_is_missing_and_leads_there(client, enrolment):
    first, second, reading = lessons(enrolment)
    LessonProgressFactory(enrolment=enrolment, lesson=first, covered=(0, 60_000))
    html = read(client, "/courses/b1/")
    words = text_of(html)
    assert "What is still missing" in words
    assert f"Go on with “{first.title}”: 01:00 of 03:00 verified so far." in words
    assert "The exam opens when the lessons before it are finished." in words
    assert f'href="{place(enrolment, first)}"' in html
    assert f'href="{place(enrolment, reading)}"' in html
    assert f'href="/exam/{enrolment.pk}/"' not in html
    assert second.title in words


def test_the_exam_is_offered_only_when_all_before_it_is_done(client, enrolment):
    for lesson in lessons(enrolment):
        LessonCompletionFactory(enrolment=enrolment, lesson=lesson)
        LessonProgressFactory(
            enrolment=enrolment,
            lesson=lesson,
            covered=(0, lesson.duration_ms) if lesson.duration_ms else None,
            acknowledged_at=timezone.now(),
        )
    html = read(client, "/courses/b1/")
    assert f'href="/exam/{enrolment.pk}/"' in html
    assert "Sit the exam." in text_of(html)


def test_the_same_page_in_chinese_has_no_english_reasons(client, enrolment):
    words = text_of(read(client, "/courses/b1/", "zh-hans"))
    assert "What is still missing" not in words
    assert "观看全部" in words
    assert not re.search(r"\b(Begin|Read|Sit|Watch)\b", words)


def test_a_completed_course_says_why_and_leads_to_its_certificate(client, enrolment):
    enrolment.state, enrolment.completed_at = Enrolment.State.COMPLETED, timezone.now()
    enrolment.save()
    certificate = CertificateFactory(
        completion=CompletionFactory(enrolment=enrolment), user=enrolment.user, file="certificates/x.pdf"
    )
    html = read(client, "/courses/b1/")
    assert "Why the course is complete" in text_of(html)
    assert f"/certificates/{certificate.number}.pdf" in html
    assert "/leave/" not in html


@pytest.mark.parametrize(
    ("origin", "may_leave"), [(Enrolment.Origin.SELF, True), (Enrolment.Origin.PLAN, False)]
)
def test_only_what_one_chose_oneself_may_be_left(client, enrolment, origin, may_leave):
    enrolment.origin = origin
    enrolment.save()
    assert (f"/learn/{enrolment.pk}/leave/" in read(client, "/courses/b1/")) is may_leave


# My learning.


@pytest.mark.parametrize(
    ("days", "english", "chinese"),
    [
        (-18, "18 days overdue", "逾期 18 天"),
        (-1, "1 day overdue", "逾期 1 天"),
        (0, "due today", "今天"),
        (1, "1 day left", "1 天"),
        (30, "30 days left", "30 天"),
    ],
)
def test_a_due_date_is_said_in_days(client, enrolment, days, english, chinese):
    enrolment.due_on = timezone.localdate() + timedelta(days=days)
    enrolment.save()
    assert english in text_of(read(client, "/learn/"))
    assert chinese in text_of(read(client, "/learn/", "zh-hans"))


def test_my_learning_tells_where_one_was_and_resumes_to_the_second(client, enrolment):
    first = lessons(enrolment)[0]
    LessonProgressFactory(
        enrolment=enrolment, lesson=first, covered=(0, 95_400), position_ms=95_400, position_at=timezone.now()
    )
    html = read(client, "/learn/")
    words = text_of(html)
    assert "Resume 01:35" in words
    assert "Last learned: B1, Lesson 1" in words
    assert f'href="{place(enrolment, first)}"' in html


def test_what_is_done_is_listed_with_hours_and_certificate(client, enrolment):
    enrolment.state, enrolment.completed_at = Enrolment.State.COMPLETED, timezone.now()
    enrolment.save()
    assert "being made" in text_of(read(client, "/learn/"))
    completion = CompletionFactory(enrolment=enrolment)
    CreditEntryFactory(completion=completion, hours=Decimal("0.7"))
    certificate = CertificateFactory(completion=completion, user=enrolment.user)
    html = read(client, "/learn/")
    assert certificate.number in text_of(html)
    assert 'data-label="Credit hours">0.7<' in html, "what was earned, not what is on offer"


@pytest.mark.parametrize("count", [1, 3, 12])
def test_my_learning_costs_the_same_for_any_number_of_courses(count):
    user = UserFactory()
    for _ in range(count):
        one = EnrolmentFactory(user=user, edition=complete_edition(videos=1), institution=None)
        LessonProgressFactory(enrolment=one, lesson=lessons(one)[0], covered=(0, 1_000))
    client = signed_in(user)
    client.get("/learn/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/learn/")
    assert len(queries) <= 12, [one["sql"][:80] for one in queries.captured_queries]


def test_titles_follow_the_readers_language_on_every_page(client, enrolment):
    first = lessons(enrolment)[0]
    first.title_en = "Who is responsible"
    first.save()
    for address in ("/learn/", place(enrolment, first)):
        assert "Supervision" in text_of(read(client, address))
        assert "监督管理办法" in text_of(read(client, address, "zh-hans"))
    assert "Lesson 1, Who is responsible" in text_of(read(client, place(enrolment, first)))
    assert "第1讲" in text_of(read(client, place(enrolment, first), "zh-hans"))


# A lecture's page.


@pytest.mark.parametrize("videos", [1, 3, 200])
def test_a_lessons_page_costs_the_same_with_any_number_of_lessons(videos):
    one = EnrolmentFactory(edition=complete_edition(videos=videos, exam=True), institution=None)
    first = lessons(one)[0]
    client = signed_in(one.user)
    client.get(place(one, first))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(place(one, first)).status_code == 200
    assert len(queries) <= 16, [query["sql"][:80] for query in queries.captured_queries]


def test_each_lesson_leads_to_those_beside_it(client, enrolment):
    first, second, reading = lessons(enrolment)
    pages = {lesson.pk: read(client, place(enrolment, lesson)) for lesson in (first, second, reading)}
    walk = {pk: re.findall(r'class="lesson__step[^"]*" href="([^"]+)"', html) for pk, html in pages.items()}
    assert walk[first.pk] == [place(enrolment, second)]
    assert walk[second.pk] == [place(enrolment, first), place(enrolment, reading)]
    assert walk[reading.pk] == [place(enrolment, second)]


@pytest.mark.parametrize(
    ("policy", "said", "unsaid"),
    [
        ({"free_seek": False, "rate_cap": 1.0}, "up to 1× and in order", "you may skip ahead"),
        ({"free_seek": True, "rate_cap": 1.5}, "up to 1.5×; you may skip ahead", "in order"),
    ],
)
def test_the_rule_of_the_course_is_said_beside_the_picture(client, enrolment, policy, said, unsaid):
    edition = enrolment.edition
    edition.policy = {**edition.policy, **policy}
    edition.save()
    words = text_of(read(client, place(enrolment, lessons(enrolment)[0])))
    assert said in words
    assert unsaid not in words


def test_ones_own_notes_are_on_the_page_and_nobody_elses(client, enrolment):
    first = lessons(enrolment)[0]
    other = EnrolmentFactory(edition=enrolment.edition, institution=None)
    Note.objects.create(enrolment=enrolment, lesson=first, at_ms=61_000, text="查附表 <b>")
    Note.objects.create(enrolment=other, lesson=first, at_ms=5_000, text="不是我的")
    html = read(client, place(enrolment, first))
    assert "查附表 &lt;b&gt;" in html
    assert "不是我的" not in html
    assert "01:01" in text_of(html)


def test_a_file_of_notes_is_named_after_course_and_lesson_and_nobody_elses(client, enrolment):
    first = lessons(enrolment)[0]
    for at, text in ((121_000, "后"), (1_000, "先")):
        Note.objects.create(enrolment=enrolment, lesson=first, at_ms=at, text=text)
    answer = client.get(place(enrolment, first) + "notes.txt")
    assert "B1-1.txt" in answer["Content-Disposition"]
    told = answer.content.decode()
    assert told.index("先") < told.index("后")
    assert told.startswith("B1 ")
    title = told.splitlines()[0]
    assert "，第1讲 " in title, "a Chinese comma between course and lesson"
    other = EnrolmentFactory(edition=enrolment.edition, institution=None)
    assert signed_in(other.user).get(place(enrolment, first) + "notes.txt").status_code == 404


# Texts and files.


def test_a_reading_is_shown_with_its_words_and_its_promise(client, enrolment):
    reading = lessons(enrolment)[2]
    html = read(client, place(enrolment, reading))
    assert "检验检测机构及其人员应当对其出具的检验检测报告负责。" in html
    assert "It is your word: reading is declared, not measured." in text_of(html)
    assert 'data-part="video"' not in html


def test_an_attachment_is_offered_as_a_file_and_confirmed_like_a_text(client, enrolment):
    document = get_document_model().objects.create(
        title="附表", file=ContentFile("表".encode(), name="table.txt")
    )
    attachment = EditionLessonFactory(
        edition=enrolment.edition, reading=True, kind="attachment", body="", document=document
    )
    html = read(client, place(enrolment, attachment))
    assert document.url in html
    assert "Attachment" in text_of(html)
    assert client.post(place(enrolment, attachment) + "read/").status_code == 302
    assert LessonCompletion.objects.filter(lesson=attachment).count() == 1


def test_the_last_reading_of_a_course_ends_with_the_news(enrolment):
    edition = complete_edition(course__code="B7", videos=0, exam=False)
    one = EnrolmentFactory(edition=edition, institution=None)
    client = signed_in(one.user)
    answer = client.post(place(one, lessons(one)[0]) + "read/", follow=True)
    assert answer.redirect_chain[0][0] == "/learn/"
    one.refresh_from_db()
    assert one.state == Enrolment.State.COMPLETED
    assert len(list(answer.context["messages"])) == 1


def test_a_confirmed_reading_leads_to_the_next_lesson(client, enrolment):
    last = EditionLessonFactory(edition=enrolment.edition, reading=True)
    answer = client.post(place(enrolment, lessons(enrolment)[2]) + "read/")
    assert answer["Location"] == place(enrolment, last)


@pytest.mark.parametrize("who", ["stranger", "colleague", "visitor"])
@pytest.mark.parametrize("end", ["", "notes.txt", "read/"])
def test_no_door_of_a_lesson_opens_for_anybody_else(enrolment, who, end):
    reading = lessons(enrolment)[2]
    visitor = Client()
    if who == "stranger":
        visitor.force_login(UserFactory())
    elif who == "colleague":
        visitor.force_login(EnrolmentFactory(edition=enrolment.edition, institution=None).user)
    ask = visitor.post if end == "read/" else visitor.get
    lesson = place(enrolment, reading)
    answer = ask(lesson + end, headers={"referer": f"http://testserver{lesson}"})
    if who == "visitor":
        assert answer.status_code == 302
        assert answer["Location"].startswith(f"/sign-in/?next={lesson}")
    else:
        assert answer.status_code == 404
    assert not LessonCompletion.objects.exists()
