"""A signed, expiring right to stream one encode, bound to a person and a session.

The right is a prefix of the address, `/stream/<signature>/<expiry>/<person>/<session>/<encode>/`, so that
playlists stay relative and untouched and one signature serves every segment without a query. A grant made
for a browser (`browser=browser_of(request)`) is of no use in another one.
"""

import base64
import hashlib
import hmac
import re
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from media import store
from media.errors import StoreAway
from media.models import Encode
from media.queries import captions_of

ROOT = "/stream"
# A grant that ran out may be renewed by its owner for this long: a laptop that slept over night.
RENEWABLE_S = 24 * 3600
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GRANTED = re.compile(
    r"/stream/(?P<signature>[A-Za-z0-9_-]{43})/(?P<expiry>\d{10,11})/(?P<person>[A-Za-z0-9_-]{1,64})"
    r"/(?P<session>[A-Za-z0-9_-]{1,64})/(?P<encode>[0-9a-f-]{36})/"
)


class CaptionLink(TypedDict):
    """Captions that a player may load under the same grant."""

    language: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class PlaybackGrant:
    """What a player needs. Addresses are relative to the site; `expires_at` is aware."""

    manifest_url: str
    poster_url: str
    storyboard_url: str | None
    captions: list[CaptionLink]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """What the address of a grant says, before or after it has been verified."""

    signature: str
    expiry: int
    person: str
    session: str
    encode: uuid.UUID


class GrantRefused(Exception):
    """The address was changed, or belongs to another browser."""


class GrantExpired(Exception):
    """The right to stream has run out."""


def prefix_of(encode_id: uuid.UUID) -> str:
    """Return where the files of an encode lie in the default storage: known without a query."""
    return f"lectures/{encode_id}"


def grant(
    *, encode: Encode, person: str, session: str, lifetime_s: int = 6 * 3600, browser: str = ""
) -> PlaybackGrant:
    """Return a right to stream `encode` for `lifetime_s` seconds.

    `person` is a pseudonym and `session` the id of a playback session: letters, digits, `_` and `-`, at
    most 64 (ValueError otherwise). One query, for the captions.
    """
    if not (_NAME.fullmatch(person) and _NAME.fullmatch(session)):
        raise ValueError("person and session are letters, digits, _ and -, at most 64 each")
    expiry = int(time.time()) + lifetime_s
    signature = _sign("stream", str(expiry), person, session, str(encode.pk), browser)
    base = f"{ROOT}/{signature}/{expiry}/{person}/{session}/{encode.pk}/"
    captions: list[CaptionLink] = [
        {"language": track.language, "label": track.label, "url": f"{base}captions/{track.language}.vtt"}
        for track in captions_of(encode.lecture)
    ]
    return PlaybackGrant(
        manifest_url=f"{base}master.m3u8",
        poster_url=poster_url(encode),
        storyboard_url=f"{base}storyboard.vtt" if _has_storyboard(encode) else None,
        captions=captions,
        expires_at=datetime.fromtimestamp(expiry, UTC),
    )


def renew(
    *, encode: Encode, person: str, session: str, lifetime_s: int = 6 * 3600, browser: str = ""
) -> PlaybackGrant:
    """Return a fresh right for someone who is watching; the former one stays valid until it expires."""
    return grant(encode=encode, person=person, session=session, lifetime_s=lifetime_s, browser=browser)


def claim_in(address: str) -> Claim | None:
    """Return what an address under `/stream/` claims, None where it is not the address of a grant."""
    match = _GRANTED.search(address)
    if match is None:
        return None
    try:
        encode = uuid.UUID(match["encode"])
    except ValueError:
        return None
    return Claim(match["signature"], int(match["expiry"]), match["person"], match["session"], encode)


def verify(claim: Claim, *, browser: str = "", grace_s: int = 0) -> None:
    """Check a claim without a query.

    Raises `GrantRefused` where the signature is not ours for this browser, `GrantExpired` where the time
    is over by more than `grace_s` seconds.
    """
    parts = ("stream", str(claim.expiry), claim.person, claim.session, str(claim.encode))
    if not any(_is_ours(claim.signature, *parts, whose) for whose in {browser, ""}):
        raise GrantRefused
    if claim.expiry + grace_s < time.time():
        raise GrantExpired


def browser_of(request: HttpRequest) -> str:
    """Return a name for the browser that asks, from its session cookie; "" where it has none."""
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    # Only ever a part of what is signed, never sent: it needs no key and outlives a change of keys.
    return hashlib.sha256(f"browser\0{cookie}".encode()).hexdigest()[:32] if cookie else ""


def poster_url(encode: Encode) -> str:
    """Return the public address of the poster. Signed, so that encodes cannot be guessed; never expires."""
    return f"{ROOT}/poster/{_sign('poster', str(encode.pk))}/{encode.pk}.jpg"


def signed_poster(encode_id: uuid.UUID, signature: str) -> bool:
    """Whether the address of a poster is one of ours."""
    return _is_ours(signature, "poster", str(encode_id))


def _is_ours(signature: str, *parts: str) -> bool:
    """Whether the parts were signed with the key of today or, while grants run out, a former one."""
    keys = [settings.PLAYBACK_KEY, *settings.PLAYBACK_KEY_FALLBACKS]
    return any([hmac.compare_digest(signature.encode(), _sign(*parts, key=key).encode()) for key in keys])


def _sign(*parts: str, key: str = "") -> str:
    """Return the HMAC-SHA-256 of the parts in base64url without padding: 43 characters."""
    message = "\0".join(parts).encode()
    digest = hmac.new((key or settings.PLAYBACK_KEY).encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _has_storyboard(encode: Encode) -> bool:
    """Whether the encode has thumbnails; asked of the storage once a day, since a published encode stays."""
    key = f"media:storyboard:{encode.pk}"
    known: bool | None = cache.get(key)
    if known is None:
        try:
            known = store.size(f"{prefix_of(encode.pk)}/storyboard.vtt") >= 0
        except StoreAway:
            # Whoever is watching goes on with what is loaded, and does without thumbnails for a while.
            return False
        cache.set(key, known, 24 * 3600 if encode.published_at else 5)
    return known
