"""The only reader of the environment.

Every engine is one URL with an embedded default, so that one machine needs nothing installed and a
country needs only other URLs. `MODE=cluster` switches the defaults of secrets off.
"""

import contextlib
import errno
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import ParseResult, parse_qs, unquote, urlparse

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


def text(name: str, default: str = "") -> str:
    """Return the variable `name`, or `default` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """Return a yes/no variable; raise `ImproperlyConfigured` for any other word."""
    word = text(name).lower()
    if not word:
        return default
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {word!r}: write yes or no.")


def number(name: str, default: int) -> int:
    """Return a whole-number variable; raise `ImproperlyConfigured` for anything else."""
    word = text(name)
    if not word:
        return default
    try:
        value = int(word)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {word!r}: write a whole number.") from error
    if value < 0:
        raise ImproperlyConfigured(f"{name} is {word!r}: it cannot be less than 0.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without blanks."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


MODE = text("MODE", "embedded")
if MODE not in {"embedded", "cluster"}:
    raise ImproperlyConfigured(f"MODE is {MODE!r}: write embedded or cluster.")
EMBEDDED = MODE == "embedded"
VAR = Path(text("VAR_DIR", str(ROOT / "var"))).resolve()


def require(*names: str) -> None:
    """Raise `ImproperlyConfigured` outside the embedded mode, with all the names at once that are missing."""
    missing = [] if EMBEDDED else [name for name in names if not text(name)]
    if missing:
        several = len(missing) > 1
        raise ImproperlyConfigured(
            f"{', '.join(missing)} {'are' if several else 'is'} not set. "
            f"{'They have' if several else 'It has'} no default outside the embedded mode."
        )


def secret(name: str) -> str:
    """Return a secret. Embedded, it is made once and kept in `var/secrets/`; elsewhere it must be set.

    Raises `ImproperlyConfigured` outside the embedded mode where the variable is missing.
    """
    require(name)
    value = text(name)
    if value:
        return value
    path = VAR / "secrets" / name.lower()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            # Whole under another name first: a process that starts beside this one never reads half of it.
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        value = path.read_text().strip()
    except OSError as error:
        raise _unusable(path, error) from error
    if not value:
        raise ImproperlyConfigured(f"{path} is empty: put the secret back, or remove the file for a new one.")
    return value


def _unusable(path: Path, error: OSError) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{path} cannot be used ({error.strerror}). "
        "Make it yours to write, or name another folder: VAR_DIR=/path/of/yours."
    )


def own_folder(path: Path) -> Path:
    """Make a folder of the platform's own data and return it.

    Raises `ImproperlyConfigured` where nothing can be written there.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _unusable(path, error) from error
    return path


def _parsed(name: str, raw: str, example: str) -> ParseResult:
    """Return the parts of a URL. The message never repeats the URL, which may hold a password."""
    try:
        url = urlparse(raw)
        # Reading the port raises for one that is none: most often a password with a bare / or #.
        if url.port == 0:
            raise ValueError("port 0")
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} cannot be read as a URL. Write {example}, with / @ : # of a password as %2F %40 %3A %23."
        ) from error
    return url


def _absolute(name: str, url: ParseResult) -> str:
    path = unquote(url.path)
    if url.netloc or not path.strip("/"):
        raise ImproperlyConfigured(f"{name} needs an absolute path: {url.scheme}:///path/of/yours.")
    return "/" + path.lstrip("/")


def _query(url: ParseResult) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(url.query).items()}


def database(raw: str) -> dict[str, Any]:
    """Turn a database URL into Django's settings for one database.

    `sqlite:///absolute/path` runs in WAL with immediate transactions: with SQLite's defaults concurrent
    read-then-write transactions fail with "database is locked".
    """
    url = _parsed("DATABASE_URL", raw, "postgresql://user:password@host/name")
    if url.scheme == "sqlite":
        name = _absolute("DATABASE_URL", url)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            # Closing the last connection folds the whole log into the file and deletes it, and the next
            # request begins another: kept open, a request costs a tenth. Not for ever: the file may be replaced.
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
                    "PRAGMA mmap_size=134217728;PRAGMA cache_size=-32000;"
                ),
            },
            # A file, so that threads and processes of a test see one database.
            "TEST": {"NAME": f"{name}.test"},
        }
    if url.scheme in {"postgres", "postgresql"}:
        query = _query(url)
        name = unquote(url.path.lstrip("/"))
        kept = query.pop("conn_max_age", "60")
        if not name:
            raise ImproperlyConfigured(
                "DATABASE_URL names no database: postgresql://user:password@host/NAME."
            )
        if not kept.isdecimal():
            raise ImproperlyConfigured("DATABASE_URL: conn_max_age is a whole number of seconds.")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": query.pop("host", url.hostname or ""),
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": int(kept),
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": query,
            "TEST": {"TEMPLATE": "template0"},
        }
    raise ImproperlyConfigured("DATABASE_URL must start with sqlite:// or postgresql://.")


