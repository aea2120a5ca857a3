"""What a browser plays: segments, playlists, captions and posters under a grant."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from media import playback
from media.delivery import REVALIDATE, TYPES, deliver, suffix_of
from media.errors import MediaError
from media.models import Encode, Track
from media.stored import AGAIN_S, FileLost, tell_away, tell_lost, tell_lost_of

_POSTER_CACHE = "public, max-age=3600"


@require_safe
def stream(
    request: HttpRequest,
    signature: str,
    expiry: int,
    person: str,
    session: str,
    encode: uuid.UUID,
    file: str,
) -> HttpResponseBase:
    """Answer with one file of an encode. No query, except for captions, which can be edited."""
    try:
        suffix_of(file)
        return _granted(request, playback.Claim(signature, expiry, person, session, encode), file)
    except Http404:
        return _said(404, _("There is no such file under this address."))
    except FileLost:
        return _lost()
    except MediaError as away:
        return _away(request, away)


def _granted(request: HttpRequest, claim: playback.Claim, file: str) -> HttpResponseBase:
    """Answer with the file where the claim holds. Raises Http404, and `FileLost` for what was published."""
    try:
        playback.verify(claim, browser=playback.browser_of(request))
    except playback.GrantRefused:
        return _said(403, _("This address does not belong to you or was changed. Open the lecture again."))
    except playback.GrantExpired:
        return _said(410, _("This address has expired. Open the lecture again to go on watching."))
    if file.startswith("captions/"):
        return _captions(request, claim.encode, file.removeprefix("captions/").removesuffix(".vtt"))
    try:
        return deliver(request, f"{playback.prefix_of(claim.encode)}/{file}")
    except Http404:
        if tell_lost_of(claim.encode, file):
            raise FileLost(file) from None
        raise


def _captions(request: HttpRequest, encode: uuid.UUID, language: str) -> HttpResponseBase:
    """Answer with the captions as they are now: they may be corrected after the encode was published."""
    track = Track.objects.filter(lecture__encodes=encode, language=language).first()
    if track is None:
        raise Http404
    etag = quote_etag(f"{track.pk}-{track.updated_at.timestamp():.6f}")
    response = HttpResponse(track.vtt, content_type=TYPES[".vtt"], headers={"ETag": etag})
    response = get_conditional_response(request, etag=etag, response=response) or response
    response["Cache-Control"] = REVALIDATE
    return response


@require_safe
def poster(request: HttpRequest, signature: str, encode: uuid.UUID) -> HttpResponseBase:
    """Answer with the poster of an encode: the trainer's choice; the encode's own where that is none or is lost."""
    if not playback.signed_poster(encode, signature):
        return _said(403, _("This address was changed. Open the page again."))
    found = Encode.objects.filter(pk=encode).values_list("lecture__poster", flat=True).first()
    if found is None:
        raise Http404
    own = f"{playback.prefix_of(encode)}/poster.jpg"
    for key in filter(None, (found, own)):
        try:
            return deliver(request, key, cache=_POSTER_CACHE)
        except Http404:
            tell_lost(key, row=f"media.Encode {encode}")
        except MediaError as away:
            return _away(request, away)
    return _lost()


def _lost() -> HttpResponse:
    return _said(
        404,
        _(
            "This file is missing from the store; the operators have been told. Try again later, or tell your "
            "trainer."
        ),
    )


def _away(request: HttpRequest, error: MediaError) -> HttpResponse:
    tell_away(error, asked=request.path)
    response = _said(503, _("The file store cannot be reached now. Try again in a minute."))
    response["Retry-After"] = str(AGAIN_S)
    # Said once, in our own words.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _said(status: int, words: str) -> HttpResponse:
    """Answer in plain words: a player shows nothing else."""
    response = HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
