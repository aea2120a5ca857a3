"""Fetching an export: names, heads, expiry, scopes that shrank or grew, workers that failed."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db.models.signals import post_save
from django.test import Client
from django.utils import timezone

from classroom.institutions.models import Membership, RegulatorGrant
from classroom.people.models import AuditEntry, User
from classroom.reports.models import ReportRun
from classroom.reports.services import exports
from classroom.reports.tasks import sweep
from tests.classroom.reports.worlds import World, authority
from tests.factories.institutions import ManagerFactory, RegulatorGrantFactory
from tests.factories.people import UserFactory
from tests.factories.reports import ReportRunFactory

pytestmark = pytest.mark.django_db
WHY = "the test looks at everybody's"


def made(user: User, kind: str = "institutions", file_format: str = "csv", **spec: str) -> ReportRun:
    run, _ = exports.request_run(user=user, kind=kind, file_format=file_format, spec=spec)
    exports.produce(run_id=run.pk)
    run.refresh_from_db()
    return run


def fetch(client: Client, run: ReportRun) -> Any:
    return client.get(f"/exports/{run.pk}/")


@pytest.mark.parametrize(
    ("kind", "title"),
    [("institutions", "机构培训统计表"), ("districts", "分区培训统计表"), ("people", "人员培训明细表")],
)
@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_a_file_is_named_after_its_table_and_moment(
    client: Client, city: World, kind: str, title: str, file_format: str
) -> None:
    client.force_login(city.district)
    run = made(city.district, kind, file_format, institution=str(city.east.pk))
    response = fetch(client, run)
    name = unquote(response.headers["Content-Disposition"])
    at = timezone.localtime(run.created_at).strftime("%Y%m%d-%H%M")
    assert re.search(rf"^attachment; filename\*=utf-8''{title}_{at}\.{file_format}$", name)
    kinds = {"csv": "text/csv; charset=utf-8", "xlsx": "spreadsheetml.sheet"}
    assert kinds[file_format] in response.headers["Content-Type"]
    assert response.headers["Cache-Control"].startswith("private, no-store")
    assert response.headers["X-Content-SHA256"] == run.digest
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("zh-hans", ["这份导出已不再保存", "保存 30 天", "重新生成"]),
        ("en", ["no longer kept", "kept for 30 days", "Make it anew"]),
    ],
)
def test_an_expired_file_says_how_long_it_was_kept_and_is_made_anew_by_a_button(
    client: Client, city: World, language: str, says: list[str]
) -> None:
    client.force_login(city.district)
    client.cookies["django_language"] = language
    run = made(city.district, "people", institution=str(city.east.pk), name="done")
    assert fetch(client, run).status_code == 200
    exports.forget_old(now=timezone.now() + timedelta(days=31))
    gone = fetch(client, run)
    html = gone.content.decode()
    assert gone.status_code == 410
    assert [words for words in says if words not in html] == []
    assert AuditEntry.objects.filter(action="reports.download", result="refused").count() == 1
    form = html.split('action="/exports/new/"')[1].split("</form>")[0]
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    hidden.pop("csrfmiddlewaretoken")
    assert hidden == {"kind": "people", "format": "csv", "institution": str(city.east.pk), "name": "done"}
    again = client.post("/exports/new/", hidden)
    assert (again.status_code, again["X-Content-SHA256"] != "") == (200, True)
    assert ReportRun.objects.unscoped(WHY).exclude(pk=run.pk).get().spec == run.spec


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("zh-hans", ["文件已丢失", "重新生成"]),
        ("en", ["is lost", "operators have been told", "Make it anew"]),
    ],
)
def test_a_file_that_the_storage_lost_is_told_and_made_anew_by_a_button(
    client: Client, city: World, caplog: pytest.LogCaptureFixture, language: str, says: list[str]
) -> None:
    client.force_login(city.district)
    client.cookies["django_language"] = language
    run = made(city.district)
    default_storage.delete(run.file)
    lost = fetch(client, run)
    assert lost.status_code == 410
    assert [words for words in says if words not in lost.content.decode()] == []
    assert 'action="/exports/new/"' in lost.content.decode()
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert run.file in said
    assert str(run.pk) in said
    assert AuditEntry.objects.get(action="reports.download").result == "lost"


def test_the_list_says_that_a_file_is_gone_and_does_not_link_it(client: Client, city: World) -> None:
    client.force_login(city.district)
    run = made(city.district)
    exports.forget_old(now=timezone.now() + timedelta(days=31))
    text = client.get("/exports/").content.decode()
    assert "文件已删除" in text
    assert f"/exports/{run.pk}/" not in text


def test_a_file_that_is_gone_is_nobody_elses_to_know(client: Client, city: World) -> None:
    run = made(city.district)
    exports.forget_old(now=timezone.now() + timedelta(days=31))
    for stranger in (city.city, city.other_district, city.manager):
        client.force_login(stranger)
        assert fetch(client, run).status_code == 404
    RegulatorGrant.objects.filter(user=city.district).update(authority=authority("SH-310104"))
    client.force_login(_fresh(city.district))
    assert fetch(client, run).status_code == 404


@pytest.mark.parametrize(("days", "gone"), [(29, 0), (30, 0), (31, 1)])
def test_a_file_is_kept_for_thirty_days(city: World, days: int, gone: int) -> None:
    run = made(city.district)
    assert run.finished_at is not None
    assert exports.forget_old(now=run.finished_at + timedelta(days=days)) == gone
    assert default_storage.exists(run.file) is not bool(gone)


@pytest.mark.parametrize(
    ("state", "status", "listed", "language", "says"),
    [
        ("queued", 202, "生成中", "zh-hans", "正在生成"),
        ("queued", 202, "生成中", "en", "still being made"),
        ("failed", 410, "失败，请重新导出", "zh-hans", "未能生成"),
        ("failed", 410, "失败，请重新导出", "en", "could not be made"),
    ],
)
def test_what_is_not_ready_says_so_to_its_asker(
    client: Client, city: World, state: str, status: int, listed: str, language: str, says: str
) -> None:
    client.force_login(city.district)
    run = ReportRunFactory(
        user=city.district,
        state=state,
        scope={"institutions": [], "authorities": ["/SH/SH-310115/"], "everything": False},
    )
    assert listed in client.get("/exports/").content.decode()
    client.cookies["django_language"] = language
    answer = fetch(client, run)
    html = answer.content.decode()
    assert answer.status_code == status
    assert says in html
    assert ('action="/exports/new/"' in html) == (state == "failed")
    assert str(run.pk) in html
    client.force_login(city.city)
    assert fetch(client, run).status_code == 404


@pytest.fixture
def claimed_at_once() -> Iterator[None]:
    """The sweep finds each export as soon as it is written, and the worker has taken it."""

    def take(instance: ReportRun, created: bool, **_: Any) -> None:
        if created:
            until = timezone.now() + timedelta(minutes=10)
            ReportRun.rows.filter(pk=instance.pk).update(attempts=1, leased_until=until)

    post_save.connect(take, sender=ReportRun, weak=False)
    yield
    post_save.disconnect(take, sender=ReportRun)


def test_an_export_that_the_worker_took_meanwhile_is_in_the_list_and_no_404(
    client: Client, city: World, claimed_at_once: None
) -> None:
    client.force_login(city.district)
    answer = client.post("/exports/new/", {"kind": "districts", "format": "csv"}, follow=True)
    assert answer.redirect_chain == [("/exports/", 302)]
    assert "正在生成" in str(next(iter(answer.context["messages"])))
    assert ReportRun.objects.unscoped(WHY).get().state == "queued"


def test_an_export_that_never_was_is_not_found(client: Client, city: World) -> None:
    client.force_login(city.district)
    assert client.get(f"/exports/{uuid4()}/").status_code == 404
    assert client.get("/exports/not-a-key/").status_code == 404


def test_a_manager_who_was_dismissed_fetches_nothing(client: Client, city: World) -> None:
    run = made(city.manager, "people", institution=str(city.east.pk))
    client.force_login(city.manager)
    assert fetch(client, run).status_code == 200
    Membership.rows.filter(user=city.manager).update(ended_on=timezone.localdate() - timedelta(days=1))
    assert fetch(client, run).status_code == 404


def test_a_manager_of_two_who_lost_one_fetches_nothing_of_then(client: Client, city: World) -> None:
    second = ManagerFactory(user=city.manager, institution=city.idle)
    run = made(city.manager, "people", institution=str(city.east.pk))
    second.ended_on = timezone.localdate() - timedelta(days=1)
    second.save()
    client.force_login(city.manager)
    assert fetch(client, run).status_code == 404
    assert (
        fetch(client, made(_fresh(city.manager), "people", institution=str(city.east.pk))).status_code == 200
    )


def _fresh(user: User) -> User:
    """The person as the next request reads it, without the scope of the former one."""
    return User.objects.get(pk=user.pk)


def test_a_city_regulator_who_was_sent_to_one_district_fetches_nothing_of_the_city(
    client: Client, city: World
) -> None:
    run = made(city.city, "districts")
    RegulatorGrant.objects.filter(user=city.city).update(authority=authority("SH-310115"))
    client.force_login(city.city)
    assert fetch(client, run).status_code == 404


def test_a_district_regulator_who_rose_to_the_city_still_fetches(client: Client, city: World) -> None:
    run = made(city.district, "districts")
    RegulatorGrantFactory(user=city.district, authority=authority("SH"))
    client.force_login(city.district)
    assert fetch(client, run).status_code == 200


def test_what_was_made_with_a_wider_scope_needs_that_scope(client: Client, city: World) -> None:
    """Asked for by a district, made while the city was granted: the file holds the city."""
    run, _ = exports.request_run(user=city.district, kind="institutions", file_format="csv", spec={})
    grant = RegulatorGrantFactory(user=city.district, authority=authority("SH"))
    exports.produce(run_id=run.pk)
    grant.delete()
    client.force_login(city.district)
    assert fetch(client, run).status_code == 404


def test_an_institution_that_moved_away_is_no_longer_fetched_by_name(client: Client, city: World) -> None:
    run = made(city.district, "people", institution=str(city.east.pk))
    client.force_login(city.district)
    assert fetch(client, run).status_code == 200
    city.east.supervising_authority = authority("SH-310104")
    city.east.save()
    assert fetch(client, run).status_code == 404


def test_a_superusers_file_is_not_for_who_is_one_no_more(client: Client, city: World) -> None:
    person = UserFactory(is_superuser=True)
    run = made(person, "institutions")
    client.force_login(person)
    assert fetch(client, run).status_code == 200
    User.objects.filter(pk=person.pk).update(is_superuser=False)
    RegulatorGrantFactory(user=person, authority=authority("SH"))
    assert fetch(client, run).status_code == 404


def test_every_fetch_is_audited_with_the_digest(client: Client, city: World) -> None:
    run = made(city.district)
    client.force_login(city.district)
    for _ in range(2):
        fetch(client, run)
    entries = AuditEntry.objects.filter(action="reports.download", target=f"report:{run.pk}")
    assert [entry.detail for entry in entries] == [{"digest": run.digest}] * 2
    client.force_login(city.city)
    fetch(client, run)
    assert not AuditEntry.objects.filter(action="reports.download", actor=city.city, result="ok").exists()


def test_an_export_is_audited_with_its_filters_before_it_is_made(city: World) -> None:
    exports.request_run(
        user=city.district, kind="institutions", file_format="csv", spec={"search": "东岸", "show": "none"}
    )
    entry = AuditEntry.objects.get(action="reports.export")
    assert entry.detail == {"kind": "institutions", "format": "csv", "search": "东岸", "show": "none"}
    assert entry.actor == city.district


def test_a_large_export_is_left_to_the_worker(
    client: Client, city: World, carried: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    client.force_login(city.district)
    response = client.post("/exports/new/", {"kind": "institutions", "format": "xlsx"}, follow=True)
    run = ReportRun.objects.unscoped(WHY).get()
    assert carried == [("export", str(run.pk))]
    assert response.redirect_chain == [("/exports/", 302)]
    assert run.state == "queued"
    exports.produce(run_id=run.pk)
    assert f"/exports/{run.pk}/" in client.get("/exports/").content.decode()


def test_a_table_of_exactly_the_limit_is_made_at_once(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    spec = {"authority": "SH-310115"}
    ask = {"user": city.district, "kind": "institutions", "file_format": "csv", "spec": spec}
    assert exports.request_run(**ask)[1] is True
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    assert exports.request_run(**ask)[1] is False


def test_a_worker_that_dies_leaves_the_run_to_the_sweep(
    city: World, carried: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = exports.request_run(user=city.district, kind="districts", file_format="csv", spec={})
    now = timezone.now()
    with monkeypatch.context() as patch:

        def dies(*_: object) -> None:
            raise SystemExit("out of memory")

        patch.setattr(default_storage, "save", dies)
        with pytest.raises(SystemExit):
            exports.produce(run_id=run.pk, now=now - timedelta(minutes=11))
    run.refresh_from_db()
    assert (run.state, run.attempts, run.file) == ("queued", 1, "")
    sweep()
    assert carried == [("export", str(run.pk))]
    done = exports.produce(run_id=run.pk)
    assert done is not None
    assert (done.state, done.attempts) == ("ready", 2)


def test_the_fourth_attempt_gives_up_and_the_sweep_asks_no_more(
    city: World, carried: list[tuple[str, Any]]
) -> None:
    run, _ = exports.request_run(user=city.district, kind="districts", file_format="csv", spec={})
    ReportRun.rows.filter(pk=run.pk).update(attempts=3)
    assert exports.produce(run_id=run.pk) is None
    run.refresh_from_db()
    assert run.state == "failed"
    sweep()
    assert carried == []


@pytest.mark.parametrize(
    "data",
    [{"kind": "secrets", "format": "csv"}, {"kind": "people", "format": "exe"}, {"format": "csv"}, {}],
)
def test_an_unknown_table_is_refused_in_words(client: Client, city: World, data: dict[str, str]) -> None:
    client.force_login(city.district)
    response = client.post("/exports/new/", data, follow=True)
    assert response.redirect_chain == [("/exports/", 302)]
    assert "XLSX" in str(next(iter(response.context["messages"])))
    assert not ReportRun.objects.unscoped(WHY).exists()


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "9" * 30, "１", "1.0", "\x00"])
def test_an_odd_institution_is_not_there(client: Client, city: World, value: str) -> None:
    client.force_login(city.manager)
    data = {"kind": "people", "format": "csv", "institution": value}
    assert client.post("/exports/new/", data).status_code == 404


def test_the_list_holds_ones_own_and_the_newest_first(client: Client, city: World) -> None:
    now = timezone.now()
    mine = [
        ReportRunFactory(
            user=city.district, created_at=now - timedelta(minutes=number), digest=f"{number:064d}"
        )
        for number in range(52)
    ]
    ReportRunFactory(user=city.city)
    client.force_login(city.district)
    shown = [run for run, _ in client.get("/exports/").context["runs"]]
    assert shown == mine[:50]
