"""What stands in the files: headings, kinds of cells, hostile and long texts, empty tables, sameness."""

import csv
import io
import re
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from openpyxl.worksheet.worksheet import Worksheet

from classroom.people.models import User
from classroom.reports.models import ReportRun, Rollup
from classroom.reports.queries import tables
from classroom.reports.services import exports
from classroom.reports.services.rollups import rebuild
from tests.classroom.reports.test_exports import HEADINGS
from tests.classroom.reports.worlds import World, authority
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import (
    CmaCertificateFactory,
    InstitutionFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)

pytestmark = pytest.mark.django_db
WHY = "the test looks at everybody's"
HOSTILE = [
    '=HYPERLINK("http://x.test","点此")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=cmd|' /C calc'!A0",
]


def made(user: User, kind: str, file_format: str = "xlsx", **spec: str) -> ReportRun:
    run, _ = exports.request_run(user=user, kind=kind, file_format=file_format, spec=spec)
    assert exports.produce(run_id=run.pk) is not None
    run.refresh_from_db()
    assert run.state == "ready"
    return run


def content_of(run: ReportRun) -> bytes:
    with default_storage.open(run.file) as file:
        content: bytes = file.read()
    return content


def sheet_of(run: ReportRun) -> Worksheet:
    found: Worksheet = openpyxl.load_workbook(io.BytesIO(content_of(run))).worksheets[0]
    return found


def lines_of(run: ReportRun) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content_of(run).decode("utf-8-sig"))))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_form_of_the_field_is_chinese_for_everybody(city: World, language: str) -> None:
    city.city.language = language
    city.city.save()
    run = made(city.city, "institutions")
    assert [cell.value for cell in sheet_of(run)[1]] == HEADINGS
    notes = openpyxl.load_workbook(io.BytesIO(content_of(run)))["口径说明"]
    meanings = [str(cell.value) for cell in notes["B"]]
    assert ("Completed ÷ enrolled." in meanings) is (language == "en")


