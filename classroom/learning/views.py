"""Pages of a learner: my learning and lessons."""

import uuid
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from classroom.learning.notes import notes_as_text
from classroom.learning.pages_lesson import LessonPage, lesson_page
from classroom.learning.pages_mine import my_learning as my_courses
from classroom.people.models import User
from courses.catalogue.models import EditionLesson

_TEMPLATES = {
    EditionLesson.Kind.VIDEO: "learning/lecture.html",
    EditionLesson.Kind.READING: "learning/reading.html",
    EditionLesson.Kind.ATTACHMENT: "learning/reading.html",
}


def learner(request: HttpRequest) -> User:
    """Return who is signed in; the views that ask require it."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def own_lesson(request: HttpRequest, enrolment_id: int, key: uuid.UUID) -> LessonPage:
    """Return the page of one's own lesson; 404 for anybody else's."""
    page = lesson_page(learner(request), enrolment_id, key)
    if page is None:
        raise Http404
    return page


def moment(request: HttpRequest, duration_ms: int) -> int | None:
    """Return the moment that a link asks for, None where it asks for none or for nonsense."""
    given = request.GET.get("at", "")
    return min(int(given), duration_ms) if given.isdecimal() and len(given) < 10 else None


@login_required
@require_GET
def my_learning(request: HttpRequest) -> HttpResponse:
    """Show the learner's courses: overdue and due first."""
    return render(request, "learning/my_learning.html", {"mine": my_courses(learner(request))})


@login_required
@require_GET
def player(request: HttpRequest, enrolment_id: int, lesson_key: uuid.UUID) -> HttpResponse:
    """Show a lesson: a lecture with its player, a text or a file to acknowledge."""
    page = own_lesson(request, enrolment_id, lesson_key)
    context: dict[str, object] = {"page": page}
    if page.line.is_video:
        context["data"] = page.script_data(moment(request, page.lesson.duration_ms))
    return render(request, _TEMPLATES[EditionLesson.Kind(page.lesson.kind)], context)


@login_required
@require_GET
def notes_file(request: HttpRequest, enrolment_id: int, lesson_key: uuid.UUID) -> HttpResponse:
    """Send the learner's own notes of a lesson as a text file."""
    page = own_lesson(request, enrolment_id, lesson_key)
    title = _(", ").join([f"{page.taken.code} {page.taken.title}", page.line.name])
    response = HttpResponse(notes_as_text(page.notes, title), content_type="text/plain; charset=utf-8")
    name = quote(f"{page.taken.code}-{page.line.number}.txt")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response
