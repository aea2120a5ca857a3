"""Every form of an engine's URL, and what is said of one that cannot be meant."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from config import env

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x9FFF, exclude_categories=["Cs"]), min_size=1)


@given(user=WORDS, password=WORDS, name=WORDS)
def test_any_user_password_and_name_go_through_a_database_url(user: str, password: str, name: str) -> None:
    url = f"postgresql://{quote(user, '')}:{quote(password, '')}@db.example:5432/{quote(name, '')}"
    found = env.database(url)
    assert (found["USER"], found["PASSWORD"], found["NAME"]) == (user, password, name)


@given(user=WORDS, password=WORDS)
def test_any_secret_goes_through_a_mail_and_a_storage_url(user: str, password: str) -> None:
    who = f"{quote(user, '')}:{quote(password, '')}"
    mail = env.email(f"smtps://{who}@mail.example")
    assert (mail["EMAIL_HOST_USER"], mail["EMAIL_HOST_PASSWORD"]) == (user, password)
    files = env.storage(f"s3://{who}@lectures")["OPTIONS"]
    assert (files["access_key"], files["secret_key"], files["bucket_name"]) == (user, password, "lectures")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://db/learn", {"HOST": "db", "PORT": "", "USER": "", "PASSWORD": "", "NAME": "learn"}),
        ("postgresql://me@db/learn", {"USER": "me", "PASSWORD": ""}),
        ("postgresql://db:6432/learn", {"HOST": "db", "PORT": "6432"}),
        ("postgresql://[::1]:5433/learn", {"HOST": "::1", "PORT": "5433"}),
        ("postgresql:///learn?host=/run/postgresql", {"HOST": "/run/postgresql", "OPTIONS": {}}),
        ("postgresql://db/learn?conn_max_age=0", {"CONN_MAX_AGE": 0, "OPTIONS": {}}),
        ("postgresql://db/learn", {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}),
        (
            "postgresql://db/learn?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            {"OPTIONS": {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}},
        ),
        # The last word counts where one is said twice.
        ("postgresql://db/learn?sslmode=disable&sslmode=require", {"OPTIONS": {"sslmode": "require"}}),
    ],
)
def test_forms_of_a_postgresql_url(url: str, expected: dict[str, Any]) -> None:
    found = env.database(url)
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///srv/data/classroom.sqlite3", "/srv/data/classroom.sqlite3"),
        ("sqlite:////srv/data/classroom.sqlite3", "/srv/data/classroom.sqlite3"),
        ("sqlite:///srv/%E6%95%B0%E6%8D%AE/a%20b.sqlite3", "/srv/数据/a b.sqlite3"),
    ],
)
def test_forms_of_a_sqlite_url(url: str, name: str) -> None:
    found = env.database(url)
    assert found["NAME"] == name
    assert found["TEST"]["NAME"] == f"{name}.test"


@pytest.mark.parametrize(
    "url",
    ["local://", "redis://cache/1", "rediss://:pw@cache:6380/1", "unix:///run/redis.sock?db=1"],
)
def test_a_cache_is_shared_unless_it_is_called_local(url: str) -> None:
    found = env.cache(url)
    if url == "local://":
        assert found == {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    else:
        assert found == {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}


@pytest.mark.parametrize(
    "url",
    [
        "redis://broker/0",
        "rediss://:pw@broker:6380/0",
        "redis+socket:///run/redis.sock?virtual_host=0",
        "sentinel://one:26379;sentinel://two:26379",
        "amqp://user:pw@broker//",
        "amqps://user:pw@broker:5671/classroom",
        "pyamqp://broker//",
    ],
)
def test_a_broker_is_handed_on_as_it_is(url: str) -> None:
    assert env.broker(url) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "s3://bucket",
            {"bucket_name": "bucket", "access_key": None, "secret_key": None, "endpoint_url": None},
        ),
        (
            "s3://K:S@bucket?endpoint=https://s3.cn-east-1.example&region=cn-east-1",
            {"endpoint_url": "https://s3.cn-east-1.example", "region_name": "cn-east-1"},
        ),
        ("s3://K:S@bucket/?region=x", {"bucket_name": "bucket", "region_name": "x"}),
        ("s3://K:S@my-lectures.2026", {"bucket_name": "my-lectures.2026"}),
    ],
)
def test_forms_of_an_object_store(url: str, expected: dict[str, Any]) -> None:
    options = env.storage(url)["OPTIONS"]
    assert {key: options[key] for key in expected} == expected
    # Whoever changes these opens lectures to the world or lets one file overwrite another.
    assert options["default_acl"] is None
    assert options["querystring_auth"] is True
    assert options["file_overwrite"] is False


def test_files_on_the_disk_lie_where_the_url_says() -> None:
    found = env.storage("file:///srv/%E8%AF%BE%20a")
    assert found["OPTIONS"] == {"location": "/srv/课 a", "base_url": "/files/"}


@pytest.mark.parametrize(
    ("url", "port", "over_tls", "starts_tls"),
    [
        ("smtps://u:p@mail.example", 465, True, False),
        ("smtps://u:p@mail.example:4465", 4465, True, False),
        ("smtp://u:p@mail.example:587", 587, False, True),
        ("smtp://mail.example:587", 587, False, True),
        # A password on any port is not sent in the clear.
        ("smtp://u:p@mail.example", 25, False, True),
        # A relay of the house without a password may be plain.
        ("smtp://relay.example", 25, False, False),
        ("smtp://relay.example:2525", 2525, False, False),
    ],
)
def test_mail_never_sends_a_password_in_the_clear(
    url: str, port: int, over_tls: bool, starts_tls: bool
) -> None:
    found = env.email(url)
    assert found["EMAIL_PORT"] == port
    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (over_tls, starts_tls)
    assert 0 < found["EMAIL_TIMEOUT"] <= 60


def test_the_mails_settings_work_together() -> None:
    from django.core.mail.backends.smtp import EmailBackend

    found = env.email("smtp://u:p@mail.example:587")
    backend = EmailBackend(
        host=found["EMAIL_HOST"], port=found["EMAIL_PORT"],
        use_tls=found["EMAIL_USE_TLS"], use_ssl=found["EMAIL_USE_SSL"],
    )  # fmt: skip
    assert backend.connection is None  # nothing was refused: Django allows one of the two only


READERS = {
    "DATABASE_URL": env.database,
    "CACHE_URL": env.cache,
    "BROKER_URL": env.broker,
    "STORAGE_URL": env.storage,
    "EMAIL_URL": env.email,
}


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("url", ["gopher://x", "nonsense", "://x", "ftp:", "http://host/"])
def test_a_scheme_that_is_none_says_which_there_are(name: str, url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} must start with \w+"):
        READERS[name](url)


BAD = [
    ("DATABASE_URL", "postgresql://u:dawn/kiln@db/learn", "%2F"),
    ("DATABASE_URL", "postgresql://u:dawn-kiln@db:port/learn", "cannot be read"),
    ("DATABASE_URL", "postgresql://u:dawn-kiln@db:99999/learn", "cannot be read"),
    ("DATABASE_URL", "postgresql://u:dawn-kiln@[::1/learn", "cannot be read"),
    ("DATABASE_URL", "postgresql://u:dawn-kiln@db", "names no database"),
    ("DATABASE_URL", "postgresql://u:dawn-kiln@db/", "names no database"),
    ("DATABASE_URL", "postgresql://u:dawn-kiln@db/learn?conn_max_age=soon", "whole number"),
    ("DATABASE_URL", "postgresql://u:dawn-kiln@db/learn?conn_max_age=-1", "whole number"),
    ("DATABASE_URL", "sqlite://dawn-kiln.sqlite3", "absolute path"),
    ("DATABASE_URL", "sqlite:///", "absolute path"),
    ("DATABASE_URL", "sqlite://", "absolute path"),
    ("CACHE_URL", "redis://u:dawn-kiln@cache:port/1", "cannot be read"),
    ("BROKER_URL", "redis://:dawn/kiln@broker/0", "%2F"),
    ("BROKER_URL", "amqp://u:dawn-kiln@broker:0//", "cannot be read"),
    ("BROKER_URL", "amqp://u:dawn-kiln@one//;http://two", "must start with"),
    ("STORAGE_URL", "s3://KEY:dawn/kiln@bucket", "%2F"),
    ("STORAGE_URL", "s3://", "names no bucket"),
    ("STORAGE_URL", "s3://KEY:dawn-kiln@", "names no bucket"),
    ("STORAGE_URL", "s3://bucket/folder", "names no bucket"),
    ("STORAGE_URL", "file://files", "absolute path"),
    ("STORAGE_URL", "file:///", "absolute path"),
    ("EMAIL_URL", "smtp://", "names no host"),
    ("EMAIL_URL", "smtps://u:dawn-kiln@", "names no host"),
    ("EMAIL_URL", "smtps://u:dawn-kiln@mail:smtp", "cannot be read"),
    ("EMAIL_URL", "file://mail", "absolute path"),
]


@pytest.mark.parametrize(("name", "url", "says"), BAD)
def test_what_cannot_be_meant_says_what_to_write_and_no_password(name: str, url: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        READERS[name](url)
    message = str(caught.value)
    assert message.startswith(name)
    assert says in message
    assert "dawn" not in message
    assert "kiln" not in message


@pytest.mark.parametrize("name", sorted(READERS))
@given(url=st.text(max_size=60))
def test_no_text_at_all_breaks_a_reader_otherwise(name: str, url: str) -> None:
    with suppress(ImproperlyConfigured):
        READERS[name](url)
