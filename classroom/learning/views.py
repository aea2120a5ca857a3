"""Pages of a learner: my learning, lessons, enrolling, leaving, acknowledging."""

import uuid
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from classroom.enrolment import services as enrolment_services
from classroom.enrolment.models import Enrolment
from classroom.institutions.scopes import Scope
from classroom.learning import services
from classroom.learning.notes import notes_as_text
from classroom.learning.pages import my_learning as my_courses
from classroom.learning.pages_lesson import LessonPage, lesson_page
from classroom.people.models import User
from courses.catalogue.models import Course, EditionLesson

_TEMPLATES = {
    EditionLesson.Kind.VIDEO: "learning/lecture.html",
    EditionLesson.Kind.READING: "learning/reading.html",
    EditionLesson.Kind.ATTACHMENT: "learning/reading.html",
}


def _learner(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _lesson_page(request: HttpRequest, enrolment_id: int, key: uuid.UUID) -> LessonPage:
    page = lesson_page(_learner(request), enrolment_id, key)
    if page is None:
        raise Http404
    return page


def _moment(request: HttpRequest, duration_ms: int) -> int | None:
    """Return the moment that a link asks for, None where it asks for none or for nonsense."""
    given = request.GET.get("at", "")
    return min(int(given), duration_ms) if given.isdecimal() and len(given) < 10 else None


@login_required
@require_GET
def my_learning(request: HttpRequest) -> HttpResponse:
    """Show the learner's courses: overdue and due first."""
    return render(request, "learning/my_learning.html", {"mine": my_courses(_learner(request))})


@login_required
@require_GET
def player(request: HttpRequest, enrolment_id: int, lesson_key: uuid.UUID) -> HttpResponse:
    """Show a lesson: a lecture with its player, a text or a file to acknowledge."""
    page = _lesson_page(request, enrolment_id, lesson_key)
    context: dict[str, object] = {"page": page}
    if page.line.is_video:
        context["data"] = page.script_data(_moment(request, page.lesson.duration_ms))
    return render(request, _TEMPLATES[EditionLesson.Kind(page.lesson.kind)], context)


@login_required
@require_GET
def notes_file(request: HttpRequest, enrolment_id: int, lesson_key: uuid.UUID) -> HttpResponse:
    """Send the learner's own notes of a lesson as a text file."""
    page = _lesson_page(request, enrolment_id, lesson_key)
    title = f"{page.taken.code} {page.taken.title}, {page.line.name}"
    response = HttpResponse(notes_as_text(page.notes, title), content_type="text/plain; charset=utf-8")
    name = quote(f"{page.taken.code}-{page.line.number}.txt")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


@login_required
@require_POST
def acknowledge(request: HttpRequest, enrolment_id: int, lesson_key: uuid.UUID) -> HttpResponse:
    """Take the learner's word that a text or file was read, and go on with what follows from it."""
    page = _lesson_page(request, enrolment_id, lesson_key)
    if page.line.is_video:
        raise Http404
    services.acknowledge(enrolment=page.enrolment, lesson=page.lesson)
    after = lesson_page(_learner(request), enrolment_id, lesson_key)
    assert after is not None
    if after.taken.is_completed:
        messages.success(request, _("The course is complete. Your certificate is being made."))
        return redirect(after.taken.address or "learning:my_learning")
    messages.success(request, _("Noted as read."))
    return redirect(after.after.address if after.after else after.taken.step.address)


@login_required
@require_POST
def enrol(request: HttpRequest, course_code: str) -> HttpResponse:
    """Enrol oneself in the current edition of a course, and begin; twice is once."""
    course = get_object_or_404(Course.objects.select_related("current", "page"), code=course_code)
    if course.current is None or course.current.withdrawn_at:
        raise Http404
    enrolment_services.enrol(user=_learner(request), edition=course.current)
    messages.success(request, _("You are enrolled."))
    return redirect(f"/courses/{course.page.slug}/" if course.page else "learning:my_learning")


@login_required
@require_POST
def withdraw(request: HttpRequest, enrolment_id: int) -> HttpResponse:
    """Leave a course that one chose oneself; what was learned is kept, and enrolling again brings it back."""
    own = Enrolment.objects.visible_to(Scope(person_id=_learner(request).pk))
    enrolment = get_object_or_404(own, pk=enrolment_id, user=request.user)
    if enrolment.origin != Enrolment.Origin.SELF or enrolment.state != Enrolment.State.ACTIVE:
        messages.error(request, _("This course was assigned to you or is complete, so it cannot be left."))
        return redirect("learning:my_learning")
    enrolment_services.withdraw(enrolment=enrolment)
    messages.success(request, _("You left the course. What you learned is kept."))
    return redirect("learning:my_learning")
