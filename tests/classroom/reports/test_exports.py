"""Exports: headings, totals, leases, digests, and what happens when a role is lost."""

import csv
import hashlib
import io
from datetime import timedelta
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from classroom.institutions.models import RegulatorGrant
from classroom.institutions.queries import forget_scope
from classroom.people.models import AuditEntry, User
from classroom.reports.errors import OutOfScope, UnknownReport
from classroom.reports.models import ReportRun
from classroom.reports.services import exports
from classroom.reports.services.rollups import rebuild
from classroom.reports.tasks import export, sweep
from tests.classroom.reports.worlds import World, build

pytestmark = pytest.mark.django_db
WHY = "the test looks at everybody's"
# What regulators expect, word for word.
HEADINGS = [
    "序号",
    "所属区",
    "机构名称",
    "统一社会信用代码",
    "资质认定证书编号",
    "应培训人数",
    "报名人数",
    "完成人数",
    "完成率(%)",
    "参考人数",
    "合格人数",
    "合格率(%)",
    "逾期人数",
    "人均学时",
    "统计截止时间",
]


@pytest.fixture
def world() -> World:
    made = build()
    rebuild()
    return made


def made(user: User, kind: str, file_format: str = "csv", **spec: str) -> ReportRun:
    run, is_small = exports.request_run(user=user, kind=kind, file_format=file_format, spec=spec)
    assert is_small
    exports.produce(run_id=run.pk)
    run.refresh_from_db()
    return run


def rows_of(run: ReportRun) -> list[list[str]]:
    content = default_storage.open(run.file).read()
    assert hashlib.sha256(content).hexdigest() == run.digest
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_institutions_table_has_the_headings_of_the_field(world: World) -> None:
    run = made(world.district, "institutions")
    rows = rows_of(run)
    assert rows[0] == HEADINGS
    assert rows[1][:5] == [
        "1",
        "浦东新区",
        "东岸检测",
        world.east.uscc,
        world.east.cma_certificates.get().number,
    ]
    assert rows[1][5:13] == ["5", "5", "2", "40.0", "3", "2", "66.7", "1"]
    assert rows[2][5:13] == ["0", "0", "0", "—", "0", "0", "—", "0"]
    assert rows[-1][:1] + rows[-1][5:13] == ["合计", "5", "5", "2", "40.0", "3", "2", "66.7", "1"]
    assert (run.rows_count, run.state, len(rows)) == (2, "ready", 4)


def test_the_workbook_says_who_when_and_what(world: World) -> None:
    run = made(world.district, "institutions", "xlsx")
    book = openpyxl.load_workbook(default_storage.open(run.file))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == HEADINGS
    assert sheet.freeze_panes == "A2"
    assert sheet["D2"].data_type == "s"
    assert sheet["D2"].value == world.east.uscc
    header = str(sheet.oddHeader.left.text)
    assert world.district.name in header
    assert str(run.pk)[:8] in header
    notes = [cell.value for cell in book["口径说明"]["A"]]
    assert len(notes) >= 10


def test_the_total_of_the_page_is_that_of_the_export(client: Client, world: World) -> None:
    client.force_login(world.city)
    context = client.get("/overview/").context
    total = context["total"]
    rows = rows_of(made(world.city, "districts"))
    assert rows[-1][2:9] == [
        str(total.institutions), str(total.covered), total.coverage.text, str(total.counts.due_staff),
        str(total.counts.enrolled), total.counts.participation.text, str(total.counts.completed),
    ]  # fmt: skip
    assert len(rows) == 2 + 17


def test_filters_of_the_page_are_those_of_the_export(world: World) -> None:
    assert len(rows_of(made(world.city, "institutions", show="overdue"))) == 3
    assert len(rows_of(made(world.city, "institutions", search="空闲"))) == 3
    assert rows_of(made(world.city, "institutions", course="NONE"))[-1][6] == "0"
    assert rows_of(made(world.city, "institutions", course="mandatory"))[-1][6] == "6"
    assert rows_of(made(world.city, "institutions", authority="SH-310104"))[1][2] == "西岸金丝雀"


