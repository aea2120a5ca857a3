"""The content security policy follows the storage: a bucket's objects may be fetched, and nothing else."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string

from config import env
from media import direct_bucket

BUCKETS = [
    "s3://key:secret@lectures",
    "s3://key:secret@lectures?region=cn-north-1",
    "s3://key:secret@lectures?endpoint=http://127.0.0.1:9000",
    "s3://key:secret@lectures?endpoint=https://oss-cn-shanghai.example&region=cn-shanghai",
    "s3://key:secret@lec.tu.res?endpoint=https://objects.example",
]


def allows(source: str, address: str) -> bool:
    """Whether a source expression matches an address: scheme and host alike, the path from its start."""
    allowed, asked = urlsplit(source), urlsplit(address)
    same = (allowed.scheme, allowed.netloc) == (asked.scheme, asked.netloc)
    return same and asked.path.startswith(allowed.path)


def signed(url: str, key: str = "lectures/e/v720/seg-1.m4s") -> str:
    """The address that the storage itself hands out; signing asks no server."""
    made: dict[str, Any] = env.storage(url)
    return str(import_string(made["BACKEND"])(**made["OPTIONS"]).url(key, expire=60))


@pytest.mark.parametrize("url", BUCKETS)
def test_an_object_of_the_bucket_may_be_fetched(url: str) -> None:
    address = signed(url)
    assert any(allows(source, address) for source in env.storage_origins(url)), address


@pytest.mark.parametrize("url", BUCKETS)
def test_another_bucket_of_the_same_service_may_not(url: str) -> None:
    other = signed(url.replace("@lec", "@others-lec"))
    assert not any(allows(source, other) for source in env.storage_origins(url)), other


@pytest.mark.parametrize("url", BUCKETS)
def test_a_part_of_an_upload_may_be_sent_to_the_bucket_and_to_no_other(url: str, settings: Any) -> None:
    def part_of(bucket: str) -> str:
        settings.STORAGES = {**settings.STORAGES, "default": env.storage(bucket)}
        return direct_bucket.address_of_part("sources/ab/abc", "an-upload", 1, 5 << 20, 60)

    allowed = env.storage_origins(url)
    assert any(allows(source, part_of(url)) for source in allowed), part_of(url)
    other = part_of(url.replace("@lec", "@others-lec"))
    assert not any(allows(source, other) for source in allowed), other


@pytest.mark.parametrize("url", ["", "file:///srv/files", "s3://"])
def test_files_of_this_machine_open_nothing(url: str) -> None:
    assert env.storage_origins(url) == []


def test_no_secret_reaches_the_policy() -> None:
    said = " ".join(env.storage_origins("s3://AKIA1:s%2Fcret@lectures?endpoint=https://objects.example"))
    assert "AKIA1" not in said
    assert "cret" not in said


@pytest.mark.django_db
def test_the_page_says_where_pictures_and_segments_may_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Client().get("/sign-in/")["Content-Security-Policy"]
    rules = {name: words for name, *words in (part.split() for part in said.split(";"))}
    bucket = env.storage_origins(env.text("STORAGE_URL"))
    for name in ("img-src", "media-src", "connect-src"):
        assert [word for word in rules[name] if word.startswith("http")] == bucket
    assert rules["default-src"] == ["'none'"]
    assert not [name for name, words in rules.items() if {"*", "https:", "'unsafe-inline'"} & set(words)]


def test_only_what_is_fetched_from_a_bucket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    # The settings are read once; read a second time under another environment, they name the bucket.
    monkeypatch.setenv("STORAGE_URL", BUCKETS[3])
    found: dict[str, Any] = {}
    source = (settings.ROOT / "config" / "settings" / "security.py").read_text()
    exec(compile(source, "security.py", "exec"), {"__package__": "config.settings"}, found)
    opened = {
        name: [word for word in words if str(word).startswith("http")]
        for name, words in found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"].items()
    }
    assert {name for name, words in opened.items() if words} == {"img-src", "media-src", "connect-src"}
    assert opened["connect-src"] == env.storage_origins(BUCKETS[3])
