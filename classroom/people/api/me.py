"""Who the API thinks one is."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classroom.people.models import User


class MeSerializer(serializers.ModelSerializer):
    """One's own account, with masked numbers."""

    class Meta:
        model = User
        fields = ["pseudonym", "name", "romanised_name", "mobile", "email", "id_masked", "language"]
        read_only_fields = fields


class MeView(APIView):
    """One's own account."""

    @extend_schema(summary="One's own account", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Return the account that the session or the token belongs to."""
        return Response(MeSerializer(request.user).data)
