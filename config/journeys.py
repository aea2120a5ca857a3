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
    Stop("exam cover", "learner", "/exam/{enrolment}/"),
    Stop("my certificates", "learner", "/certificates/"),
    Stop("me", "learner", "/me/"),
    Stop("our people", "manager", "/institution/people/"),
    Stop("district", "district", "/overview/"),
    Stop("city", "city", "/overview/"),
    Stop("institution", "district", "/overview/institution/{institution}/"),
    Stop("lectures", "trainer", "/admin/lectures/"),
    Stop("admin", "trainer", "/admin/"),
)

# Run inside the platform to fill in the names above.
FACTS = """
import json
from classroom.certificates.models import Certificate
from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Institution
why = "a benchmark looks for its pages"
one = Enrolment.objects.unscoped(why).filter(user__email="learner@demo.example", course__code="B1").latest("pk")
print(json.dumps({
    "enrolment": one.pk,
    "lesson": str(one.edition.lessons.filter(kind="video").order_by("position")[0].key),
    "token": Certificate.objects.unscoped(why).latest("pk").token,
    "institution": Institution.objects.unscoped(why).filter(supervising_authority__code="SH-310115")[0].pk,
}))
"""
