"""Pages of the preview: a draft as its learners will meet it. Nothing that is done on them is recorded."""

import re
import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from classroom.exams import words
from classroom.exams.papers import PoolTooSmall
from classroom.learning.preview.course import Tried, tried_course
from classroom.learning.preview.exam import Paper, new_seed, paper_of
from classroom.learning.preview.lesson import BY_THE_RULES, FREELY, TriedLesson, lesson_in
from classroom.learning.views import learner, moment
from courses.catalogue.models import EditionLesson

_SEED = re.compile(r"[0-9a-f]{32}")


def _tried(request: HttpRequest, page_id: int) -> Tried:
    """Return the draft; 404 for whoever may neither edit nor review it."""
    tried = tried_course(learner(request), page_id)
    if tried is None:
        raise Http404
    # The course's page then shows the draft, and offers nothing to press that would count.
    request.is_preview = True  # type: ignore[attr-defined]
    return tried


@login_required
@require_GET
def course(request: HttpRequest, page_id: int) -> HttpResponse:
    """Show the course's page as the draft has it; its lessons and its exam can be opened."""
    tried = _tried(request, page_id)
    return render(
        request, "learning/preview_course.html", {"page": tried.page, "tried": tried, "draft": tried.page}
    )


@login_required
@require_GET
def lesson(request: HttpRequest, page_id: int, lesson_key: uuid.UUID) -> HttpResponse:
    """Show a lesson: a lecture in the learner's player, a text, a file, or that it is still being made."""
    tried = _tried(request, page_id)
    way = FREELY if request.GET.get("way") == FREELY else BY_THE_RULES
    page = lesson_in(tried, lesson_key, way)
    if page is None:
        messages.warning(
            request, _("This lesson is not in the saved draft. Save the draft and open it again.")
        )
        return redirect("learning:preview", page_id)
    context: dict[str, object] = {"page": page, "tried": tried, "draft": tried.page}
    if page.lesson.kind == EditionLesson.Kind.VIDEO and page.is_watchable:
        context["data"] = page.script_data(moment(request, page.lesson.duration_ms))
    return render(request, _template(page), context)


def _template(page: TriedLesson) -> str:
    if page.lesson.kind != EditionLesson.Kind.VIDEO:
        return "learning/preview_reading.html"
    return "learning/preview_lecture.html" if page.is_watchable else "learning/preview_waiting.html"


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def exam(request: HttpRequest, page_id: int) -> HttpResponse:
    """Show a paper drawn from the draft's bank; handed in, it is graded on the spot and forgotten."""
    tried = _tried(request, page_id)
    if tried.course.exam is None:
        raise Http404
    given = request.POST.get("seed", "")
    is_handed_in = bool(_SEED.fullmatch(given))
    seed = given if is_handed_in else new_seed()
    context: dict[str, object] = {
        "tried": tried,
        "draft": tried.page,
        "exam": tried.course.exam,
        "sections": words.sections(tried.course.exam.sections),
        "interval": words.span_of_minutes(tried.course.exam.interval_minutes),
    }
    try:
        paper = paper_of(tried.course.exam, seed, _choices(request))
    except PoolTooSmall:
        return render(request, "learning/preview_exam.html", context)
    context |= {"paper": paper} | (_result(paper) if is_handed_in else {"questions": paper.questions})
    return render(request, "learning/preview_exam.html", context)


def _choices(request: HttpRequest) -> dict[int, list[str]]:
    """Return what was chosen, by the question's version: fields `q17`."""
    fields = ((name, request.POST.getlist(name)) for name in request.POST)
    return {int(name[1:]): chosen for name, chosen in fields if re.fullmatch(r"q\d{1,18}", name, re.ASCII)}


def _result(paper: Paper) -> dict[str, object]:
    marked = paper.marked
    return {"result": paper.result, "marked": marked, "tallies": words.tallies(marked)}
