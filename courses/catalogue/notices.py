"""The list of notices, by kind."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from courses.catalogue.models import NoticePage
from courses.catalogue.pages_context import news

_ON_A_PAGE = 30


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """List the published notices, the newest first; `kind` narrows, an unknown one shows all."""
    kinds = [("", gettext("All")), *NoticePage.Kind.choices]
    asked = request.GET.get("kind", "")
    kind = asked if asked in NoticePage.Kind.values else ""
    page_of = Paginator(news(kind=kind), _ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "catalogue/notices.html", {"page_of": page_of, "kinds": kinds, "kind": kind})
