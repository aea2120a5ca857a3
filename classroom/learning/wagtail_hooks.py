"""What a learner gets in place of the public pages: the catalogue itself knows no learner."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from wagtail import hooks
from wagtail.models import Page

from classroom.learning.pages import courses_of, own_enrolments
from classroom.learning.pages_course import course_page
from classroom.learning.pages_home import home_page
from classroom.people.models import User
from courses.catalogue.models import CoursePage, HomePage


@hooks.register("before_serve_page")
def serve_learner(
    page: Page, request: HttpRequest, args: list[Any], kwargs: dict[str, Any]
) -> HttpResponse | None:
    """Answer who is signed in with their own front page, and with their own view of a course they take.

    None, and with it the public page, for everybody else, for a preview and for other pages.
    """
    user = request.user
    if (
        not isinstance(user, User)
        or getattr(request, "is_preview", False)
        or request.method not in {"GET", "HEAD"}
    ):
        return None
    if isinstance(page, HomePage):
        context = page.get_context(request) | home_page(user)
        return render(request, "learning/home.html", context)
    if not isinstance(page, CoursePage):
        return None
    enrolment = next((one for one in own_enrolments(user, page=page.pk)), None)
    if enrolment is None:
        return None
    taken = courses_of(user, [enrolment])[0]
    return render(request, "learning/course.html", page.get_context(request) | course_page(taken))
