"""What a learner does on a page by a form: enrol, leave, confirm a reading."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classroom.enrolment import services as enrolments
from classroom.enrolment.errors import EnrolmentError
from classroom.enrolment.models import Enrolment
from classroom.institutions.scopes import Scope
from classroom.learning import services
from classroom.learning.views import learner, own_lesson
from courses.catalogue.models import Course


@login_required
@require_POST
def acknowledge(request: HttpRequest, enrolment_id: int, lesson_key: uuid.UUID) -> HttpResponse:
    """Take the learner's word that a text or file was read, and go on with what follows from it."""
    page = own_lesson(request, enrolment_id, lesson_key)
    if page.line.is_video:
        raise Http404
    services.acknowledge(enrolment=page.enrolment, lesson=page.lesson)
    after = own_lesson(request, enrolment_id, lesson_key)
    if after.taken.is_completed:
        messages.success(request, _("The course is complete. Your certificate is being made."))
        return redirect(after.taken.address or "learning:my_learning")
    messages.success(request, _("Noted as read."))
    return redirect(after.after.address if after.after else after.taken.step.address)


@login_required
@require_POST
def enrol(request: HttpRequest, course_code: str) -> HttpResponse:
    """Enrol oneself in what a course teaches now; twice is once."""
    course = get_object_or_404(Course.objects.select_related("current", "page"), code=course_code)
    try:
        services.enrol_in(user=learner(request), course=course)
    except EnrolmentError as error:
        messages.error(request, str(error.message))
        return redirect("learning:my_learning")
    messages.success(request, _("You are enrolled."))
    return redirect(f"/courses/{course.page.slug}/" if course.page else "learning:my_learning")


@login_required
@require_POST
def withdraw(request: HttpRequest, enrolment_id: int) -> HttpResponse:
    """Leave a course that one chose oneself; what was learned is kept as it was."""
    own = Enrolment.objects.visible_to(Scope(person_id=learner(request).pk))
    enrolment = get_object_or_404(own, pk=enrolment_id, user=request.user)
    if enrolment.origin != Enrolment.Origin.SELF or enrolment.state != Enrolment.State.ACTIVE:
        messages.error(request, _("This course was assigned to you or is complete, so it cannot be left."))
        return redirect("learning:my_learning")
    enrolments.withdraw(enrolment=enrolment, by=learner(request))
    messages.success(request, _("You left the course. What you learned is kept."))
    return redirect("learning:my_learning")
