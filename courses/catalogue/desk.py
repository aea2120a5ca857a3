"""What trainers and reviewers find on their desk: whose courses, where each stands, whom it reaches."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, Revision, WorkflowState

from courses.catalogue.models import CataloguePage, CoursePage, Edition, HomePage


@dataclass(frozen=True, slots=True)
class Standing:
    """A course page and where it stands."""

    page: CoursePage
    code: str
    state: str | Promise
    edition: Edition | None


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people a change of an edition would concern."""

    learning: int
    completed: int


def editable_catalogue(user: Any) -> CataloguePage | None:
    """Return the page that holds the courses where the person may write or review courses, else None."""
    catalogue: CataloguePage | None = CataloguePage.objects.first()
    if catalogue is None:
        return None
    rights = catalogue.permissions_for_user(user)
    return catalogue if rights.can_add_subpage() or rights.can_edit() else None


def may_edit_home(user: Any) -> bool:
    """Whether the person keeps the front page and its notices, and so needs the whole tree."""
    home = HomePage.objects.first()
    return bool(home and home.permissions_for_user(user).can_edit())


def own_pages(user: Any) -> QuerySet[CoursePage]:
    """Return the course pages that the person made."""
    pages: QuerySet[CoursePage] = CoursePage.objects.filter(owner_id=user.pk)
    return pages


def all_pages() -> QuerySet[CoursePage]:
    """Return all course pages."""
    pages: QuerySet[CoursePage] = CoursePage.objects.all()
    return pages


def standings(pages: Iterable[CoursePage]) -> list[Standing]:
    """Return where pages stand, what waits for somebody first (three queries for any number)."""
    if isinstance(pages, QuerySet):
        pages = pages.select_related("course__current").order_by("code")
    listed = list(pages)
    kind = ContentType.objects.get_for_model(Page)
    active = WorkflowState.objects.active().filter(
        base_content_type=kind, object_id__in=[str(page.pk) for page in listed]
    )
    states = {state.object_id: state.status for state in active}
    waiting = Revision.objects.filter(
        base_content_type=kind,
        object_id__in=[str(page.pk) for page in listed],
        approved_go_live_at__isnull=False,
    )
    scheduled = set(waiting.values_list("object_id", flat=True))
    rows = [
        _standing(page, states.get(str(page.pk), ""), is_scheduled=str(page.pk) in scheduled)
        for page in listed
    ]
    return sorted(rows, key=lambda row: (_ORDER.get(row.code, 9), row.page.code))


_ORDER = {"needs_changes": 0, "in_review": 1, "scheduled": 2, "draft": 3, "changed": 4, "published": 5}
_WORDS = {
    "needs_changes": _("changes requested"),
    "in_review": _("in review"),
    "scheduled": _("scheduled"),
    "draft": _("draft"),
    "changed": _("published, with newer draft"),
    "published": _("published"),
}


def _standing(page: CoursePage, status: str, *, is_scheduled: bool) -> Standing:
    if status == WorkflowState.STATUS_NEEDS_CHANGES:
        code = "needs_changes"
    elif status == WorkflowState.STATUS_IN_PROGRESS:
        code = "in_review"
    elif is_scheduled:
        code = "scheduled"
    elif not page.live:
        code = "draft"
    else:
        code = "changed" if page.has_unpublished_changes else "published"
    course = getattr(page, "course", None)
    return Standing(page, code, _WORDS[code], course.current if course else None)


def reach(edition: Edition) -> Reach:
    """Return how many people learn from an edition and how many have completed it (one query).

    The relation is the enrolment room's; without it nobody learns.
    """
    enrolments: Any = getattr(edition, "enrolments", None)
    if enrolments is None:
        return Reach(0, 0)
    counts = enrolments.aggregate(
        learning=Count("pk", filter=Q(state="active")), completed=Count("pk", filter=Q(state="completed"))
    )
    return Reach(counts["learning"], counts["completed"])