def test_the_buttons_of_the_overview_give_the_form_of_the_field(client: Client, city: World) -> None:
    """The city's page too: districts compared are the second button, not the first."""
    client.force_login(city.city)
    text = client.get("/overview/").content.decode()
    kinds = re.findall(r'name="kind" value="(\w+)"', text)
    assert kinds == ["institutions", "districts"]
    response = client.post("/exports/new/", {"kind": kinds[0], "format": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).worksheets[0]
    assert [cell.value for cell in sheet[1]] == HEADINGS


def test_the_table_on_the_page_has_the_columns_of_the_form(client: Client, city: World) -> None:
    client.force_login(city.district)
    text = client.get("/overview/SH-310115/").content.decode()
    table = text[text.index('id="institutions"') :]
    heads = re.findall(r"<th scope=\"col\"[^>]*>([^<]+)</th>", table)
    # The page leaves out what it says elsewhere, and shortens 人数 and the sign.
    left_out = {"序号", "所属区", "资质认定证书编号", "统计截止时间"}
    short = [heading.removesuffix("人数").removesuffix("(%)") for heading in HEADINGS]
    assert heads == [heading for heading in short if heading not in left_out]
    row = table[table.index("东岸检测") :]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", row)[:10]
    assert cells[1:] == ["5", "5", "2", "40.0%", "3", "2", "66.7%", "1", "1.6"]


def test_each_cell_of_the_institutions_has_its_kind(city: World) -> None:
    sheet = sheet_of(made(city.district, "institutions"))
    east, idle = list(sheet.iter_rows(min_row=2, max_row=3))
    assert [cell.data_type for cell in east] == list("nssssnnnnnnnnns")
    # A dash for 0/0 is a text; the counts stay figures.
    assert [cell.data_type for cell in idle] == list("nssssnnnsnnsnss")
    assert (east[8].value, east[11].value, east[13].value) == (40, 66.7, 1.6)
    assert (east[8].number_format, east[13].number_format, east[5].number_format) == ("0.0", "0.0", "0")
    assert (east[3].number_format, east[3].value) == ("@", city.east.uscc)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", str(east[14].value))


def test_each_cell_of_the_districts_has_its_kind(city: World) -> None:
    sheet = sheet_of(made(city.city, "districts"))
    assert [cell.value for cell in sheet[1]] == list(tables.DISTRICT_HEADINGS)
    rows = {row[1].value: row for row in sheet.iter_rows(min_row=2)}
    assert [cell.data_type for cell in rows["浦东新区"]] == list("nsnnnnnnnnnnnnnns")
    assert [rows["浦东新区"][column].value for column in (2, 3, 4, 14)] == [2, 1, 50, 1]
    total = list(sheet.iter_rows())[-1]
    assert [total[0].value, *(cell.value for cell in total[2:5])] == ["合计", 3, 2, 66.7]


def test_each_cell_of_the_people_has_its_kind(city: World) -> None:
    sheet = sheet_of(made(city.manager, "people", institution=str(city.east.pk)))
    assert [cell.value for cell in sheet[1]] == list(tables.PEOPLE_HEADINGS)
    rows = {row[1].value: row for row in sheet.iter_rows(min_row=2)}
    assert [rows["员工late"][column].data_type for column in (0, 7, 10)] == ["n", "n", "n"]
    assert (rows["员工late"][6].value, rows["员工late"][10].value) == ("逾期", 7)
    assert rows["员工gone"][6].value == "未报名"
    assert {row[14].data_type for row in rows.values()} == {"s"}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_no_name_of_an_institution_becomes_a_formula(city: World, file_format: str, text: str) -> None:
    city.east.name = text
    city.east.save()
    run = made(city.district, "institutions", file_format)
    if file_format == "csv":
        assert {line[2][0] for line in lines_of(run)[1:2]} == {"'"}
        return
    cell = sheet_of(run)["C2"]
    assert (cell.data_type, str(cell.value)[0], cell.hyperlink) == ("s", "'", None)
    with zipfile.ZipFile(io.BytesIO(content_of(run))) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
        assert not any("externalLink" in name for name in archive.namelist())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_persons_name_or_department_becomes_a_formula(city: World, text: str) -> None:
    MembershipFactory(institution=city.east, user__name=text, department=text)
    lines = lines_of(made(city.manager, "people", "csv", institution=str(city.east.pk)))
    mine = [line for line in lines if line[1].lstrip("'") == text]
    assert [line[1:3] for line in mine] == [["'" + text, "'" + text]]


def test_a_hostile_name_of_the_asker_is_only_a_text(city: World) -> None:
    city.district.name = '&"宋体"&20=1+1&F'
    city.district.save()
    run = made(city.district, "institutions")
    with zipfile.ZipFile(io.BytesIO(content_of(run))) as archive:
        header = archive.read("xl/worksheets/sheet1.xml").decode()
    # Every & of the name is doubled, so that none begins a code of the header.
    assert '&amp;&amp;"宋体"&amp;&amp;20=1+1&amp;&amp;F' in header.replace("&quot;", '"')


def test_long_names_are_whole_and_the_watermark_is_there(city: World) -> None:
    city.east.name = "检" * 128
    city.east.save()
    city.district.name = "&" * 64
    city.district.save()
    for number in range(40):
        CmaCertificateFactory(institution=city.east, number=f"2309203{number:05d}")
    run = made(city.district, "institutions")
    sheet = sheet_of(run)
    assert sheet["C2"].value == "检" * 128
    assert str(sheet["E2"].value).count("、") == 40
    with zipfile.ZipFile(io.BytesIO(content_of(run))) as archive:
        assert str(run.pk)[:8] in archive.read("xl/worksheets/sheet1.xml").decode()


def test_no_institution_gives_headings_and_a_total_of_nothing(city: World) -> None:
    nobody = RegulatorGrantFactory(authority=authority("SH-310151")).user
    run = made(nobody, "institutions")
    rows = [[cell.value for cell in row] for row in sheet_of(run).iter_rows()]
    assert rows[0] == HEADINGS
    assert rows[1][0] == "合计"
    assert rows[1][5:14] == [0, 0, 0, "—", 0, 0, "—", 0, "—"]
    assert (len(rows), run.rows_count) == (2, 0)


def test_no_person_gives_headings_alone(city: World) -> None:
    run = made(city.manager, "people", "csv", institution=str(city.east.pk), name="无此人")
    assert lines_of(run) == [list(tables.PEOPLE_HEADINGS)]
    assert run.rows_count == 0


def test_enrolled_people_without_any_hour_are_nought_and_not_an_error(city: World) -> None:
    """A sum of nothing is still a figure: the average is 0.0, and a dash only without people."""
    place = InstitutionFactory(supervising_authority=authority("SH-LG"))
    EnrolmentFactory(institution=place, edition=city.edition)
    rebuild()
    run = made(city.city, "institutions", authority="SH-LG")
    assert sheet_of(run)["N2"].value == 0
    assert lines_of(made(city.city, "districts", "csv", authority="SH-LG"))[1][15] == "0.0"


def test_both_formats_hold_the_same(city: World) -> None:
    for kind in ("institutions", "districts"):
        sheet = [[cell.value for cell in row] for row in sheet_of(made(city.city, kind)).iter_rows()]
        lines = lines_of(made(city.city, kind, "csv"))
        assert [[_plain(value) for value in row] for row in sheet] == [
            [_plain(value) for value in line] for line in lines
        ]


def _plain(value: Any) -> str:
    text = "" if value is None else str(value)
    return str(Decimal(text).normalize()) if re.fullmatch(r"\d+(\.\d+)?", text) else text


@pytest.mark.parametrize("kind", ["institutions", "districts"])
def test_the_same_report_exported_again_is_the_same(city: World, kind: str) -> None:
    first, second = made(city.city, kind, "csv"), made(city.city, kind, "csv")
    assert first.digest == second.digest
    assert (first.rows_count, first.as_of) == (second.rows_count, second.as_of)
    workbooks = [made(city.city, kind), made(city.city, kind)]
    cells = [[[c.value for c in row] for row in sheet_of(run).iter_rows()] for run in workbooks]
    assert cells[0] == cells[1]
    # The watermark names the export, so the files themselves differ.
    assert workbooks[0].digest != workbooks[1].digest


def test_a_change_of_the_figures_changes_the_digest(city: World) -> None:
    before = made(city.city, "institutions", "csv").digest
    Rollup.objects.unscoped(WHY).filter(institution=city.east).update(overdue=2)
    assert made(city.city, "institutions", "csv").digest != before


def test_the_order_of_rows_does_not_depend_on_who_asks(city: World) -> None:
    names = [line[2] for line in lines_of(made(city.city, "institutions", "csv", authority="SH-310115"))]
    assert names == [line[2] for line in lines_of(made(city.district, "institutions", "csv"))]
    numbers = [line[0] for line in lines_of(made(city.city, "institutions", "csv"))]
    assert numbers == ["序号", "1", "2", "3", "合计"]


def test_several_certificates_of_one_institution_stand_in_one_cell(city: World) -> None:
    CmaCertificateFactory(institution=city.east, number="000000000001")
    cell = sheet_of(made(city.district, "institutions"))["E2"]
    first = city.east.cma_certificates.exclude(number="000000000001").get().number
    assert (cell.value, cell.data_type) == (f"000000000001、{first}", "s")


def test_a_file_says_what_it_is_of_and_what_each_figure_means(city: World) -> None:
    run = made(city.city, "institutions", authority="SH-310104", course="mandatory")
    notes = openpyxl.load_workbook(io.BytesIO(content_of(run)))["口径说明"]
    said = {str(row[0].value): str(row[1].value) for row in notes.iter_rows()}
    assert said["范围"] == "authority=SH-310104；course=mandatory"
    assert city.city.name in said["导出"]
    assert str(city.city.pseudonym)[:8] in said["导出"]
    assert str(run.pk)[:8] in said["导出"]
    assert tables.moment(run.as_of) in said["导出"]
    assert {"完成率", "覆盖率", "参训率", "合格率", "逾期"} <= said.keys()
    assert openpyxl.load_workbook(io.BytesIO(content_of(run))).properties.title == "机构培训统计表"
