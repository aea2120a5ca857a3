"""Importing staff through the pages: look first, confirm, correct and come again; each in both languages."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom.institutions.models import Membership, StaffImport
from classroom.institutions.services import imports, leave
from classroom.people import services as people
from classroom.people.models import AuditEntry, User
from tests.classroom.institutions.spreadsheet_files import HEAD, ROW, as_csv, as_xlsx
from tests.factories.institutions import ManagerFactory, MembershipFactory, PostFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
WHY = "the test counts all"
BAD = ["李四", "12", "", "", "宇航员", ""]
TODAY = timezone.localdate()
ONE = timedelta(days=1)


@pytest.fixture
def desk(client: Client, manager: Membership) -> Client:
    client.force_login(manager.user)
    return client


def upload(desk: Client, content: bytes, name: str = "人员.csv", language: str = "en", **data: Any) -> Any:
    file = SimpleUploadedFile(name, content)
    return desk.post("/institution/import/", {"file": file, **data}, HTTP_ACCEPT_LANGUAGE=language)


def read(desk: Client, *rows: list[str]) -> str:
    """Upload a list and return the path of its dry run."""
    answer = upload(desk, as_csv(HEAD, *rows))
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def counts() -> tuple[int, int]:
    return User.objects.count(), Membership.objects.unscoped(WHY).count()


def text_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def test_nothing_is_written_until_it_is_confirmed(desk: Client) -> None:
    before = counts()
    path = read(desk, ROW, BAD)
    for _ in range(2):
        desk.get(path, HTTP_ACCEPT_LANGUAGE="en")
    assert counts() == before
    assert AuditEntry.objects.get().action == "staff.read_file"


def test_looking_at_a_link_carries_nothing_out(desk: Client) -> None:
    path = read(desk, ROW)
    before = counts()
    assert desk.get(f"{path}apply/").status_code == 405
    assert desk.get(f"{path}links/").status_code == 405
    assert counts() == before


def test_a_forged_form_carries_nothing_out(manager: Membership, desk: Client) -> None:
    path, before = read(desk, ROW), counts()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(manager.user)
    for where in (f"{path}apply/", f"{path}links/", "/institution/import/"):
        assert strict.post(where, {}).status_code == 403
    assert counts() == before


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["is no mobile number", "is no post"]), ("zh-hans", ["不是手机号", "岗位"])],
)
def test_a_wrong_row_is_named_by_its_number_in_the_file(
    desk: Client, language: str, words: list[str]
) -> None:
    path = read(desk, ROW, [""] * 6, [""] * 6, BAD)
    page = desk.get(path, HTTP_ACCEPT_LANGUAGE=language)
    wrong = re.search(r'id="wrong-title".*?</table>', page.content.decode(), re.S)
    assert wrong is not None
    assert '<th scope="row" class="num">5</th>' in wrong.group()
    for word in words:
        assert word in wrong.group()
    assert "宇航员" in wrong.group()


def test_right_rows_go_in_and_the_wrong_ones_are_told(desk: Client, manager: Membership) -> None:
    path = read(desk, BAD, ROW, [""] * 6, ["王五", "13911110002", "", "", "", "2199-01-01"])
    users, members = counts()
    desk.post(f"{path}apply/")
    assert counts() == (users + 1, members + 1)
    page = text_of(desk.get(path, HTTP_ACCEPT_LANGUAGE="en"))
    assert "1 row was carried out" in page
    assert "rows 2, 5" in page
    made = User.objects.get(mobile="13911110001")
    actions = AuditEntry.objects.filter(target=f"user:{made.pk}").order_by("pk")
    assert [(row.action, row.actor) for row in actions] == [
        ("people.register", manager.user),
        ("institutions.join", manager.user),
    ]


def test_the_corrected_file_brings_in_the_rest_only(desk: Client) -> None:
    desk.post(f"{read(desk, ROW, BAD)}apply/")
    before = counts()
    path = read(desk, ROW, ["李四", "13911110003", "", "", "检测员", ""])
    page = text_of(desk.get(path, HTTP_ACCEPT_LANGUAGE="en"))
    assert "Carry out 1 row" in page
    desk.post(f"{path}apply/")
    assert counts() == (before[0] + 1, before[1] + 1)


def test_confirming_twice_is_confirming_once(desk: Client) -> None:
    path = read(desk, ROW)
    for _ in range(3):
        assert desk.post(f"{path}apply/").status_code == 302
    assert AuditEntry.objects.filter(action="institutions.import_staff").count() == 1
    assert Membership.objects.unscoped(WHY).filter(user__mobile="13911110001").count() == 1


def test_a_file_of_wrong_rows_only_offers_nothing_to_confirm(desk: Client) -> None:
    page = desk.get(read(desk, BAD), HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Nothing to carry out" in page
    assert "/apply/" not in page


def test_the_rows_are_looked_at_again_when_they_are_carried_out(desk: Client, manager: Membership) -> None:
    """Between the look and the confirmation somebody else may have entered the same person."""
    path = read(desk, ROW)
    stranger = UserFactory(name="别人", mobile="13911110001")
    before = counts()
    desk.post(f"{path}apply/")
    assert counts() == before
    assert not Membership.objects.unscoped(WHY).filter(user=stranger).exists()
    assert StaffImport.objects.get().outcome["wrong"] == [2]


def test_who_comes_tomorrow_is_no_second_member(desk: Client, manager: Membership) -> None:
    known = UserFactory(name="王芳", mobile="13911110001")
    MembershipFactory(user=known, institution=manager.institution, started_on=TODAY + ONE)
    path = read(desk, [*ROW[:3], "", "", ""])
    page = text_of(desk.get(path, HTTP_ACCEPT_LANGUAGE="en"))
    assert "wrong" not in page.lower().split("rows to carry out")[0].replace("wrong rows 0", "")
    assert desk.post(f"{path}apply/").status_code == 302
    assert Membership.objects.unscoped(WHY).filter(user=known).count() == 1


@pytest.mark.parametrize(
    ("started", "action"), [("", "join"), (TODAY.isoformat(), "join"), ("2024-01-01", "wrong")]
)
def test_who_comes_back_begins_after_the_last_day(
    desk: Client, manager: Membership, started: str, action: str
) -> None:
    known = UserFactory(name="王芳", mobile="13911110001")
    former = MembershipFactory(user=known, institution=manager.institution, ended_on=TODAY - 5 * ONE)
    path = read(desk, [*ROW[:5], started])
    found = StaffImport.objects.get()
    assert [line.action for line in imports.lines_of(found, TODAY)] == [action]
    page = desk.get(path, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert (f"worked here until {former.ended_on.isoformat()}" in page) is (action == "wrong")
    desk.post(f"{path}apply/")
    rows = Membership.objects.unscoped(WHY).filter(user=known)
    assert rows.count() == (2 if action == "join" else 1)


def test_a_managers_own_row_is_left_as_it_is(desk: Client, manager: Membership) -> None:
    """Who may read a whole institution is an operator's matter."""
    me = manager.user
    path = read(desk, [me.name, me.mobile, "", "别处", "授权签字人", ""])
    assert "Nothing to carry out" in desk.get(path, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    desk.post(f"{path}apply/")
    manager.refresh_from_db()
    assert (manager.department, manager.role, manager.posts.count()) == ("", "manager", 0)


def test_without_a_column_of_posts_the_posts_stay(desk: Client, manager: Membership) -> None:
    known = UserFactory(name="王芳", mobile="13911110001")
    row = MembershipFactory(user=known, institution=manager.institution, department="旧科室")
    PostFactory(membership=row, kind="supervisor")
    content = as_csv(["姓名", "手机号", "部门"], ["王芳", "13911110001", "新科室"])
    path = upload(desk, content).headers["Location"]
    desk.post(f"{path}apply/")
    row.refresh_from_db()
    assert row.department == "新科室"
    assert row.posts.get().ended_on is None


def test_a_name_written_with_another_dot_is_the_same_person(desk: Client, manager: Membership) -> None:
    known = UserFactory(name="阿依古丽·买买提", mobile="13911110001")
    MembershipFactory(user=known, institution=manager.institution)
    read(desk, ["阿依古丽•买买提", "+86 139-1111-0001", "", "", "", ""])
    assert [line.action for line in imports.lines_of(StaffImport.objects.get(), TODAY)] == ["same"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04broken",
        b"\xd0\xcf\x11\xe0" + b"0" * 600,
        "用户名,密码\n王芳,1\n".encode(),
        "姓名,手机号\n".encode("gb18030"),
        as_csv(["姓名", "手机号"], *[["王芳", "1"]] * 5001),
        b"\x89PNG\r\n\x1a\n\x00\x01",
    ],
)
def test_a_file_that_is_no_list_changes_nothing_and_says_what_to_do(
    desk: Client, content: bytes, language: str
) -> None:
    answer = upload(desk, content, language=language)
    assert answer.status_code == 400
    alert = re.search(r'role="alert">(.*?)</p>', answer.content.decode(), re.S)
    assert alert is not None
    assert bool(re.search("[一-鿿]", alert.group(1))) is (language == "zh-hans")
    assert not StaffImport.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "<b>.csv", "长" * 200 + ".csv", "a\x00b.csv", "x"])
