"""Exports while the file store is away: making one waits, fetching one is asked for again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from classroom.reports.models import ReportRun
from classroom.reports.services import exports
from tests.classroom.reports.worlds import World
from tests.media.buckets import unreachable

pytestmark = pytest.mark.django_db
FORM = {"kind": "districts", "format": "csv"}


def test_a_small_export_is_made_later_and_its_asker_told_so(
    client: Client, city: World, settings: Any
) -> None:
    client.force_login(city.district)
    client.cookies["django_language"] = "en"
    with unreachable(settings):
        answer = client.post("/exports/new/", FORM, follow=True)
    assert answer.redirect_chain == [("/exports/", 302)]
    assert "It appears here when it is ready" in answer.content.decode()
    run = ReportRun.rows.get()
    assert (run.state, run.attempts, run.file) == ("queued", 0, "")
    assert run.leased_until is not None
    later = run.leased_until + timedelta(seconds=1)
    assert exports.due_runs(now=later) == [run.pk]
    done = exports.produce(run_id=run.pk, now=later)
    assert done is not None
    assert done.state == "ready"


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "The file store cannot be used now"), ("zh-hans", "文件存储暂时不可用")],
)
def test_one_that_is_ready_is_not_called_lost(
    client: Client, city: World, settings: Any, language: str, says: str
) -> None:
    client.force_login(city.district)
    client.cookies["django_language"] = language
    run, _ = exports.request_run(user=city.district, kind="districts", file_format="csv", spec={})
    exports.produce(run_id=run.pk)
    with unreachable(settings):
        away = client.get(f"/exports/{run.pk}/")
    assert (away.status_code, away["Retry-After"]) == (503, "60")
    assert says in away.content.decode()
    assert client.get(f"/exports/{run.pk}/").status_code == 200
