"""The deploy checks name what a cluster lacks."""

from types import SimpleNamespace
from typing import Any

import pytest

from config import checks

EMBEDDED: dict[str, Any] = {
    "EMBEDDED": True,
    "DEMO": True,
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


@pytest.mark.parametrize("name", sorted(CODES))
def test_each_missing_engine_is_named_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    messages = found(monkeypatch, **{**CLUSTER, name: EMBEDDED[name]})
    assert [message.id for message in messages] == [f"classroom.{CODES[name]}"]
