"""Verification for programs."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classroom.certificates import files, queries, throttle


class VerifiedCertificate(serializers.Serializer):
    """What everybody may read of a certificate."""

    status = serializers.ChoiceField(
        choices=[queries.VALID, queries.EXPIRED, queries.REVOKED, queries.REPLACED]
    )
    number = serializers.CharField()
    holder = serializers.CharField(help_text="Masked: only the surname.")
    institution = serializers.CharField()
    course_code = serializers.CharField()
    course_title = serializers.CharField()
    course_title_en = serializers.CharField()
    edition = serializers.CharField()
    credit_hours = serializers.CharField()
    score = serializers.CharField(allow_null=True)
    assurance = serializers.CharField(help_text="A0 to A3; A1 proves playback, not attention.")
    by_correction = serializers.BooleanField(
        help_text="Whether two persons counted the course as completed by hand."
    )
    issuer = serializers.CharField()
    issued_on = serializers.DateField()
    valid_until = serializers.DateField(allow_null=True)
    facts_digest = serializers.CharField(help_text="SHA-256 of the frozen facts.")
    ended_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField(help_text="A category; never a finding about a person.")
    replaced_by = serializers.CharField(help_text="The number of the certificate that stands instead.")
    replaced_by_token = serializers.CharField()
    is_demo = serializers.BooleanField()
    is_file_intact = serializers.BooleanField(
        allow_null=True,
        help_text="Whether the stored PDF is as it was signed; null while it is made or cannot be read.",
    )
    checked_at = serializers.DateTimeField()


class UnknownCertificate(NotFound):
    """No certificate has this token."""

    default_code = "unknown_certificate"
    default_detail = _("No certificate was issued with this code. Check the link, or scan the QR code again.")


class VerifyView(APIView):
    """What holds of the certificate with this token."""

    permission_classes = [AllowAny]
    authentication_classes: list[type] = []

    @extend_schema(
        operation_id="verify_certificate",
        tags=["certificates"],
        auth=[],
        responses={
            200: VerifiedCertificate,
            404: OpenApiResponse(description="No certificate was issued with this token."),
            429: OpenApiResponse(description="Too many unknown tokens in a minute from this address."),
        },
    )
    def get(self, request: Request, token: str) -> Response:
        """Return state and public facts; the holder is masked."""
        certificate = queries.by_token(token)
        if certificate is None:
            if throttle.is_exhausted(request):
                raise Throttled(wait=throttle.seconds_left())
            throttle.count_miss(request)
            raise UnknownCertificate
        public = queries.public_view(certificate)
        facts = {name: getattr(public, name) for name in queries.PublicCertificate.__dataclass_fields__}
        file = files.known_of_stored(certificate, asked=request.path)
        facts |= {"is_file_intact": file.is_intact, "checked_at": timezone.now()}
        headers = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
        return Response(VerifiedCertificate(facts).data, status=status.HTTP_200_OK, headers=headers)
