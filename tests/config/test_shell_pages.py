"""The frame: header by role, theme and language, pages of the shell, errors that say what to do."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import path

from config import errors
from config.shell.navigation import navigation, role_of
from config.urls import urlpatterns as real
from tests.factories.institutions import ManagerFactory, RegulatorGrantFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def refuse(request: object) -> None:
    raise PermissionDenied("只有本机构的人员可以看。")


def fail(request: object) -> None:
    raise RuntimeError("broken on purpose")


def many(request: object) -> object:
    return errors.too_many_requests(request, 90)  # type: ignore[arg-type]


urlpatterns = [path("refuse/", refuse), path("fail/", fail), path("many/", many), *real]
handler400, handler403 = "config.errors.bad_request", "config.errors.permission_denied"
handler404, handler500 = "config.errors.page_not_found", "config.errors.server_error"


def labels(client: Client) -> list[str]:
    html = client.get("/help/").content.decode()
    return re.findall(r'class="nav__link"[^>]*>([^<]+)<', html)


def test_a_visitor_is_offered_what_needs_no_sign_in(client: Client) -> None:
    assert labels(client) == ["课程", "证书核验", "通知", "帮助"]


def test_a_learner_begins_with_the_own_learning(client: Client) -> None:
    client.force_login(UserFactory())
    assert labels(client) == ["我的学习", "课程", "证书", "通知"]


@pytest.mark.parametrize(
    ("make", "label", "role"),
    [(ManagerFactory, "本机构人员", "培训管理员"), (RegulatorGrantFactory, "总览", "监管人员")],
)
def test_roles_add_their_console(client: Client, make: object, label: str, role: str) -> None:
    user = make().user  # type: ignore[operator]
    client.force_login(user)
    assert label in labels(client)
    assert role_of(user) == role


def test_a_trainer_is_led_to_the_admin(client: Client) -> None:
    user = UserFactory()
    user.groups.add(Group.objects.get(name="Trainers"))
    client.force_login(user)
    assert "后台" in labels(client)
    assert role_of(user) == "讲师"


def test_an_operator_is_called_one_and_not_a_learner() -> None:
    user = UserFactory()
    user.groups.add(Group.objects.get(name="Operators"))
    assert role_of(user) == "运营人员"


def test_nobody_has_no_role(rf: RequestFactory) -> None:
    assert role_of(None) == ""
    assert [item.label for item in navigation(rf.get("/"))] == ["课程", "证书核验", "通知", "帮助"]


def test_the_entry_of_the_page_one_is_on_is_marked(client: Client) -> None:
    html = client.get("/help/").content.decode()
    assert re.search(r'href="/help/" aria-current="page">帮助<', html)
    assert html.count('class="nav__link"') - html.count('aria-current="page"') >= 2


@pytest.mark.parametrize(
    ("make", "address", "part"),
    [
        (ManagerFactory, "/institution/people/", ("本机构人员", "page")),
        (ManagerFactory, "/institution/import/", ("本机构人员", "true")),
        (ManagerFactory, "/plans/", ("本机构人员", "true")),
        (ManagerFactory, "/plans/new/", ("本机构人员", "true")),
        (ManagerFactory, "/overview/person/7/", ("本机构人员", "true")),
        (RegulatorGrantFactory, "/plans/new/", ("总览", "true")),
        (RegulatorGrantFactory, "/exports/", ("总览", "true")),
        (RegulatorGrantFactory, "/overview/SH/", ("总览", "true")),
        (RegulatorGrantFactory, "/exam/7/", ("我的学习", "true")),
        (RegulatorGrantFactory, "/courses/b1/", ("课程", "true")),
        (RegulatorGrantFactory, "/me/", None),
        (RegulatorGrantFactory, "/v/token/", None),
        (None, "/v/token/", ("证书核验", "true")),
        (None, "/plans/", None),
    ],
)
def test_a_page_belongs_to_one_entry_that_its_reader_has(
    make: Any, address: str, part: tuple[str, str] | None, rf: RequestFactory
) -> None:
    request = rf.get(address)
    request.user = make().user if make else AnonymousUser()
    marked = [(item.label, item.current) for item in navigation(request) if item.current]
    assert marked == ([part] if part else [])


def test_who_is_both_finds_plans_under_the_office_and_staff_under_the_institution(rf: RequestFactory) -> None:
    user = ManagerFactory().user
    RegulatorGrantFactory(user=user)
    found = []
    for address in ("/plans/", "/institution/import/"):
        request = rf.get(address)
        request.user = user
        found += [item.label for item in navigation(request) if item.current]
    assert found == ["总览", "本机构人员"]


def test_the_name_is_escaped_and_its_first_sign_stands_for_it(client: Client) -> None:
    client.force_login(UserFactory(name="<b>陈"))
    html = client.get("/help/").content.decode()
    assert "<b>陈" not in html
    assert "&lt;b&gt;陈" in html


def test_every_page_has_landmarks_a_skip_link_and_one_heading(client: Client) -> None:
    for address in ("/help/", "/accessibility/", "/states/"):
        html = client.get(address).content.decode()
        assert html.count("<h1") == 1
        assert '<a class="skip" href="#main">' in html
        for landmark in ("<header", "<nav", "<main", "<footer"):
            assert landmark in html
        assert not re.search(r"<[^>]+\sstyle=", html)
        assert not re.search(r"<[^>]+\son[a-z]+=", html)


def test_theme_comes_from_the_cookie_and_only_as_one_of_two_words(client: Client) -> None:
    assert "data-theme" not in client.get("/help/").content.decode().split("<head>")[0]
    client.cookies["theme"] = "dark"
    assert '<html lang="zh-Hans" data-theme="dark">' in client.get("/help/").content.decode()
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in client.get("/help/").content.decode().split("<head>")[0]


def test_without_script_the_switch_goes_round_by_the_server(client: Client) -> None:
    response = client.post("/theme/", {"next": "/courses/?q=a"})
    assert response.status_code == 302
    assert response["Location"] == "/courses/?q=a"
    assert response.cookies["theme"].value == "dark"
    assert client.post("/theme/", {"next": "/"}).cookies["theme"].value == "light"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_switch_leads_nowhere_else(client: Client, back: str) -> None:
    assert client.post("/theme/", {"next": back})["Location"] == "/"


def test_the_switch_takes_only_posts_with_a_token() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.get("/theme/").status_code == 405
    response = client.post("/theme/", {"next": "/"})
    assert response.status_code == 403
    assert "这份表单已失效" in response.content.decode()


def test_language_is_kept_in_its_cookie(client: Client) -> None:
    client.post("/i18n/setlang/", {"language": "en", "next": "/help/"})
    html = client.get("/help/").content.decode()
    assert '<html lang="en"' in html
    assert "How a course is completed" in html
    assert 'value="zh-hans"' in html


def test_states_are_for_demos(client: Client, settings: object) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    assert client.get("/states/").status_code == 200
    settings.DEMO = False  # type: ignore[attr-defined]
    assert client.get("/states/").status_code == 404


def test_registration_numbers_are_shown_where_there_are_any(client: Client, settings: object) -> None:
    assert "beian" not in client.get("/help/").content.decode()
    settings.ICP_LICENCE = "沪ICP备00000000号"  # type: ignore[attr-defined]
    settings.POLICE_LICENCE = "沪公网安备00000000000000号"  # type: ignore[attr-defined]
    html = client.get("/help/").content.decode()
    assert "沪ICP备00000000号" in html
    assert "沪公网安备00000000000000号" in html


@pytest.mark.parametrize("address", ["/no/such/page/", "/courses/zz/", "/nope"])
def test_what_is_not_there_leads_to_the_search(client: Client, address: str) -> None:
    response = client.get(address, follow=True)
    assert response.status_code == 404
    html = response.content.decode()
    assert "没有这个页面" in html
    assert "搜索课程" in html


@pytest.mark.urls("tests.config.test_shell_pages")
def test_a_refusal_says_why_and_what_to_do(client: Client) -> None:
    response = client.get("/refuse/?a=1")
    assert response.status_code == 403
    html = response.content.decode()
    assert "只有本机构的人员可以看。" in html
    assert "/sign-in/?next=/refuse/%3Fa%3D1" in html
    client.force_login(UserFactory())
    assert "培训管理员" in client.get("/refuse/").content.decode()


@pytest.mark.urls("tests.config.test_shell_pages")
def test_a_fault_of_ours_needs_no_database(client: Client, django_assert_num_queries: object) -> None:
    client.raise_request_exception = False
    with django_assert_num_queries(0):  # type: ignore[operator]
        response = client.get("/fail/")
    assert response.status_code == 500
    html = response.content.decode()
    assert "服务出了故障" in html
    assert response["X-Request-ID"] in html
    assert "broken on purpose" not in html


@pytest.mark.urls("tests.config.test_shell_pages")
def test_too_many_says_how_long(client: Client) -> None:
    response = client.get("/many/")
    assert response.status_code == 429
    assert response["Retry-After"] == "90"
    assert "请等 2 分钟再试" in response.content.decode()


def test_a_status_without_a_page_of_its_own_gets_the_common_one(rf: RequestFactory) -> None:
    response = errors.answer(rf.get("/x/"), 418)
    assert response.status_code == 418
    assert "没有成功" in response.content.decode()


def test_a_damaged_request_is_told_so(rf: RequestFactory) -> None:
    response = errors.bad_request(rf.get("/x/"), ValueError())
    assert response.status_code == 400
    assert "请求无法识别" in response.content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
def test_an_api_gets_problem_details(rf: RequestFactory, status: int) -> None:
    request = rf.get("/api/nothing/")
    response = errors.server_error(request) if status == 500 else errors.answer(request, status)
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == status == response.status_code


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500", "error"])
def test_error_pages_render_in_both_languages(rf: RequestFactory, name: str, language: str) -> None:
    from django.utils import translation

    with translation.override(language):
        status = int(name[:3]) if name[0].isdigit() else 418
        html = errors.answer(rf.get("/x/"), status, template=f"shell/{name}.html").content.decode()
    assert html.count("<h1") == 1
    assert bool(re.search("[\u4e00-\u9fff]{4}", html.split("<h1>")[1].split("</h1>")[0])) == (
        language == "zh-hans"
    )


def test_forms_have_label_hint_and_error_in_the_look(client: Client) -> None:
    html = client.post("/sign-in/", {}).content.decode()
    assert "field__label" in html
