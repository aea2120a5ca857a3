"""Deploy checks: what a cluster still lacks, each in one sentence that says what to set."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

_SHORTEST_KEY, _FEWEST_SIGNS = 32, 10


@register(Tags.security, deploy=True)
def engines(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each engine that is still the embedded one."""
    found: list[CheckMessage] = []
    if settings.EMBEDDED:
        found.append(Error("MODE is embedded.", hint="Set MODE=cluster.", id="classroom.E001"))
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            Error("The database is SQLite.", hint="Set DATABASE_URL=postgresql://….", id="classroom.E002")
        )
    if settings.CELERY_BROKER_URL.startswith("redis+socket"):
        found.append(
            Error(
                "The broker is the embedded one.",
                hint="Set BROKER_URL=redis://… or amqp://….",
                id="classroom.E003",
            )
        )
    if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        found.append(
            Error(
                "Each process has a cache of its own.", hint="Set CACHE_URL=redis://….", id="classroom.E004"
            )
        )
    if settings.STORAGES["default"]["BACKEND"].endswith("FileSystemStorage"):
        found.append(
            Warning(
                "Files are on this machine's disk.",
                hint="Set STORAGE_URL=s3://…, or share the directory between all hosts.",
                id="classroom.W005",
            )
        )
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        found.append(
            Warning("E-mail is written to files.", hint="Set EMAIL_URL=smtp://….", id="classroom.W006")
        )
    if not settings.SITE_URL.startswith("https://"):
        found.append(
            Error(
                "SITE_URL is not https; links in certificates and mails would be wrong.",
                hint="Set SITE_URL=https://….",
                id="classroom.E007",
            )
        )
    if settings.PROXIES is None:
        found.append(
            Error(
                "All visitors share the proxy's address: one who guesses passwords locks everybody's name.",
                hint="Set PROXIES to how many proxies of yours stand in front: 1 for one nginx.",
                id="classroom.E011",
            )
        )
    if settings.DEMO:
        found.append(Error("Demo accounts are on.", hint="Set DEMO=no.", id="classroom.E008"))
    return found


@register(Tags.security, deploy=True)
def keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report secrets that can be guessed, and one that was given twice: each has to fall alone."""
    found: list[CheckMessage] = []
    names = ("SECRET_KEY", "PLAYBACK_KEY", "PSEUDONYM_KEY", "EVIDENCE_KEY")
    hint = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' makes a good one."
    for number, name in enumerate(names):
        value = getattr(settings, name)
        if len(value) < _SHORTEST_KEY or len(set(value)) < _FEWEST_SIGNS:
            found.append(Error(f"{name} can be guessed.", hint=hint, id="classroom.E009"))
        if twins := [other for other in names[:number] if getattr(settings, other) == value]:
            found.append(Error(f"{name} is the same as {twins[0]}.", hint=hint, id="classroom.E010"))
    return found
