"""Staff lists: every encoding, every broken file, a dry run that changes nothing, twice without harm."""

import contextlib
import csv
import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from classroom.institutions import errors, staff_list, staff_template
from classroom.institutions.models import Membership, StaffImport
from classroom.institutions.services import imports
from classroom.institutions.spreadsheets import MOST_BYTES, decode, read_rows
from classroom.people.models import User
from tests.factories.institutions import InstitutionFactory, ManagerFactory, MembershipFactory, PostFactory
from tests.factories.people import UserFactory

HEAD = ["姓名", "手机号", "邮箱", "部门", "岗位", "入职日期"]
ROW = ["王芳", "13911110001", "", "理化室", "检测员、内审员", "2026/1/5"]
TODAY = date(2026, 6, 15)
WHY = "the test counts all"


def as_csv(*rows: list[str], encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8-sig", ","),
        ("utf-8", ","),
        ("gb18030", ","),
        ("utf-16", "\t"),
        ("utf-16-le", ","),
        ("gb18030", ";"),
    ],
)
def test_every_encoding_gives_the_same_rows(encoding: str, delimiter: str) -> None:
    rare = [*ROW[:1], *ROW[1:3], "䶮㛃", *ROW[4:]]
    content = as_csv(HEAD, rare, encoding=encoding, delimiter=delimiter)
    assert read_rows(content) == [HEAD, rare]


def test_xlsx_numbers_and_days_read_as_people_write_them() -> None:
    content = as_xlsx(HEAD, ["王芳", 13911110001, None, "'理化室", "检测员", date(2026, 1, 5)], [None] * 6)
    assert read_rows(content)[1] == ["王芳", "13911110001", "", "理化室", "检测员", "2026-01-05"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", errors.EmptyFile),
        (b" \r\n ", errors.EmptyFile),
        (b"x" * (MOST_BYTES + 1), errors.FileTooLarge),
        (b"\xd0\xcf\x11\xe0" + b"0" * 99, errors.OldSpreadsheet),
        (b"PK\x03\x04broken", errors.UnreadableFile),
        (b"\x89PNG\r\n\x1a\n\x01\x02", errors.UnreadableFile),
        (b"%PDF-1.7\n\x00\x01\x02\xff", errors.UnreadableFile),
        (b"\xff\xfe\x00", errors.UnreadableFile),
    ],
)
def test_what_is_no_list_is_named(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_rows(content)


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(errors.FileTooLarge):
        read_rows(b"a\n" + b"x\n" * 5001)


@pytest.mark.samples
def test_real_files_are_read_or_refused_by_name(samples: Path) -> None:
    for path in (samples / "spreadsheets").rglob("*.*"):
        with contextlib.suppress(errors.UnreadableFile):
            assert read_rows(path.read_bytes())


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fall_over(content: bytes) -> None:
    with contextlib.suppress(errors.UnreadableFile):
        read_rows(content)


@given(st.text(st.characters(codec="gb18030", categories=["L", "N"]), min_size=1, max_size=40))
def test_utf_16_and_utf_8_marks_are_believed(text: str) -> None:
    assert decode(text.encode("utf-16")) == text
    assert decode(text.encode("utf-8-sig")) == text


def parsed(*rows: list[str]) -> list[staff_list.StaffRow]:
    return staff_list.parse([HEAD, *rows], TODAY)


def problems(row: list[str]) -> list[str]:
    return [problem.code for problem in parsed(row)[0].problems]


def test_a_right_row_is_understood() -> None:
    row = parsed(ROW)[0]
    assert (row.number, row.name, row.mobile, row.department) == (2, "王芳", "13911110001", "理化室")
    assert (row.posts, row.started_on, row.problems) == (["tester", "internal_auditor"], date(2026, 1, 5), [])


@pytest.mark.parametrize("written", ["139 1111 0001", "139-1111-0001", "+8613911110001", "8613911110001"])
def test_a_mobile_is_read_however_it_is_written(written: str) -> None:
    assert parsed(["王芳", written, "", "", "", ""])[0].mobile == "13911110001"


@pytest.mark.parametrize(
    "posts", ["报告编制/审核人", "检测员/内审员", "检测员，内审员", "Tester; internal auditor"]
)
def test_posts_are_read_however_they_are_parted(posts: str) -> None:
    row = parsed([*ROW[:4], posts, ""])[0]
    assert row.problems == []
    assert row.posts


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({0: ""}, "no_name"),
        ({0: "长" * 65}, "long_name"),
        ({1: ""}, "no_identifier"),
        ({1: "12345"}, "bad_mobile"),
        ({1: "13٩11110001"}, "bad_mobile"),
        ({2: "no at"}, "bad_email"),
        ({4: "宇航员"}, "unknown_post"),
        ({5: "五月"}, "bad_day"),
        ({5: "2027-01-01"}, "future_day"),
    ],
)
def test_a_wrong_cell_is_named(change: dict[int, str], code: str) -> None:
    row = [change.get(index, cell) for index, cell in enumerate(ROW)]
    assert problems(row) == [code]


