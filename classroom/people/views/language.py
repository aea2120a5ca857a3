"""The switch of languages at the head and the foot of every page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views import i18n

from classroom.people import services
from classroom.people.models import User


def set_language(request: HttpRequest) -> HttpResponseBase:
    """Switch the pages' language as Django does; for who is signed in, that of mails and files too."""
    response = i18n.set_language(request)
    language = request.POST.get("language", "")
    if request.method == "POST" and isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        services.choose_language(user=request.user, language=language)
    return response
