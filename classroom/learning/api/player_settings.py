"""How one likes to watch: read and chosen on any device."""

from datetime import timedelta
from typing import Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from classroom.learning import player_settings
from classroom.learning.player_settings import OFF, OLDEST, RATES
from classroom.people.models import User


class PlayerSettings(serializers.Serializer[Any]):
    """What a person chose, and when by the server's clock; null and 0 where nothing was."""

    rate = serializers.FloatField(allow_null=True, help_text="As wished; a course may hold it down.")
    rate_at_ms = serializers.IntegerField()
    captions = serializers.CharField(allow_null=True, help_text='A language, or "off".')
    captions_at_ms = serializers.IntegerField()


@extend_schema_field({"type": "number", "format": "double", "enum": list(RATES)})
class _Rate(serializers.FloatField):
    """One of the speeds of the player: a number, since a text or a truth value is none."""

    def to_internal_value(self, data: Any) -> float:
        """Return the speed."""
        if type(data) not in (int, float) or data not in RATES:
            listed = ", ".join(f"{rate:g}" for rate in RATES)
            raise serializers.ValidationError(_("Choose one of these speeds: %(rates)s.") % {"rates": listed})
        return float(data)


class PlayerSettingsChoice(serializers.Serializer[Any]):
    """What is chosen now, or was `age_ms` ago by a device that could not be heard."""

    person = serializers.UUIDField(
        required=False, help_text="Whose choice it is, where the device may have changed hands since."
    )
    rate = _Rate(required=False)
    captions = serializers.CharField(
        required=False, max_length=16, help_text='A language that captions may be in, or "off".'
    )
    age_ms = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=OLDEST // timedelta(milliseconds=1)
    )

    def validate_captions(self, tag: str) -> str:
        """Refuse a language that no captions are in."""
        if tag != OFF and not player_settings.is_language(tag):
            raise serializers.ValidationError(
                _("There are no captions in this language. Choose another, or off for none.")
            )
        return tag

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a choice of nothing."""
        if "rate" not in attrs and "captions" not in attrs:
            raise serializers.ValidationError(_("Choose a speed or captions."))
        return attrs


class AnotherPerson(PermissionDenied):
    """Made by one person and sent with the sign-in of another, on a device that both use."""

    default_detail = gettext_lazy("Somebody else is signed in on this device now; nothing was kept.")
    default_code = "another_person"


class ChoiceThrottle(UserRateThrottle):
    """Somebody who tries every speed is honest; a script that never stops is not."""

    scope = "player_settings"
    rate = "120/min"


class PlayerSettingsView(APIView):
    """One's own settings; nobody else's have an address."""

    throttle_classes = [ChoiceThrottle]

    @extend_schema(
        operation_id="learning_settings",
        summary="Read how one likes to watch",
        tags=["learning"],
        responses={200: PlayerSettings},
    )
    def get(self, request: Request) -> Response:
        """Return the speed and the captions that were chosen last, on whichever device."""
        row = player_settings.settings_of(cast(User, request.user))
        return Response(player_settings.told(row))

    @extend_schema(
        operation_id="learning_choose_settings",
        summary="Choose how one likes to watch",
        tags=["learning"],
        request=PlayerSettingsChoice,
        responses={
            200: PlayerSettings,
            400: OpenApiResponse(description="No such speed or language; nothing was kept."),
            403: OpenApiResponse(
                description="Somebody else's choice, or a CSRF token that is missing or wrong."
            ),
            413: OpenApiResponse(description="Larger than any choice."),
            429: OpenApiResponse(description="Too often; Retry-After says when."),
        },
    )
    def patch(self, request: Request) -> Response:
        """Keep the choice for every device; 200 says what stands, which may have been chosen elsewhere since."""
        body = PlayerSettingsChoice(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        user, age = cast(User, request.user), timedelta(milliseconds=given.pop("age_ms"))
        if given.pop("person", user.pseudonym) != user.pseudonym:
            raise AnotherPerson
        row = player_settings.choose(user=user, age=age, **given)
        return Response(player_settings.told(row))
