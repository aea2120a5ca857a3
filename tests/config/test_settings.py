"""Settings as a fresh process reads them: embedded, in a cluster, and half configured."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.environment import ROOT

KEYS = {
    "SECRET_KEY": "Vq3-0Ue7rTzKpXw1nLs9Yb5dGhJm2Cf8Aa6Ei4OoVq3-0Ue7rTzK",
    "PLAYBACK_KEY": "pT8yVb2nQw5eRk7uIo1aSd4fGh6jKl9zXc3vBn0m",
    "PSEUDONYM_KEY": "mN6bVc3xZl1kJh8gFd5sAq7wEr2tYu9iOp4aSdFg",
    "EVIDENCE_KEY": "zA1xSw2cDe3vFr4bGt5nHy6mJu7kIk8lOl9pQaWs",
}
pytestmark = pytest.mark.once
CLUSTER = {
    **KEYS,
    "MODE": "cluster",
    "DATABASE_URL": "postgresql://me:pw@db.example/learn",
    "BROKER_URL": "amqp://me:pw@broker.example//",
    "CACHE_URL": "redis://cache.example/1",
    "STORAGE_URL": "s3://key:secret@lectures",
    "EMAIL_URL": "smtps://me:pw@mail.example",
    "SITE_URL": "https://learn.example/",
    "ALLOWED_HOSTS": "learn.example",
    "PROXIES": "1",
}
# What a run of the tests itself sets must not reach the processes under test.
CLEAN = {
    key: value
    for key, value in os.environ.items()
    if key in {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH"}
}
PRINT = """
import json, sys
import config.settings as s
names = [n for n in dir(s) if n.isupper()]
print(json.dumps({n: getattr(s, n) for n in names}, default=str))
"""


def process(command: tuple[str, ...], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**CLEAN, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def _read(items: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    found = process(("-c", PRINT), dict(items))
    assert found.returncode == 0, found.stderr
    return dict(json.loads(found.stdout))


def read(variables: dict[str, str]) -> dict[str, Any]:
    return _read(tuple(sorted(variables.items())))


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("var"))


def test_a_cluster_sends_everything_over_tls_and_keeps_it_so(var: str) -> None:
    found = read({**CLUSTER, "VAR_DIR": var})
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["CSRF_COOKIE_SECURE"] is True
    assert found["LANGUAGE_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert found["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True
    assert found["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_one_machine_without_tls_can_be_signed_in_to(var: str) -> None:
    found = read({"VAR_DIR": var})
    assert found["SESSION_COOKIE_SECURE"] is False
    assert found["SECURE_SSL_REDIRECT"] is False
    assert found["SECURE_HSTS_SECONDS"] == 0
    # A header that anyone may send is believed only behind a gateway.
    assert found["SECURE_PROXY_SSL_HEADER"] is None


def test_in_both_modes_a_page_is_not_framed_by_others_and_cookies_stay_at_home(var: str) -> None:
    for variables in ({"VAR_DIR": var}, {**CLUSTER, "VAR_DIR": var}):
        found = read(variables)
        assert found["SESSION_COOKIE_HTTPONLY"] is True
        assert found["SESSION_COOKIE_SAMESITE"] == "Lax"
        assert found["X_FRAME_OPTIONS"] == "SAMEORIGIN"
        directives = found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
        assert directives["default-src"] == ["'none'"]
        assert "'unsafe-inline'" not in json.dumps(directives)
        assert "'unsafe-eval'" not in json.dumps(directives)
        assert found["DEBUG"] is False


def test_one_machine_keeps_everything_in_its_folder(var: str) -> None:
    found = read({"VAR_DIR": var})
    assert found["DATABASES"]["default"]["NAME"] == f"{var}/classroom.sqlite3"
    assert found["STORAGES"]["default"]["OPTIONS"]["location"] == f"{var}/files"
    assert found["EMAIL_FILE_PATH"] == f"{var}/mail"
    assert found["SPOOL_DIR"] == f"{var}/spool"
    assert found["CELERY_BEAT_SCHEDULE_FILENAME"].startswith(var)
    assert found["CELERY_BROKER_URL"].startswith(f"redis+socket://{found['BROKER_SOCKET']}")
    assert sorted(path.name for path in (Path(var) / "secrets").iterdir()) >= [
        "evidence_key", "playback_key", "pseudonym_key", "secret_key",
    ]  # fmt: skip


def test_the_address_gives_links_and_trusted_origins(var: str) -> None:
    found = read({**CLUSTER, "VAR_DIR": var})
    assert found["SITE_URL"] == "https://learn.example"
    assert found["WAGTAILADMIN_BASE_URL"] == "https://learn.example"
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://learn.example"]
    assert found["ALLOWED_HOSTS"] == ["learn.example"]


@pytest.mark.parametrize(
    ("variables", "hops"),
    [
        ({}, 0),
        ({"PROXIES": "2"}, 2),
        ({**CLUSTER, "PROXIES": ""}, None),
        ({**CLUSTER, "PROXIES": "0"}, 0),
        (CLUSTER, 1),
    ],
)
def test_a_cluster_says_how_many_proxies_stand_before_it(
    var: str, variables: dict[str, str], hops: int | None
) -> None:
    assert read({**variables, "VAR_DIR": var})["PROXIES"] == hops


def test_another_port_is_another_address(var: str) -> None:
    found = read({"VAR_DIR": var, "PORT": "8123"})
    assert found["SITE_URL"] == "http://127.0.0.1:8123"
    assert found["CSRF_TRUSTED_ORIGINS"] == ["http://127.0.0.1:8123"]
    assert set(found["ALLOWED_HOSTS"]) == {"127.0.0.1", "localhost", "[::1]"}


def test_a_cluster_answers_to_no_host_until_it_is_told_one(var: str) -> None:
    assert read({**CLUSTER, "VAR_DIR": var, "ALLOWED_HOSTS": ""})["ALLOWED_HOSTS"] == []


def test_demo_accounts_and_a_demo_issuer_belong_to_one_machine(var: str) -> None:
    embedded, cluster = read({"VAR_DIR": var}), read({**CLUSTER, "VAR_DIR": var})
    assert (embedded["DEMO"], cluster["DEMO"]) == (True, False)
    assert "演示" in embedded["CERTIFICATE_ISSUER"]
    assert "演示" not in cluster["CERTIFICATE_ISSUER"]
    assert "Demo" not in cluster["CERTIFICATE_ISSUER_EN"]
    real = read({"VAR_DIR": var, "DEMO": "no"})
    assert "演示" not in real["CERTIFICATE_ISSUER"]


def test_rabbitmq_gets_queues_that_survive_a_node_and_no_options_of_redis(var: str) -> None:
    found = read({**CLUSTER, "VAR_DIR": var})
    assert found["CELERY_TASK_DEFAULT_QUEUE_TYPE"] == "quorum"
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"] == {"confirm_publish": True}


def test_redis_redelivers_later_than_any_task_may_run(var: str) -> None:
    found = read({**CLUSTER, "VAR_DIR": var, "BROKER_URL": "redis://broker.example/0"})
    assert "CELERY_TASK_DEFAULT_QUEUE_TYPE" not in found
    from media.ffmpeg import Limits

    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["visibility_timeout"] >= Limits().wall_s


def test_a_page_does_not_wait_for_a_broker_that_is_away(var: str) -> None:
    options = read({"VAR_DIR": var})["CELERY_BROKER_TRANSPORT_OPTIONS"]
    assert options["max_retries"] <= 1
    assert options["interval_max"] <= 0.5


def test_every_sweep_is_a_task_that_exists() -> None:
    from django.conf import settings

    from config.celery import app

    app.loader.import_default_modules()
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert planned <= set(app.tasks)
    assert all(entry["schedule"] > 0 for entry in settings.CELERY_BEAT_SCHEDULE.values())


@pytest.mark.parametrize("name", sorted(KEYS))
def test_each_missing_secret_is_named(var: str, name: str) -> None:
    variables = {**CLUSTER, "VAR_DIR": var}
    del variables[name]
    found = process(("-c", "import config.settings"), variables)
    assert found.returncode == 1
    assert f"{name} is not set. It has no default outside the embedded mode." in found.stderr


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (0, "SECRET_KEY, PLAYBACK_KEY, PSEUDONYM_KEY, EVIDENCE_KEY are not set. They have no default"),
        (2, "PSEUDONYM_KEY, EVIDENCE_KEY are not set. They have no default outside the embedded mode."),
    ],
)
def test_all_missing_secrets_are_named_at_once_and_nothing_starts(var: str, kept: int, says: str) -> None:
    variables = {**CLUSTER, "VAR_DIR": var, **dict.fromkeys(list(KEYS)[kept:], " ")}
    for command in (("manage.py", "check", "--deploy"), ("manage.py", "migrate", "--check")):
        found = process(command, variables)
        assert found.returncode == 1
        assert found.stderr.startswith(says)
        assert found.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"MODE": "production"}, "MODE is 'production': write embedded or cluster."),
        ({"PORT": "eighty"}, "PORT is 'eighty': write a whole number."),
        ({"DEMO": "maybe"}, "DEMO is 'maybe': write yes or no."),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL must start with sqlite:// or postgresql://."),
        ({"BROKER_URL": "kafka://x"}, "BROKER_URL must start with redis://"),
        ({"STORAGE_URL": "gs://bucket"}, "STORAGE_URL must start with file:// or s3://."),
        ({"MAX_UPLOAD_BYTES": "20G"}, "MAX_UPLOAD_BYTES is '20G': write a whole number."),
        ({"VAR_DIR": "/proc/nowhere"}, "/proc/nowhere cannot be used"),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_to_write(
    var: str, variables: dict[str, str], says: str
) -> None:
    found = process(("manage.py", "check"), {"VAR_DIR": var, **variables})
    assert found.returncode == 1
    assert found.stderr.startswith(says)
    assert found.stderr.count("\n") == 1
    assert "Traceback" not in found.stderr


def test_the_way_there_is_shown_to_who_asks_for_it(var: str) -> None:
    found = process(("manage.py", "check", "--traceback"), {"VAR_DIR": var, "MODE": "production"})
    assert "Traceback" in found.stderr


def test_a_whole_cluster_lacks_only_the_seal(var: str) -> None:
    found = process(("manage.py", "check", "--deploy"), {**CLUSTER, "VAR_DIR": var})
    assert re.findall(r"\(([a-z]+\.[EW]\d+)\)", found.stderr) == ["certificates.E001"], found.stderr


def test_a_half_configured_cluster_is_told_what_is_left(var: str) -> None:
    half = {
        **CLUSTER, "VAR_DIR": var, "DATABASE_URL": "", "SITE_URL": "http://learn.example", "DEBUG": "yes",
        "DEMO": "yes", "EVIDENCE_KEY": "secret", "ALLOWED_HOSTS": "", "PROXIES": "",
    }  # fmt: skip
    found = process(("manage.py", "check", "--deploy"), half)
    assert found.returncode == 1
    said = set(re.findall(r"\(((?:classroom|security)\.[EW]\d+)\)", found.stderr))
    assert {"classroom.E002", "classroom.E007", "classroom.E008", "classroom.E009", "classroom.E011"} <= said
    assert {"security.W018", "security.W020"} <= said
    assert not {"classroom.E001", "classroom.E003", "classroom.E004", "classroom.W005"} & said
    assert ":pw@" not in found.stderr