def test_a_file_may_be_called_anything(desk: Client, name: str) -> None:
    path = upload(desk, as_csv(HEAD, ROW), name=name).headers["Location"]
    page = desk.get(path).content.decode()
    kept = StaffImport.objects.get().filename
    assert "/" not in kept
    assert "<b>" not in page


def test_a_formula_of_a_name_is_text_on_the_page_and_defused_in_the_file(desk: Client) -> None:
    evil = '=HYPERLINK("http://evil.example")'
    path = read(desk, [evil, "13911110001", "", "", "", ""], ["<script>x</script>", "13911110002"] + [""] * 4)
    page = desk.get(path).content.decode()
    assert "<script>x" not in page
    desk.post(f"{path}apply/")
    links = desk.post(f"{path}links/").content.decode("utf-8-sig")
    assert "'=HYPERLINK" in links
    assert not re.search(r"^\"?[=+@]", links, re.M)


def test_links_are_for_the_new_who_are_still_here(desk: Client, manager: Membership) -> None:
    rows = [[f"新人{number}", f"1391111000{number}", "", "", "", ""] for number in range(4)]
    path = read(desk, *rows)
    desk.post(f"{path}apply/")
    made = {user.name: user for user in User.objects.filter(name__startswith="新人")}
    people.change_password(user=made["新人1"], password="kiln-and-crane-4", by=made["新人1"])
    gone = Membership.objects.unscoped(WHY).get(user=made["新人2"])
    Membership.objects.unscoped(WHY).filter(pk=gone.pk).update(started_on=TODAY - 3 * ONE)
    leave(membership=gone, on=TODAY - ONE, by=manager.user)
    people.close_account(user=made["新人3"], by=manager.user)
    answer = desk.post(f"{path}links/")
    links = answer.content.decode("utf-8-sig")
    assert [name for name in made if name in links] == ["新人0"]
    assert "no-store" in answer.headers["Cache-Control"]
    entry = AuditEntry.objects.get(action="staff.links")
    assert entry.detail == {"people": [made["新人0"].pk]}


