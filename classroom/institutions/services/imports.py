"""Staff lists from spreadsheets: read and shown first, carried out when confirmed, twice without harm."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import pgettext

from classroom.institutions import staff_list
from classroom.institutions.errors import ImportGone, NotAllowed
from classroom.institutions.models import Institution, Membership, Post, StaffImport
from classroom.institutions.queries import active_on
from classroom.institutions.services.staff import change_department, join, may_change_staff, set_posts
from classroom.institutions.spreadsheets import read_rows
from classroom.institutions.staff_list import Problem, StaffRow
from classroom.people.ids import normal_name
from classroom.people.models import User
from classroom.people.services import audit, register_person

_WHY = "a staff list is compared with all accounts; the manager learns only of one's own staff"


@dataclass(slots=True)
class Line:
    """A row and what carrying it out would do: new, join, change, same, or wrong."""

    row: StaffRow
    action: str
    user: User | None = None
    membership: Membership | None = None

    @property
    def post_words(self) -> str:
        """The posts of the row in the reader's language."""
        return pgettext("between names", ", ").join(str(Post.Kind(kind).label) for kind in self.row.posts)


@transaction.atomic
def read_file(*, institution: Institution, by: User, filename: str, content: bytes) -> StaffImport:
    """Keep the rows of a file for a dry run; nothing else changes. Audited.

    Raises `NotAllowed`, and for a file that is no staff list one of `UnreadableFile`'s kinds.
    """
    if not may_change_staff(by, institution):
        raise NotAllowed
    rows = read_rows(content)
    staff_list.parse(rows, timezone.localdate())
    found = StaffImport.objects.create(institution=institution, by=by, filename=filename[:255], rows=rows)
    detail = {"rows": sum(map(bool, rows)) - 1}
    audit(actor=by, action="staff.read_file", target=f"institution:{institution.pk}", detail=detail)
    return found


def import_of(*, user: User, import_id: int) -> StaffImport:
    """Return one's own import. Raises `ImportGone` for anybody else's, or where one may not any more."""
    found = StaffImport.objects.select_related("institution").filter(pk=import_id, by=user).first()
    if found is None or not may_change_staff(user, found.institution):
        raise ImportGone
    return found


def lines_of(found: StaffImport, today: date) -> list[Line]:
    """Return what carrying the import out would do now, row by row. Four queries."""
    rows = staff_list.parse(found.rows, today)
    people = _people_of(rows)
    here = _members(found.institution, today)
    elsewhere = set(
        Membership.objects.unscoped(_WHY)
        .filter(active_on(today), user__in=people.values())
        .exclude(institution=found.institution)
        .values_list("user_id", flat=True)
    )
    lines = [_line(row, people, here, elsewhere) for row in rows]
    _mark_overlaps(lines, found.institution, today)
    return lines


def _mark_overlaps(lines: list[Line], institution: Institution, today: date) -> None:
    """Mark who would come back on a day on which the person still worked here."""
    last: dict[int, date] = {}
    rows = Membership.objects.unscoped(_WHY).filter(institution=institution, ended_on__isnull=False)
    for row in rows.order_by("ended_on"):
        if row.ended_on is not None:
            last[row.user_id] = row.ended_on
    for line in lines:
        former = last.get(line.user.pk) if line.action == "join" and line.user else None
        if former is not None and (line.row.started_on or today) <= former:
            line.row.problems.append(Problem("overlaps", former.isoformat()))
            line.action = "wrong"


def _people_of(rows: list[StaffRow]) -> dict[str, User]:
    wanted = Q(mobile__in=[row.mobile for row in rows if row.mobile])
    wanted |= Q(email__in=[row.email for row in rows if row.email])
    people: dict[str, User] = {}
    for user in User.objects.filter(wanted):
        for identifier in (user.mobile, user.email):
            if identifier:
                people[identifier] = user
    return people


def _members(institution: Institution, today: date) -> dict[int, Membership]:
    # Who comes tomorrow is a member already, and is not to join a second time.
    still = Q(ended_on__isnull=True) | Q(ended_on__gte=today)
    rows = Membership.objects.unscoped(_WHY).filter(still, institution=institution)
    return {row.user_id: row for row in rows.order_by("started_on").prefetch_related("posts")}


def _line(row: StaffRow, people: dict[str, User], here: dict[int, Membership], elsewhere: set[int]) -> Line:
    by_mobile, by_email = people.get(row.mobile), people.get(row.email)
    user = by_mobile or by_email
    if by_mobile and by_email and by_mobile.pk != by_email.pk:
        row.problems.append(Problem("two_people"))
    elif user is not None:
        if normal_name(user.name) != row.name:
            row.problems.append(Problem("other_name", row.mobile if by_mobile else row.email))
        elif not user.is_active:
            row.problems.append(Problem("closed"))
        elif user.pk in elsewhere and user.pk not in here:
            row.problems.append(Problem("elsewhere"))
    if row.problems:
        return Line(row, "wrong")
    if user is None:
        return Line(row, "new")
    membership = here.get(user.pk)
    if membership is None:
        return Line(row, "join", user)
    held = {post.kind for post in membership.posts.all() if post.ended_on is None}
    is_same_posts = not row.has_posts_column or held == set(row.posts)
    is_same = is_same_posts and (not row.department or row.department == membership.department)
    # A manager corrects staff; the posts of a manager are an operator's matter.
    if is_same or membership.role != Membership.Role.STAFF:
        return Line(row, "same", user, membership)
    return Line(row, "change", user, membership)


@transaction.atomic
def carry_out(*, found: StaffImport, by: User) -> StaffImport:
    """Carry the right rows out and leave the wrong ones; a second time changes nothing. Audited.

    Rows are looked at afresh, since the dry run. Locks the import, then each membership that
    changes. Raises `ImportGone`, `NotAllowed`.
    """
    row = StaffImport.objects.select_for_update(of=("self",)).select_related("institution").get(pk=found.pk)
    if row.by_id != by.pk:
        raise ImportGone
    if not may_change_staff(by, row.institution):
        raise NotAllowed
    if row.state == StaffImport.State.APPLIED:
        return row
    today = timezone.localdate()
    lines = lines_of(row, today)
    for line in lines:
        _carry(line, row.institution, by, today)
    counted = Counter(line.action for line in lines)
    row.state, row.applied_at = StaffImport.State.APPLIED, timezone.now()
    row.outcome = {
        "counts": dict(counted),
        "wrong": [line.row.number for line in lines if line.action == "wrong"],
        "fresh": [line.user.pk for line in lines if line.action == "new" and line.user],
    }
    row.save(update_fields=["state", "applied_at", "outcome"])
    audit(
        actor=by,
        action="institutions.import_staff",
        target=f"institution:{row.institution_id}",
        detail={"institutions": [row.institution_id], **dict(counted)},
    )
    return row


def _carry(line: Line, institution: Institution, by: User, today: date) -> None:
    row = line.row
    if line.action == "new":
        line.user = register_person(name=row.name, mobile=row.mobile, email=row.email, by=by)
    if line.action in {"new", "join"} and line.user is not None:
        join(
            user=line.user,
            institution=institution,
            started_on=row.started_on or today,
            by=by,
            department=row.department,
            posts=row.posts,
        )
    elif line.action == "change" and line.membership is not None:
        if row.has_posts_column:
            set_posts(membership=line.membership, kinds=row.posts, on=today, by=by)
        if row.department:
            change_department(membership=line.membership, department=row.department, by=by)
