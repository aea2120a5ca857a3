"""Pages of an exam: cover, sitting, result. Starting and handing in belong to the conductor."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from classroom.enrolment.models import Enrolment
from classroom.exams import errors, queries, services, words
from classroom.exams.admission import admission_of
from classroom.exams.models import Attempt
from classroom.people.models import User


def _own_attempt(request: HttpRequest, attempt_id: int) -> Attempt:
    try:
        return queries.own_attempt(cast(User, request.user), attempt_id)
    except Attempt.DoesNotExist as missing:
        raise Http404 from missing


@require_GET
@never_cache
@login_required
def cover(request: HttpRequest, enrolment_id: int) -> HttpResponse:
    """Show the rules, the attempts left and the one button that fits."""
    own = Enrolment.objects.unscoped("only one's own, by the filter").select_related("edition", "course")
    enrolment = get_object_or_404(own, pk=enrolment_id, user=request.user)
    exam = queries.exam_of(enrolment)
    if exam is None:
        raise Http404
    admission = admission_of(enrolment)
    context = {
        "enrolment": enrolment,
        "edition": enrolment.edition,
        "exam": exam,
        "sections": words.sections(exam.sections),
        "question_count": sum(section["count"] for section in exam.sections),
        "attempts": list(queries.attempts_of(enrolment)),
        "open": queries.open_attempt(enrolment),
        "admission": admission,
        "eligibility": queries.eligibility(enrolment, admission=admission),
        "interval": words.span_of_minutes(exam.interval_minutes),
    }
    return render(request, "exams/cover.html", context)


@require_GET
@never_cache
@login_required
def sitting(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """Show the paper at one question; on any device it opens as it was left."""
    attempt = _own_attempt(request, attempt_id)
    now = timezone.now()
    if attempt.state == Attempt.State.IN_PROGRESS and attempt.deadline_at <= now:
        attempt = services.submit(attempt=attempt, auto=True)
    if attempt.state != Attempt.State.IN_PROGRESS:
        return redirect("exams:result", attempt.pk)
    questions = queries.questions_of(attempt)
    current = _current(request, questions)
    answered = sum(question.is_answered for question in questions)
    context = {
        "attempt": attempt,
        "edition": attempt.enrolment.edition,
        "course": attempt.enrolment.course,
        "questions": questions,
        "current": current,
        "is_review": "review" in request.GET,
        "answered": answered,
        "unanswered": len(questions) - answered,
        "flagged": sum(question.is_flagged for question in questions),
        "elapsed_percent": 100 * (now - attempt.started_at) / (attempt.deadline_at - attempt.started_at),
        "left_seconds": int((attempt.deadline_at - now).total_seconds()),
        "ticks": words.clock_ticks(attempt.exam.minutes),
        "data": _sitting_data(attempt, questions, now.timestamp()),
        "strings": words.for_script(),
    }
    return render(request, "exams/sitting.html", context)


def _current(request: HttpRequest, questions: list[queries.Question]) -> queries.Question:
    asked = request.GET.get("q", "")
    if asked.isascii() and asked.isdigit() and 1 <= int(asked[:4]) <= len(questions):
        return questions[int(asked[:4]) - 1]
    return next((question for question in questions if not question.is_answered), questions[0])


def _sitting_data(attempt: Attempt, questions: list[queries.Question], now: float) -> dict[str, Any]:
    return {
        "attempt": attempt.pk,
        "answers_url": reverse("api:exam-answers", args=[attempt.pk]),
        "state_url": reverse("api:exam-attempt", args=[attempt.pk]),
        "result_url": reverse("exams:result", args=[attempt.pk]),
        "now_ms": int(now * 1000),
        "start_ms": int(attempt.started_at.timestamp() * 1000),
        "deadline_ms": int(attempt.deadline_at.timestamp() * 1000),
        "questions": [
            {
                "number": question.number,
                "version": question.version_id,
                "choice": question.choice,
                "is_flagged": question.is_flagged,
                "revision": question.revision,
            }
            for question in questions
        ],
    }


@require_POST
@login_required
def answer(request: HttpRequest, attempt_id: int, number: int) -> HttpResponse:
    """Save one answer from a plain form and go where the pressed button says."""
    attempt = _own_attempt(request, attempt_id)
    if not 1 <= number <= len(attempt.paper):
        raise Http404
    go, revision = request.POST.get("go", "next"), request.POST.get("revision", "")
    if not revision.isascii() or not revision.isdigit() or len(revision) > 9:
        raise Http404
    flagged = request.POST.get("is_flagged") == "1"
    try:
        saved = services.save_answer(
            attempt=attempt,
            version_id=attempt.paper[number - 1]["version"],
            choice=request.POST.getlist("choice"),
            is_flagged=flagged != (go == "flag"),
            revision=int(revision) + 1,
        )
        if not saved.accepted:
            messages.warning(request, _("A newer answer from another page or device was kept."))
    except errors.ExamError as error:
        messages.error(request, str(error.message))
    place = {"previous": number - 1, "next": number + 1}.get(go, number)
    place = min(max(place, 1), len(attempt.paper))
    review = "&review=1" if go == "review" else ""
    return redirect(f"{reverse('exams:sitting', args=[attempt.pk])}?q={place}{review}")


@require_GET
@never_cache
@login_required
def result(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """Show score and verdict, and the key with its grounds where the policy allows."""
    attempt = _own_attempt(request, attempt_id)
    if attempt.state == Attempt.State.IN_PROGRESS:
        return redirect("exams:sitting", attempt.pk)
    verdict = queries.eligibility(attempt.enrolment)
    may_sit_again = queries.may_sit_again(verdict)
    shows = queries.may_see_answers(attempt, may_sit_again=may_sit_again)
    marked = queries.marked(attempt)
    context = {
        "attempt": attempt,
        "edition": attempt.enrolment.edition,
        "course": attempt.enrolment.course,
        "exam": attempt.exam,
        "eligibility": verdict,
        "may_sit_again": may_sit_again,
        "tallies": words.tallies(marked),
        "marked": marked if shows else [],
        "shows": shows,
        "took": words.span_of_seconds(_seconds_taken(attempt)),
    }
    return render(request, "exams/result.html", context)


def _seconds_taken(attempt: Attempt) -> int:
    end = attempt.submitted_at or attempt.deadline_at
    return int((end - attempt.started_at).total_seconds())