def test_a_link_of_the_file_brings_its_person_in(desk: Client) -> None:
    path = read(desk, ROW)
    desk.post(f"{path}apply/")
    links = desk.post(f"{path}links/").content.decode("utf-8-sig")
    where = re.search(r"/welcome/\S+/", links)
    assert where is not None
    person = Client()
    new = {"new": "harbour-crane-77", "again": "harbour-crane-77"}
    assert person.post(where.group(), new).status_code == 302
    assert person.session["_auth_user_id"] == str(User.objects.get(mobile="13911110001").pk)


def test_a_manager_of_two_institutions_chooses(desk: Client, manager: Membership) -> None:
    other = ManagerFactory(user=manager.user)
    foreign = ManagerFactory()
    upload(desk, as_csv(HEAD, ROW), institution=str(other.institution_id))
    assert StaffImport.objects.get().institution == other.institution
    refused = upload(desk, as_csv(HEAD, ROW), institution=str(foreign.institution_id))
    assert refused.status_code == 404
    assert StaffImport.objects.count() == 1


def test_a_dismissed_manager_finishes_nothing(desk: Client, manager: Membership) -> None:
    path, before = read(desk, ROW), counts()
    Membership.objects.unscoped(WHY).filter(pk=manager.pk).update(ended_on=TODAY - ONE)
    for where in (f"{path}apply/", f"{path}links/"):
        assert desk.post(where).status_code == 404
    assert desk.get(path).status_code == 404
    assert desk.get("/institution/import/").status_code == 403
    assert counts() == before


@pytest.mark.parametrize("what", ["shown", "applied", "choose"])
def test_the_pages_ask_as_much_for_three_rows_as_for_one(
    desk: Client, manager: Membership, what: str
) -> None:
    asked = []
    for count in (1, 3):
        rows = [[f"人{count}{n}", f"139111{count}000{n}", "", "", "检测员", ""] for n in range(count)]
        path = read(desk, *rows, BAD)
        if what == "applied":
            desk.post(f"{path}apply/")
        if what == "choose":
            path = "/institution/import/"
            ManagerFactory.create_batch(count - 1, user=manager.user)
        desk.get(path)
        with CaptureQueriesContext(connection) as caught:
            assert desk.get(path).status_code == 200
        asked.append(len(caught))
    assert asked[0] == asked[1]


def test_the_template_comes_back_as_a_list(desk: Client) -> None:
    answer = desk.get("/institution/import/template.xlsx")
    assert "spreadsheetml" in answer.headers["Content-Type"]
    refused = upload(desk, answer.content, name="模板.xlsx")
    assert refused.status_code == 400
    assert "There are no rows" in refused.content.decode()
    filled = as_xlsx(["姓名*", "手机号*", "邮箱", "部门", "岗位", "入职日期"], ROW)
    assert upload(desk, filled, name="模板.xlsx").status_code == 302


def test_many_rows_are_carried_out_in_one_go(
    manager: Membership, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    rows = [[f"人{n}", f"137{n:08d}", "", "", "检测员", ""] for n in range(60)]
    found = imports.read_file(
        institution=manager.institution, by=manager.user, filename="x", content=as_csv(HEAD, *rows)
    )
    with django_assert_max_num_queries(60 * 14 + 20):
        imports.carry_out(found=found, by=manager.user)
    assert found.rows[1][0] == "人0"
    members = Membership.objects.unscoped(WHY).filter(institution=manager.institution, role="staff")
    assert members.count() == 60
