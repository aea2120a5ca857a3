"""The two posts of an exam that the conductor owns: start and hand in."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from classroom.enrolment.models import Enrolment
from classroom.exams.errors import ExamError
from classroom.exams.models import Attempt
from classroom.exams.queries import own_attempt
from classroom.learning import exam_flow
from classroom.people.models import User


@require_POST
@login_required
def start_exam(request: HttpRequest, enrolment_id: int) -> HttpResponse:
    """Start the exam and open it; where it cannot be started, the cover says why."""
    own = Enrolment.objects.unscoped("only one's own, by the filter").select_related("edition")
    enrolment = own.filter(pk=enrolment_id, user=cast(User, request.user)).first()
    if enrolment is None:
        raise Http404
    try:
        attempt = exam_flow.start_exam(user=cast(User, request.user), enrolment=enrolment)
    except ExamError as error:
        messages.warning(request, str(error.message))
        return redirect("exams:cover", enrolment_id)
    return redirect("exams:sitting", attempt.pk)


@require_POST
@login_required
def submit_exam(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """Hand in and show the result."""
    user = cast(User, request.user)
    try:
        attempt = exam_flow.submit_exam(user=user, attempt=own_attempt(user, attempt_id))
    except Attempt.DoesNotExist as missing:
        raise Http404 from missing
    return redirect("exams:result", attempt.pk)
