"""A manager's assignment of a course to single people; for posts there are plans."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import enrol
from classroom.institutions.models import Institution
from classroom.institutions.permissions import manages
from classroom.institutions.queries import scope_of
from classroom.people.models import User
from classroom.people.services import audit
from classroom.reports.errors import NobodyChosen, OutOfScope
from classroom.reports.queries.board import member_of
from courses.catalogue.models import Course


@transaction.atomic
def assign(
    *, institution: Institution, user_ids: Iterable[int], course: Course, due_on: date, by: User
) -> int:
    """Enrol these present members in the course's current edition, due on that day; audited.

    Whoever is enrolled already keeps the enrolment. Returns how many members were named. Raises
    `OutOfScope` for whoever does not manage the institution, `NobodyChosen` where none is a member.
    Locks what `enrol` locks.
    """
    edition = course.current
    if not manages(by, institution) or edition is None:
        raise OutOfScope
    members = member_of(scope_of(by), institution, user_ids, timezone.localdate())
    # Two memberships may hold on a day of change; the person is one.
    by_person = {member.user_id: member.user for member in members.select_related("user").order_by("user_id")}
    people = list(by_person.values())
    if not people:
        raise NobodyChosen
    # Whoever learns from an earlier edition stays on it; only the due day is brought forward.
    rows = Enrolment.objects.unscoped("members who were read in scope").filter(
        course=course, user__in=people, state=Enrolment.State.ACTIVE
    )
    rows = rows.select_related("edition").order_by("enrolled_at", "period", "pk")
    editions = {row.user_id: row.edition for row in rows}
    for person in people:
        enrol(
            user=person,
            edition=editions.get(person.pk, edition),
            origin=Enrolment.Origin.MANAGER,
            institution=institution,
            due_on=due_on,
            by=by,
        )
    detail = {"course": course.code, "people": [person.pk for person in people], "due_on": due_on.isoformat()}
    audit(actor=by, action="reports.assign", target=f"institution:{institution.pk}", detail=detail)
    return len(people)