def test_a_number_that_stands_twice_is_wrong_twice() -> None:
    rows = parsed(ROW, ["李四", *ROW[1:]])
    assert [[problem.code for problem in row.problems] for row in rows] == [["twice"], ["twice"]]


@pytest.mark.parametrize("head", [["姓名"], ["手机号"], ["用户名", "密码"]])
def test_columns_that_are_needed_must_be_there(head: list[str]) -> None:
    with pytest.raises(errors.MissingColumns):
        staff_list.parse([head, ["x"]], TODAY)


def test_a_heading_alone_is_empty() -> None:
    with pytest.raises(errors.EmptyFile):
        staff_list.parse([HEAD], TODAY)


def test_the_template_is_a_list_that_is_understood() -> None:
    rows = read_rows(staff_template.build())
    assert staff_list.parse([rows[0], ["王芳", "13911110001", "", "", "检测员", ""]], TODAY)[0].problems == []


def test_every_problem_has_words() -> None:
    for code in staff_list.PROBLEMS:
        assert staff_list.Problem(code, "值").words


@pytest.fixture
def manager(db: None) -> Membership:
    return ManagerFactory()


def read(manager: Membership, *rows: list[str]) -> StaffImport:
    return imports.read_file(
        institution=manager.institution, by=manager.user, filename="x.csv", content=as_csv(HEAD, *rows)
    )


def actions(found: StaffImport) -> list[str]:
    return [line.action for line in imports.lines_of(found, TODAY)]


def test_a_dry_run_changes_nothing(manager: Membership) -> None:
    people, members = User.objects.count(), Membership.objects.unscoped(WHY).count()
    assert actions(read(manager, ROW, ["李四", "12", "", "", "", ""])) == ["new", "wrong"]
    assert (User.objects.count(), Membership.objects.unscoped(WHY).count()) == (people, members)


def test_right_rows_are_carried_out_and_wrong_ones_left(manager: Membership) -> None:
    found = imports.carry_out(found=read(manager, ROW, ["李四", "12", "", "", "", ""]), by=manager.user)
    assert found.outcome["counts"] == {"new": 1, "wrong": 1}
    assert found.outcome["wrong"] == [3]
    person = User.objects.get(mobile="13911110001")
    member = Membership.objects.unscoped(WHY).get(user=person)
    assert (member.institution, member.department, member.started_on) == (
        manager.institution, "理化室", date(2026, 1, 5),
    )  # fmt: skip
    assert set(member.posts.values_list("kind", flat=True)) == {"tester", "internal_auditor"}


def test_the_same_file_twice_is_no_change(manager: Membership) -> None:
    first = read(manager, ROW)
    imports.carry_out(found=first, by=manager.user)
    imports.carry_out(found=first, by=manager.user)
    again = read(manager, ROW)
    assert actions(again) == ["same"]
    imports.carry_out(found=again, by=manager.user)
    assert User.objects.filter(name="王芳").count() == 1