def test_a_manager_exports_everybody(world: World) -> None:
    run = made(world.manager, "people", institution=str(world.east.pk))
    rows = rows_of(run)
    names = {row[1] for row in rows[1:]}
    assert {"员工done", "员工late", "管理员", "员工gone"} <= names
    states = {row[1]: row[6] for row in rows[1:]}
    assert (states["员工late"], states["员工done"], states["员工gone"]) == ("逾期", "已完成", "未报名")
    assert run.rows_count == len(rows) - 1
    late = rows_of(made(world.manager, "people", institution=str(world.east.pk), state="overdue"))
    assert [row[1] for row in late[1:]] == ["员工late"]


@pytest.mark.parametrize(("kind", "file_format"), [("secrets", "csv"), ("people", "exe"), ("", "")])
def test_an_unknown_report_is_refused(world: World, kind: str, file_format: str) -> None:
    with pytest.raises(UnknownReport):
        exports.request_run(user=world.city, kind=kind, file_format=file_format, spec={})


def test_a_run_is_made_once(world: World) -> None:
    run = made(world.district, "districts")
    first = (run.file, run.digest, run.attempts)
    assert exports.produce(run_id=run.pk) is None
    run.refresh_from_db()
    assert (run.file, run.digest, run.attempts) == first
    assert exports.produce(run_id=uuid4()) is None


def test_a_leased_run_is_left_and_an_abandoned_one_taken(world: World) -> None:
    run, _ = exports.request_run(user=world.district, kind="districts", file_format="csv", spec={})
    now = timezone.now()
    ReportRun.objects.unscoped(WHY).filter(pk=run.pk).update(
        leased_until=now + timedelta(minutes=5), attempts=1
    )
    assert exports.produce(run_id=run.pk, now=now) is None
    assert exports.due_runs(now=now) == []
    later = now + timedelta(minutes=6)
    assert exports.due_runs(now=later) == [run.pk]
    done = exports.produce(run_id=run.pk, now=later)
    assert done is not None
    assert (done.state, done.attempts) == ("ready", 2)


def test_a_run_that_fails_three_times_is_given_up(world: World) -> None:
    run, _ = exports.request_run(user=world.district, kind="districts", file_format="csv", spec={})
    ReportRun.objects.unscoped(WHY).filter(pk=run.pk).update(attempts=3)
    export(str(run.pk))
    run.refresh_from_db()
    assert run.state == "failed"


def test_who_lost_the_role_gets_nothing(client: Client, world: World) -> None:
    queued, _ = exports.request_run(user=world.district, kind="districts", file_format="csv", spec={})
    ready = made(world.district, "districts")
    client.force_login(world.district)
    assert client.get(f"/exports/{ready.pk}/").status_code == 200
    RegulatorGrant.objects.update(ended_on=timezone.localdate() - timedelta(days=1), started_on="2020-01-01")
    forget_scope(world.district)
    assert client.get(f"/exports/{ready.pk}/").status_code == 404
    assert AuditEntry.objects.filter(action="reports.download", result="refused").exists()
    exports.produce(run_id=queued.pk)
    queued.refresh_from_db()
    assert (queued.state, queued.file) == ("failed", "")
    with pytest.raises(OutOfScope):
        exports.open_file(user=world.district, run=ready)


def test_an_export_through_the_page_is_audited(client: Client, world: World) -> None:
    client.force_login(world.manager)
    response = client.post(
        "/exports/new/", {"kind": "people", "format": "xlsx", "institution": world.east.pk}
    )
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    assert len(response.headers["X-Content-SHA256"]) == 64
    assert b"".join(response.streaming_content).startswith(b"PK")
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["reports.export", "reports.download"]
    assert "XLSX" in client.get("/exports/").content.decode()
    assert client.get("/exports/new/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.manager)
    assert strict.post("/exports/new/", {"kind": "people", "format": "csv"}).status_code == 403


def test_old_files_go_and_rows_stay(world: World) -> None:
    run = made(world.district, "districts")
    file = run.file
    assert exports.forget_old(now=timezone.now()) == 0
    assert exports.forget_old(now=timezone.now() + timedelta(days=31)) == 1
    run.refresh_from_db()
    assert (run.file, len(run.digest)) == ("", 64)
    assert not default_storage.exists(file)


def test_the_sweep_finds_what_was_never_carried(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = exports.request_run(user=world.district, kind="districts", file_format="csv", spec={})
    carried: list[str] = []
    monkeypatch.setattr(export, "delay", carried.append)
    sweep()
    assert carried == [str(run.pk)]
