"""Reminders of a manager to the staff: rows first, then mails; once a person and day."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from classroom.institutions.models import Institution
from classroom.institutions.permissions import manages
from classroom.institutions.queries import scope_of
from classroom.people.models import User
from classroom.people.services import audit
from classroom.reports.errors import NobodyChosen, OutOfScope
from classroom.reports.models import Reminder
from classroom.reports.queries.board import board, member_of

_LEASE = timedelta(minutes=5)
_ATTEMPTS = 5


@transaction.atomic
def remind(*, institution: Institution, user_ids: Iterable[int], by: User) -> int:
    """Note a reminder for each of these present members; return for how many it is new today. Audited.

    Raises `OutOfScope` for whoever does not manage the institution, `NobodyChosen` where none of
    the people is a member.
    """
    if not manages(by, institution):
        raise OutOfScope
    today = timezone.localdate()
    members = member_of(scope_of(by), institution, user_ids, today)
    ids = sorted(set(members.values_list("user_id", flat=True)))
    if not ids:
        raise NobodyChosen
    before = Reminder.objects.filter(institution=institution, created_on=today, user_id__in=ids).count()
    Reminder.objects.bulk_create(
        [Reminder(user_id=pk, institution=institution, created_by=by, created_on=today) for pk in ids],
        ignore_conflicts=True,
    )
    audit(actor=by, action="reports.remind", target=f"institution:{institution.pk}", detail={"people": ids})
    return len(ids) - before


def due_reminders(*, now: datetime) -> list[int]:
    """Return the keys of the reminders that were not sent and that nobody is sending."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    rows = Reminder.objects.filter(free, sent_at__isnull=True, attempts__lt=_ATTEMPTS)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:200])


def send(*, reminder_id: int, now: datetime | None = None) -> bool:
    """Send one reminder by e-mail; return whether it went out.

    Claimed with a lease, so that a person rarely gets it twice. Whoever has no e-mail address sees
    it on the site only, where what is due stands first; such a reminder counts as sent.
    """
    at = now or timezone.now()
    reminder = _claim(reminder_id, at)
    if reminder is None:
        return False
    person = reminder.user
    if person.email:
        with translation.override(person.language):
            _message(reminder, person).send()
    reminder.sent_at, reminder.leased_until = at, None
    reminder.save(update_fields=["sent_at", "leased_until"])
    return True


@transaction.atomic
def _claim(reminder_id: int, now: datetime) -> Reminder | None:
    reminder = (
        Reminder.objects.select_for_update(of=("self",))
        .select_related("user", "institution", "created_by")
        .filter(pk=reminder_id, sent_at__isnull=True, attempts__lt=_ATTEMPTS)
        .first()
    )
    if reminder is None or (reminder.leased_until and reminder.leased_until > now):
        return None
    reminder.attempts, reminder.leased_until = reminder.attempts + 1, now + _LEASE
    reminder.save(update_fields=["attempts", "leased_until"])
    return reminder


def _message(reminder: Reminder, person: User) -> EmailMessage:
    found = board(
        scope=scope_of(reminder.created_by), institution=reminder.institution, today=timezone.localdate()
    )
    titles = {column.course_id: column.title for column in found.columns}
    lines = []
    for line in found.people:
        for cell in line.actions if line.user_id == person.pk else []:
            if cell.state in {"overdue", "soon"} and cell.due_on:
                lines.append(
                    _("%(code)s %(title)s: due on %(day)s")
                    % {
                        "code": cell.code,
                        "title": titles.get(cell.course_id, ""),
                        "day": cell.due_on.isoformat(),
                    }
                )
    body = _("%(name)s, %(institution)s reminds you of your training.") % {
        "name": person.name,
        "institution": reminder.institution.name,
    }
    where = _("Continue here: %(url)s") % {"url": f"{settings.SITE_URL}/learn/"}
    return EmailMessage(
        subject=_("Your training is due"),
        body="\n\n".join([body, "\n".join(lines), where]) if lines else f"{body}\n\n{where}",
        to=[person.email or ""],
    )