def test_known_people_join_or_change(manager: Membership) -> None:
    known = UserFactory(name="王芳", mobile="13911110001")
    assert actions(read(manager, ROW)) == ["join"]
    member = MembershipFactory(user=known, institution=manager.institution, department="旧科室")
    PostFactory(membership=member, kind="supervisor")
    found = read(manager, ROW)
    assert actions(found) == ["change"]
    imports.carry_out(found=found, by=manager.user)
    member.refresh_from_db()
    assert member.department == "理化室"
    held = member.posts.filter(ended_on=None).values_list("kind", flat=True)
    assert set(held) == {"tester", "internal_auditor"}


def test_people_of_others_are_not_taken(manager: Membership) -> None:
    UserFactory(name="别人", mobile="13911110001")
    UserFactory(email="b@lab.example")
    two = ["别人", "13911110001", "b@lab.example", "", "", ""]
    MembershipFactory(user=UserFactory(name="在别处", mobile="13911110002"))
    UserFactory(name="注销", mobile="13911110003", is_active=False)
    rows = [ROW, two, ["在别处", "13911110002", "", "", "", ""], ["注销", "13911110003", "", "", "", ""]]
    for row, code in zip(rows, ["other_name", "two_people", "elsewhere", "closed"], strict=True):
        line = imports.lines_of(read(manager, row), TODAY)[0]
        assert (line.action, [problem.code for problem in line.row.problems]) == ("wrong", [code])


def test_only_the_own_manager_imports(manager: Membership) -> None:
    stranger = ManagerFactory().user
    with pytest.raises(errors.NotAllowed):
        imports.read_file(
            institution=manager.institution, by=stranger, filename="x", content=as_csv(HEAD, ROW)
        )
    found = read(manager, ROW)
    with pytest.raises(errors.ImportGone):
        imports.import_of(user=stranger, import_id=found.pk)
    with pytest.raises(errors.ImportGone):
        imports.carry_out(found=found, by=stranger)


def test_lines_ask_a_fixed_number_of_queries(manager: Membership, django_assert_num_queries: object) -> None:
    for count in (1, 3):
        rows = [["王芳", f"1391111000{n}", "", "", "", ""] for n in range(count)]
        found = StaffImport.objects.select_related("institution").get(pk=read(manager, *rows).pk)
        with django_assert_num_queries(4):
            imports.lines_of(found, TODAY)


def upload(client: Client, content: bytes) -> object:
    file = SimpleUploadedFile("../../人员.csv", content)
    return client.post("/institution/import/", {"file": file}, HTTP_ACCEPT_LANGUAGE="en")


def test_a_manager_imports_through_the_pages(client: Client, manager: Membership) -> None:
    client.force_login(manager.user)
    response = upload(client, as_csv(HEAD, ROW, ["", "", "", "", "", ""], ["李四", "12", "", "", "", ""]))
    found = StaffImport.objects.get()
    path = f"/institution/import/{found.pk}/"
    assert response.headers["Location"] == path
    page = client.get(path).content.decode()
    assert "王芳" in page
    assert "“12”" in page
    client.post(f"{path}apply/")
    assert client.get(path).status_code == 200
    links = client.post(f"{path}links/").content.decode("utf-8-sig")
    assert links.count("/welcome/") == 1
    assert client.get("/institution/import/template.xlsx").status_code == 200


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", "姓名\n张三".encode(), b"\x00\x01\x02"])
def test_a_broken_file_gets_a_clear_answer(client: Client, manager: Membership, content: bytes) -> None:
    client.force_login(manager.user)
    with translation.override("en"):
        response = upload(client, content)
    assert response.status_code == 400
    assert b'role="alert"' in response.content
    assert StaffImport.objects.count() == 0


def test_import_pages_are_for_their_managers(client: Client, manager: Membership) -> None:
    found = read(manager, ROW)
    pages = ["", "template.xlsx", f"{found.pk}/"]
    assert [client.get(f"/institution/import/{page}").status_code for page in pages] == [302] * 3
    client.force_login(UserFactory())
    assert [client.get(f"/institution/import/{page}").status_code for page in pages] == [403, 403, 404]
    client.force_login(ManagerFactory().user)
    assert client.get(f"/institution/import/{found.pk}/").status_code == 404
    assert client.post(f"/institution/import/{found.pk}/apply/").status_code == 404
    assert client.get("/institution/import/", {"institution": manager.institution_id}).status_code == 404
    assert InstitutionFactory().pk
