"""What the people room puts round every request."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from classroom.people.way_back import page_before


class SignInAgainMiddleware:
    """Leads whoever has to sign in before a form is taken back to the form's page.

    A session may run out while a form stands open. Where the form is sent to takes no visits, so after the
    sign-in one would end on a page that is none; `again` has the sign-in say that the step is to be repeated.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with `next` set to the page before, where a form's sender is asked to sign in."""
        response = self.get_response(request)
        if request.method in {"GET", "HEAD"} or response.status_code != 302:
            return response
        parts = urlsplit(response.get("Location", ""))
        if parts.path == reverse("people:sign_in") and "next" in QueryDict(parts.query):
            onward = {"next": page_before(request) or settings.LOGIN_REDIRECT_URL, "again": "1"}
            response["Location"] = f"{parts.path}?{urlencode(onward, safe='/')}"
        return response
