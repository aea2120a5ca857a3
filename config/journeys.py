"""The pages of the five journeys, by who opens them; benchmarks walk them over real HTTP."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stop:
    """A page: who opens it (None: anyone) and where it is. `{…}` is filled in from the demo."""

    name: str
    role: str | None
    path: str


STOPS = (
    Stop("home", None, "/"),
    Stop("catalogue", None, "/courses/"),
    Stop("search", None, "/courses/?q=认证"),
    Stop("course", None, "/courses/b1/"),
    Stop("sign in", None, "/sign-in/"),
    Stop("verify", None, "/verify/"),
    Stop("certificate result", None, "/v/{token}/"),
    Stop("home of a learner", "learner", "/"),
    Stop("my learning", "learner", "/learn/"),
    Stop("course of a learner", "learner", "/courses/b1/"),
    Stop("player", "learner", "/learn/{enrolment}/{lesson}/"),
    Stop("reading", "learner", "/learn/{enrolment}/{reading}/"),
    Stop("exam cover", "learner", "/exam/{enrolment}/"),
    Stop("exam paper", "learner", "/exam/attempt/{sitting}/"),
    Stop("exam result", "learner", "/exam/attempt/{graded}/result/"),
    Stop("my certificates", "learner", "/certificates/"),
    Stop("me", "learner", "/me/"),
    Stop("our people", "manager", "/institution/people/"),
    Stop("evidence of our person", "manager", "/overview/person/{enrolment}/"),
    Stop("exports of a manager", "manager", "/exports/"),
    Stop("district", "district", "/overview/"),
    Stop("institution", "district", "/overview/institution/{institution}/"),
    Stop("evidence of a person", "district", "/overview/person/{enrolment}/"),
    Stop("exports of a district", "district", "/exports/"),
    Stop("city", "city", "/overview/"),
    Stop("corrections", "city", "/overview/corrections/"),
    Stop("admin", "trainer", "/admin/"),
    Stop("lectures", "trainer", "/admin/lectures/"),
    Stop("lecture", "trainer", "/admin/lectures/{lecture}/"),
    Stop("course editor", "trainer", "/admin/pages/{page}/edit/"),
    Stop("course preview", "trainer", "/admin/pages/{page}/view_draft/"),
    Stop("course review", "reviewer", "/admin/pages/{page}/edit/"),
)

# Run inside the platform to fill in the names above: B1 is under way, and E1 waits for its exam.
FACTS = """
import json
from classroom.certificates.models import Certificate
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt
from classroom.institutions.models import Institution
from classroom.learning.exam_flow import start_exam
from courses.catalogue.models import CoursePage
why = "a benchmark looks for its pages"
own = Enrolment.objects.unscoped(why).filter(user__email="learner@demo.example")
one, waiting = own.filter(course__code="B1").latest("pk"), own.filter(course__code="E1").latest("pk")
lessons = one.edition.lessons.order_by("position")
page = CoursePage.objects.get(code="B1")
print(json.dumps({
    "enrolment": one.pk,
    "lesson": str(lessons.filter(kind="video")[0].key),
    "reading": str(lessons.filter(kind="reading")[0].key),
    "sitting": start_exam(user=waiting.user, enrolment=waiting).pk,
    "graded": Attempt.objects.unscoped(why).filter(enrolment__in=own, state="graded").latest("pk").pk,
    "token": Certificate.objects.unscoped(why).latest("pk").token,
    "institution": Institution.objects.unscoped(why).filter(supervising_authority__code="SH-310115")[0].pk,
    "page": page.pk,
    "lecture": next(block.value["lecture"].pk for block in page.lessons if block.block_type == "video"),
}))
"""
