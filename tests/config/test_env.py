"""URLs of engines become settings; what is wrong says what to write."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_sqlite_runs_in_wal_with_immediate_transactions() -> None:
    found = env.database("sqlite:////tmp/a%20b.sqlite3")
    assert found["NAME"] == "/tmp/a b.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in found["OPTIONS"]["init_command"]


def test_postgresql_takes_user_password_host_and_options() -> None:
    found = env.database("postgresql://me:p%40ss@db.example:5433/learn?sslmode=require&conn_max_age=5")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == (
        "me",
        "p@ss",
        "db.example",
        "5433",
    )
    assert found["NAME"] == "learn"
    assert found["CONN_MAX_AGE"] == 5
    assert found["OPTIONS"] == {"sslmode": "require"}


def test_postgresql_over_a_socket() -> None:
    assert env.database("postgresql:///learn?host=/run/postgresql")["HOST"] == "/run/postgresql"


@pytest.mark.parametrize("read", [env.database, env.cache, env.storage, env.email])
def test_an_unknown_scheme_is_refused(read) -> None:
    with pytest.raises(ImproperlyConfigured, match="must start with"):
        read("gopher://x")


def test_s3_keys_are_unquoted() -> None:
    options = env.storage("s3://KEY:a%2Fb@bucket?endpoint=https://s3.example&region=cn-east-1")["OPTIONS"]
    assert options["bucket_name"] == "bucket"
    assert options["secret_key"] == "a/b"
    assert options["endpoint_url"] == "https://s3.example"


def test_caches_and_mail() -> None:
    assert env.cache("local://")["BACKEND"].endswith("LocMemCache")
    assert env.cache("unix:///run/redis.sock?db=1")["LOCATION"] == "unix:///run/redis.sock?db=1"
    assert env.email("smtps://u:p@mail.example")["EMAIL_PORT"] == 465
    assert env.email("file:///var/mail")["EMAIL_FILE_PATH"] == "/var/mail"


@pytest.mark.parametrize(("word", "meant"), [("yes", True), ("0", False), ("", True), ("ON", True)])
def test_flags(monkeypatch: pytest.MonkeyPatch, word: str, meant: bool) -> None:
    monkeypatch.setenv("X_FLAG", word)
    assert env.flag("X_FLAG", True) is meant


def test_a_wrong_flag_or_number_says_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_FLAG", "maybe")
    with pytest.raises(ImproperlyConfigured, match="yes or no"):
        env.flag("X_FLAG")
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        env.number("X_FLAG", 1)


def test_embedded_secrets_are_made_once_and_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "VAR", tmp_path)
    first = env.secret("X_SECRET")
    assert len(first) >= 48
    assert env.secret("X_SECRET") == first
    assert (tmp_path / "secrets" / "x_secret").stat().st_mode & 0o777 == 0o600


def test_secrets_have_no_default_in_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "EMBEDDED", False)
    with pytest.raises(ImproperlyConfigured, match="X_SECRET is not set"):
        env.secret("X_SECRET")
    monkeypatch.setenv("X_SECRET", "given")
    assert env.secret("X_SECRET") == "given"