def cache(raw: str) -> dict[str, Any]:
    """Turn a cache URL (`local://`, `redis://`, `rediss://`, `unix://`) into Django's settings."""
    scheme = _parsed("CACHE_URL", raw, "redis://:password@host/1").scheme
    if scheme == "local":
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if scheme in {"redis", "rediss", "unix"}:
        return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": raw}
    raise ImproperlyConfigured("CACHE_URL must start with local://, redis://, rediss:// or unix://.")


def broker(raw: str) -> str:
    """Return a broker's URL as it is; raise `ImproperlyConfigured` for one that no task could go through."""
    # Kombu takes several addresses in one, parted by semicolons: the watchers of a Redis, brokers to fall back on.
    schemes = {_parsed("BROKER_URL", one, "redis://:password@host/0").scheme for one in raw.split(";")}
    if schemes <= {"redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps", "pyamqp"}:
        return raw
    raise ImproperlyConfigured(
        "BROKER_URL must start with redis://, rediss://, sentinel://, amqp:// or amqps://."
    )


def storage(raw: str) -> dict[str, Any]:
    """Turn a storage URL into Django's default storage.

    `file:///path` or `s3://KEY:SECRET@bucket?endpoint=https://…&region=…`.
    """
    url = _parsed("STORAGE_URL", raw, "s3://key:secret@bucket")
    if url.scheme == "file":
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": _absolute("STORAGE_URL", url), "base_url": "/files/"},
        }
    if url.scheme == "s3":
        query = _query(url)
        if not url.hostname or url.path.strip("/"):
            # A secret with a bare / ends the host early, and half of the key would be taken for the bucket.
            raise ImproperlyConfigured(
                "STORAGE_URL names no bucket. Write s3://key:secret@bucket, with / of a secret as %2F."
            )
        return {
            "BACKEND": "config.buckets.Bucket",
            "OPTIONS": {
                "bucket_name": url.hostname,
                "access_key": unquote(url.username) if url.username else None,
                "secret_key": unquote(url.password) if url.password else None,
                "endpoint_url": query.get("endpoint"),
                "region_name": query.get("region"),
                "default_acl": None,
                "querystring_auth": True,
                "file_overwrite": False,
                "signature_version": "s3v4",
            },
        }
    raise ImproperlyConfigured("STORAGE_URL must start with file:// or s3://.")


def storage_origins(raw: str) -> list[str]:
    """Return from where browsers fetch the objects of a storage URL, as a policy names it; none for files.

    A bucket is a path of its endpoint or a host before it, as the service and the bucket's name decide;
    the other buckets of the endpoint are nobody's business here.
    """
    url = urlparse(raw)
    if url.scheme != "s3" or not url.hostname:
        return []
    query = _query(url)
    endpoints = [query.get("endpoint", "https://s3.amazonaws.com")]
    if "endpoint" not in query and "region" in query:
        china = ".cn" if query["region"].startswith("cn-") else ""
        endpoints.append(f"https://s3.{query['region']}.amazonaws.com{china}")
    return [
        f"{at.scheme}://{place}"
        for at in map(urlparse, endpoints)
        for place in (f"{at.netloc}/{url.hostname}/", f"{url.hostname}.{at.netloc}")
    ]


def email(raw: str) -> dict[str, Any]:
    """Turn an e-mail URL (`file:///path`, `smtp://` or `smtps://user:pass@host:port`) into settings."""
    url = _parsed("EMAIL_URL", raw, "smtps://user:password@host")
    if url.scheme == "file":
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": _absolute("EMAIL_URL", url),
        }
    if url.scheme in {"smtp", "smtps"}:
        if not url.hostname:
            raise ImproperlyConfigured("EMAIL_URL names no host: smtps://user:password@host.")
        encrypts = url.scheme == "smtps"
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": url.hostname,
            "EMAIL_PORT": url.port or (465 if encrypts else 25),
            "EMAIL_HOST_USER": unquote(url.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
            "EMAIL_USE_SSL": encrypts,
            # A password never goes over the line in the clear: STARTTLS on the port that is there for it.
            "EMAIL_USE_TLS": not encrypts and (url.port == 587 or bool(url.username)),
            "EMAIL_TIMEOUT": 20,
        }
    raise ImproperlyConfigured("EMAIL_URL must start with file://, smtp:// or smtps://.")
