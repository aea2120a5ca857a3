"""The deploy checks name what a cluster lacks."""

from types import SimpleNamespace
from typing import Any

import pytest

from config import checks

EMBEDDED: dict[str, Any] = {
    "EMBEDDED": True,
    "DEMO": True,
    "PROXIES": None,
    "SITE_URL": "http://127.0.0.1:8000",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}},
    "CELERY_BROKER_URL": "redis+socket:///x",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "STORAGES": {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}},
    "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
}
CLUSTER: dict[str, Any] = {
    "EMBEDDED": False,
    "DEMO": False,
    "PROXIES": 1,
    "SITE_URL": "https://learn.example",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "CELERY_BROKER_URL": "redis://broker",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "STORAGES": {"default": {"BACKEND": "storages.backends.s3.S3Storage"}},
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
}
CODES = {
    "EMBEDDED": "E001",
    "DATABASES": "E002",
    "CELERY_BROKER_URL": "E003",
    "CACHES": "E004",
    "STORAGES": "W005",
    "EMAIL_BACKEND": "W006",
    "SITE_URL": "E007",
    "DEMO": "E008",
    "PROXIES": "E011",
}


def found(monkeypatch: pytest.MonkeyPatch, **values: Any) -> list[Any]:
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**values))
    return checks.engines(None)


def test_the_embedded_mode_lacks_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = found(monkeypatch, **EMBEDDED)
    assert {message.id for message in messages} == {f"classroom.{code}" for code in CODES.values()}
    assert all(message.hint for message in messages)


def test_a_cluster_with_all_engines_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, **CLUSTER) == []


def test_a_cluster_may_say_that_no_proxy_is_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, **{**CLUSTER, "PROXIES": 0}) == []


@pytest.mark.parametrize("name", sorted(CODES))
def test_each_missing_engine_is_named_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    messages = found(monkeypatch, **{**CLUSTER, name: EMBEDDED[name]})
    assert [message.id for message in messages] == [f"classroom.{CODES[name]}"]


GOOD = {
    "SECRET_KEY": "Vq3-0Ue7rTzKpXw1nLs9Yb5dGhJm2Cf8Aa6Ei4Oo",
    "PLAYBACK_KEY": "pT8yVb2nQw5eRk7uIo1aSd4fGh6jKl9zXc3vBn0m",
    "PSEUDONYM_KEY": "mN6bVc3xZl1kJh8gFd5sAq7wEr2tYu9iOp4aSdFg",
    "EVIDENCE_KEY": "zA1xSw2cDe3vFr4bGt5nHy6mJu7kIk8lOl9pQaWs",
}


def weak(monkeypatch: pytest.MonkeyPatch, **values: str) -> list[tuple[str, str]]:
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**GOOD | values))
    return [(message.id, message.msg) for message in checks.keys(None)]


def test_four_long_random_secrets_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    assert weak(monkeypatch) == []


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", ["", "secret", "x" * 64, "k" * 31 + "1", GOOD["SECRET_KEY"][:31]])
def test_a_secret_that_can_be_guessed_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert weak(monkeypatch, **{name: value}) == [("classroom.E009", f"{name} can be guessed.")]


def test_thirty_two_signs_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert weak(monkeypatch, EVIDENCE_KEY=GOOD["EVIDENCE_KEY"][:32]) == []


def test_one_secret_for_two_purposes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert weak(monkeypatch, EVIDENCE_KEY=GOOD["PLAYBACK_KEY"]) == [
        ("classroom.E010", "EVIDENCE_KEY is the same as PLAYBACK_KEY.")
    ]


def test_no_message_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**dict.fromkeys(GOOD, "dawn-kiln")))
    messages = checks.keys(None)
    assert len(messages) == 4 + 3
    assert not any("dawn-kiln" in f"{message.msg} {message.hint}" for message in messages)
    assert all("token_urlsafe" in message.hint for message in messages)
