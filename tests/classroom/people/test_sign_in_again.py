"""A session that ran out while a form stood open: sign in, and be back on the form's page."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client, RequestFactory

from classroom.enrolment.models import Enrolment
from classroom.people.models import User
from classroom.people.way_back import page_before
from courses.catalogue.models import Course
from tests.factories.catalogue import CoursePageFactory, complete_edition
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import ManagerFactory

pytestmark = pytest.mark.django_db
SignsIn = Callable[..., Any]
SITE = "http://testserver"
LOST = {
    "en": "You were signed out, so your last step had no effect. Please repeat it.",
    "zh-hans": "登录已失效，刚才的操作没有生效，请再操作一次。",
}


@pytest.fixture
def course(db: None) -> Course:
    page = CoursePageFactory(live=True, code="B1")
    found, _ = Course.objects.get_or_create(code="B1", defaults={"topic": page.topic})
    found.page = page
    found.save()
    complete_edition(course=found, videos=1)
    return found


def asked(response: Any) -> dict[str, list[str]]:
    """What the sign-in is asked for by the answer to a form."""
    assert response.status_code == 302
    parts = urlsplit(response["Location"])
    assert parts.path == "/sign-in/"
    return parse_qs(parts.query)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_who_was_signed_out_enrols_signs_in_and_is_back_on_the_course_page(
    client: Client, person: User, course: Course, sign_in: SignsIn, language: str
) -> None:
    client.cookies["django_language"] = language
    answer = client.post("/courses/enrol/B1/", headers={"referer": f"{SITE}/courses/b1/?from=list"})
    door = client.get(answer["Location"])
    html = door.content.decode()
    assert 'name="next" value="/courses/b1/?from=list"' in html
    assert {"en": "Your sign-in has ended.", "zh-hans": "登录已失效"}[language] in html
    entered = sign_in(client, person.mobile, next=door.context["next"], again="1", language=language)
    assert entered["Location"] == "/courses/b1/?from=list"
    page = client.get(entered["Location"])
    assert page.status_code == 200
    assert LOST[language] in page.content.decode()
    assert not Enrolment.objects.unscoped("test").exists()
    assert client.post("/courses/enrol/B1/").status_code == 302
    assert Enrolment.objects.unscoped("test").get().user == person


def test_the_message_is_in_the_persons_language_on_a_device_that_knows_none(
    client: Client, person: User, course: Course, sign_in: SignsIn
) -> None:
    User.objects.filter(pk=person.pk).update(language="zh-hans")
    entered = sign_in(client, person.mobile, next="/courses/b1/", again="1", language="en")
    assert LOST["zh-hans"] in client.get(entered["Location"]).content.decode()


def test_a_wrong_password_in_between_forgets_neither_page_nor_message(
    client: Client, person: User, course: Course, sign_in: SignsIn
) -> None:
    refused = sign_in(client, person.mobile, "wrong-one", next="/courses/b1/", again="1")
    html = refused.content.decode()
    assert 'name="next" value="/courses/b1/"' in html
    assert 'name="again" value="1"' in html
    assert "Your sign-in has ended." not in html


def test_who_has_signed_in_beside_goes_straight_on_and_is_told(
    client: Client, person: User, course: Course
) -> None:
    client.force_login(person)
    client.cookies["django_language"] = "en"
    page = client.get("/sign-in/?next=/courses/b1/&again=1", follow=True)
    assert page.redirect_chain == [("/courses/b1/", 302)]
    assert LOST["en"] in page.content.decode()


def test_a_visit_that_asks_for_a_sign_in_is_led_to_its_own_address_without_a_message(
    client: Client, person: User, sign_in: SignsIn
) -> None:
    answer = client.get("/learn/", headers={"referer": f"{SITE}/help/"})
    assert asked(answer) == {"next": ["/learn/"]}
    entered = sign_in(client, person.mobile, next="/learn/")
    assert (
        "no effect" not in client.get(entered["Location"], headers={"accept-language": "en"}).content.decode()
    )


def test_a_hand_in_and_an_answer_lead_back_to_the_paper(client: Client, person: User) -> None:
    attempt = AttemptFactory(enrolment=EnrolmentFactory(user=person))
    paper = f"/exam/attempt/{attempt.pk}/?q=3&review=1"
    for address in (f"/learn/exam/{attempt.pk}/submit/", f"/exam/attempt/{attempt.pk}/answer/3/"):
        answer = client.post(address, headers={"referer": SITE + paper})
        assert asked(answer) == {"next": [paper], "again": ["1"]}
    attempt.refresh_from_db()
    assert attempt.state == "in_progress"


def test_an_export_leads_back_to_its_table(client: Client, sign_in: SignsIn) -> None:
    manager = ManagerFactory().user
    answer = client.post(
        "/exports/new/",
        {"kind": "people", "format": "csv"},
        headers={"referer": f"{SITE}/institution/people/"},
    )
    entered = sign_in(client, manager.email or manager.mobile, **{k: v[0] for k, v in asked(answer).items()})
    page = client.get(entered["Location"], follow=True)
    assert page.status_code == 200
    assert "no effect" in page.content.decode() or "没有生效" in page.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/courses/enrol/B1/",
        "/me/sessions/end-others/",
        "/learn/exam/1/start/",
        "/learn/1/leave/",
        "/exports/new/",
    ],
)
def test_without_a_page_before_one_ends_on_a_page_all_the_same(
    client: Client, person: User, sign_in: SignsIn, address: str
) -> None:
    answer = client.post(address)
    assert asked(answer) == {"next": ["/"], "again": ["1"]}


def test_whoever_signs_out_or_in_by_a_form_is_led_where_they_were_before(
    client: Client, person: User, sign_in: SignsIn
) -> None:
    """Only a sign-in that was asked for is changed."""
    assert sign_in(client, person.mobile, next="/learn/")["Location"] == "/learn/"
    assert "again" not in client.post("/sign-out/", headers={"referer": f"{SITE}/learn/"})["Location"]


@pytest.mark.parametrize(
    ("sender", "path"),
    [
        (f"{SITE}/courses/b1/?q=1#top", "/courses/b1/?q=1"),
        (SITE, "/"),
        ("", ""),
        ("/courses/b1/", ""),
        ("https://evil.example/courses/b1/", ""),
        (f"{SITE}@evil.example/", ""),
        (f"{SITE}//evil.example/", ""),
        (f"{SITE}/\\evil.example/", ""),
        ("//testserver/x/", "/x/"),
        ("javascript:alert(1)", ""),
        ("http://[", ""),
    ],
)
def test_the_page_before_is_a_path_of_ours_or_nothing(sender: str, path: str) -> None:
    assert page_before(RequestFactory().post("/x/", headers={"referer": sender})) == path


def test_a_page_that_was_not_encrypted_is_not_gone_back_to() -> None:
    request = RequestFactory().post("/x/", headers={"referer": f"{SITE}/learn/"}, secure=True)
    assert page_before(request) == ""


def test_a_host_that_is_not_ours_knows_no_page_before() -> None:
    headers = {"host": "evil.example", "referer": "http://evil.example/learn/"}
    assert page_before(RequestFactory().post("/x/", headers=headers)) == ""
