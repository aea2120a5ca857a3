"""The site's addresses and the bare view: what a Django view costs that only asks who is there."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as of_the_site

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def bare(request: HttpRequest) -> HttpResponse:
    """Tell whether somebody is signed in; every middleware of the site goes round it."""
    return HttpResponse(str(request.user.is_authenticated))


urlpatterns = [path("bench/bare/", bare), *of_the_site]
