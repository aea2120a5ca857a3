"""The learner's courses in their groups: overdue, due within thirty days, under way, done."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Sum

from classroom.completion.models import CreditEntry
from classroom.learning.pages import CATALOGUE, Taken, courses_of
from classroom.people.models import User


@dataclass(frozen=True)
class MyLearning:
    """The four groups of "my learning", in their order, and what the page says above them."""

    overdue: list[Taken]
    soon: list[Taken]
    under_way: list[Taken]
    done: list[Taken]
    hours: dict[int, Decimal] = field(default_factory=dict)
    catalogue: str = CATALOGUE

    @property
    def is_empty(self) -> bool:
        """Whether the learner takes no course at all."""
        return not (self.overdue or self.soon or self.under_way or self.done)

    @property
    def completed(self) -> list[tuple[Taken, Decimal]]:
        """The completed courses with the credit hours that the ledger holds for each, not those on offer."""
        return [(taken, self.hours.get(taken.enrolment.pk, Decimal(0))) for taken in self.done]

    @property
    def last(self) -> Taken | None:
        """The course last learned in, for the line that tells where one was."""
        begun = [taken for taken in (*self.overdue, *self.soon, *self.under_way) if taken.left_at]
        return max(begun, key=lambda taken: taken.left_at.timestamp() if taken.left_at else 0, default=None)

    @property
    def next(self) -> Taken | None:
        """The course to put first: the one due next, then the one last learned in, then the newest."""
        return next(
            iter([*self.soon, *([self.last] if self.last else []), *self.overdue, *self.under_way]), None
        )


def my_learning(user: User) -> MyLearning:
    """Return the learner's courses in their groups: overdue, due within 30 days, under way, done."""
    taken = courses_of(user)
    open_ones = [one for one in taken if not one.is_completed]
    dated = sorted(
        (one for one in open_ones if one.days_left is not None), key=lambda one: one.days_left or 0
    )
    rest = [one for one in open_ones if not (one.is_overdue or one.is_due_soon)]
    rest.sort(key=lambda one: one.left_at.timestamp() if one.left_at else 0, reverse=True)
    finished = [one for one in taken if one.is_completed]
    finished.sort(key=lambda one: one.enrolment.completed_at or one.enrolment.enrolled_at, reverse=True)
    return MyLearning(
        overdue=[one for one in dated if one.is_overdue],
        soon=[one for one in dated if one.is_due_soon],
        under_way=rest,
        done=finished,
        hours=_hours_of([one.enrolment.pk for one in finished]),
    )


def _hours_of(enrolment_ids: list[int]) -> dict[int, Decimal]:
    """Return what the ledger holds for each of these enrolments, reversals taken off. One query, none for none."""
    if not enrolment_ids:
        return {}
    entries = CreditEntry.objects.filter(completion__enrolment__in=enrolment_ids).order_by()
    summed = entries.values_list("completion__enrolment").annotate(hours=Sum("hours"))
    return {enrolment: hours for enrolment, hours in summed}
