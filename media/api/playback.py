"""A running viewer's right to stream is renewed before it runs out."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media import playback
from media.models import Encode
from media.permissions import may_renew


class GrantGone(APIException):
    """The grant ran out too long ago to be renewed."""

    status_code = status.HTTP_410_GONE
    default_detail = _("This address expired too long ago. Open the lecture again.")
    default_code = "grant_expired"


class RenewSerializer(serializers.Serializer[Any]):
    """Which grant."""

    url = serializers.CharField(max_length=500, help_text="Any address under the grant to be renewed.")


class CaptionLinkSerializer(serializers.Serializer[Any]):
    """Captions under the grant."""

    language = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as a base attribute
    url = serializers.CharField()


class GrantSerializer(serializers.Serializer[Any]):
    """A right to stream."""

    manifest_url = serializers.CharField()
    poster_url = serializers.CharField()
    storyboard_url = serializers.CharField(allow_null=True)
    captions = CaptionLinkSerializer(many=True)
    expires_at = serializers.DateTimeField()


class RenewView(APIView):
    """Renews a grant of the person who is signed in."""

    @extend_schema(
        request=RenewSerializer,
        responses={
            200: GrantSerializer,
            403: OpenApiResponse(
                description="The address is not this person's, or they may no longer watch."
            ),
            404: OpenApiResponse(description="The lecture is no longer there."),
            410: OpenApiResponse(description="It expired more than a day ago."),
        },
        summary="Renew a playback grant",
        tags=["playback"],
    )
    def post(self, request: Request) -> Response:
        """Check the old grant and answer with a fresh one for the same encode and session."""
        wanted = RenewSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        claim = playback.claim_in(wanted.validated_data["url"])
        browser = playback.browser_of(request)
        if claim is None or claim.person != str(getattr(request.user, "pseudonym", "")):
            raise PermissionDenied
        try:
            playback.verify(claim, browser=browser, grace_s=playback.RENEWABLE_S)
        except playback.GrantRefused as refused:
            raise PermissionDenied from refused
        except playback.GrantExpired as expired:
            raise GrantGone from expired
        encode = Encode.objects.select_related("lecture").filter(pk=claim.encode).first()
        if encode is None:
            raise NotFound
        if not may_renew(request.user, encode, claim.session):
            raise PermissionDenied(
                _("You no longer take part in this lecture's course. Enrol again to go on.")
            )
        fresh = playback.renew(encode=encode, person=claim.person, session=claim.session, browser=browser)
        return Response(GrantSerializer(asdict(fresh)).data)
