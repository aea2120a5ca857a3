"""Counts once more, from the rows themselves and one by one, as slowly and plainly as possible.

It shares no code with `queries.facts`: what both say is right, what they say differently is a fault.
"""

from collections import Counter
from dataclasses import astuple
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from classroom.completion.models import Completion
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt
from classroom.institutions.models import Institution, Membership
from classroom.plans.models import Plan
from classroom.progress.models import LessonProgress
from classroom.reports.figures import COUNT_FIELDS, Counts
from classroom.reports.models import Rollup, RollupMonth, RollupPart

WHY = "the test counts all"
Key = tuple[int, int, int, str]


def holds(row: Any, day: date) -> bool:
    return row.started_on <= day and (row.ended_on is None or row.ended_on >= day)


def posts_of(user: Any, institution: Institution, day: date) -> set[str]:
    members = Membership.objects.unscoped(WHY).filter(user=user, institution=institution)
    held = {post.kind for row in members if holds(row, day) for post in row.posts.all() if holds(post, day)}
    return held if user.is_active else set()


def _newest(institution: Institution) -> list[Enrolment]:
    rows = Enrolment.objects.unscoped(WHY).filter(institution=institution).exclude(state="withdrawn")
    found: dict[tuple[int, int], Enrolment] = {}
    for row in sorted(rows, key=lambda row: (row.enrolled_at, row.period, row.pk)):
        found[row.user_id, row.course_id] = row
    return list(found.values())


def _counts(row: Enrolment, day: date) -> Counts:
    graded = Attempt.objects.unscoped(WHY).filter(enrolment=row, state="graded")
    completion = Completion.objects.unscoped(WHY).filter(enrolment=row).first()
    covered = sum(progress.covered_ms for progress in LessonProgress.objects.filter(enrolment=row))
    done = row.completed_at is not None
    return Counts(
        due_staff=0,
        enrolled=1,
        completed=1 if done else 0,
        examined=1 if graded.count() >= 1 else 0,
        passed=1 if graded.filter(is_passed=True).exists() else 0,
        resat=1 if graded.count() >= 2 else 0,
        overdue=1 if row.due_on and row.due_on < day and not done else 0,
        verified_seconds=covered // 1000,
        credit_hours=completion.credit_hours if completion else Decimal(0),
    )


def _asked(institution: Institution, day: date) -> list[tuple[Any, Plan]]:
    members = Membership.objects.unscoped(WHY).filter(institution=institution, user__is_active=True)
    path = institution.supervising_authority.path
    found = []
    for plan in Plan.objects.filter(closed_at=None, opens_on__lte=day):
        mine = path.startswith(plan.authority.path) if plan.authority else plan.institution == institution
        for member in members if mine else []:
            posts = {post.kind for post in member.posts.all() if holds(post, day)}
            if holds(member, day) and (not plan.posts or posts & set(plan.posts)):
                found.append((member.user, plan))
    return found


def counted(day: date) -> tuple[dict[Key, Counts], Counter[tuple[int, int, date, str, str]]]:
    """Return the counts by (institution, course, year, post), and enrolled and completed by month."""
    due: dict[Key, set[int]] = {}
    sums: dict[Key, Counts] = {}
    months: Counter[tuple[int, int, date, str, str]] = Counter()
    for institution in Institution.objects.unscoped(WHY):
        for user, plan in _asked(institution, day):
            for year in [0, *range(plan.opens_on.year, plan.due_on.year + 1)]:
                for post in ["", *posts_of(user, institution, day)]:
                    due.setdefault((institution.pk, plan.course_id, year, post), set()).add(user.pk)
        for row in _newest(institution):
            for post in ["", *posts_of(row.user, institution, day)]:
                for year in [0, timezone.localdate(row.enrolled_at).year]:
                    key = (institution.pk, row.course_id, year, post)
                    due.setdefault(key, set()).add(row.user_id)
                    sums[key] = sums.get(key, Counts()) + _counts(row, day)
                for name, at in (("enrolled", row.enrolled_at), ("completed", row.completed_at)):
                    if at:
                        month = timezone.localdate(at).replace(day=1)
                        months[institution.pk, row.course_id, month, post, name] += 1
    whole = {key: sums.get(key, Counts()) + Counts(due_staff=len(people)) for key, people in due.items()}
    return whole, months


def stored() -> tuple[dict[Key, Counts], Counter[tuple[int, int, date, str, str]]]:
    """Return what the rollups say, in the same shape."""
    found: dict[Key, Counts] = {}
    for row in Rollup.objects.unscoped(WHY):
        found[row.institution_id, row.course_id, 0, ""] = _of(row)
    for part in RollupPart.objects.unscoped(WHY):
        found[part.institution_id, part.course_id, part.year, part.post] = _of(part)
    months: Counter[tuple[int, int, date, str, str]] = Counter()
    for flow in RollupMonth.objects.unscoped(WHY):
        for name in ("enrolled", "completed"):
            if getattr(flow, name):
                key = (flow.institution_id, flow.course_id, flow.month, flow.post, name)
                months[key] += getattr(flow, name)
    return found, months


def _of(row: Any) -> Counts:
    return Counts(**{name: getattr(row, name) for name in COUNT_FIELDS})


def differences(day: date) -> list[str]:
    """Return one line for each figure that the rollups hold otherwise than the facts."""
    (right, right_months), (held, held_months) = counted(day), stored()
    lines = [
        f"{key}: {astuple(held.get(key, Counts()))} instead of {astuple(right.get(key, Counts()))}"
        for key in sorted(right.keys() | held.keys())
        if right.get(key) != held.get(key)
    ]
    return lines + [
        f"{key}: {held_months[key]} instead of {right_months[key]}"
        for key in sorted(right_months.keys() | held_months.keys())
        if right_months[key] != held_months[key]
    ]
