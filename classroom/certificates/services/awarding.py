"""Award a certificate: take a serial, freeze the facts."""

import secrets
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classroom.certificates import facts as frozen
from classroom.certificates.errors import CompletionWithdrawn
from classroom.certificates.models import Certificate, SerialCounter
from classroom.certificates.names import romanise
from classroom.certificates.numbers import Number, make
from classroom.completion.models import Completion
from classroom.enrolment.models import Enrolment
from courses.catalogue.models import EditionLesson


@transaction.atomic
def award(*, completion: Completion, now: datetime | None = None) -> Certificate:
    """Return the certificate of a completion, awarded now if there was none.

    A second call returns the newest certificate, whatever became of it: a revoked one is never
    quietly awarded again. Locks the completion row, then the year's counter: both are held until the
    transaction ends, so a serial is taken exactly when its certificate is there. `now` is for a
    history that is brought in. Raises `CompletionWithdrawn`.
    """
    completion = locked(completion.pk)
    awarded = (
        Certificate.objects.unscoped("idempotence").filter(completion=completion).order_by("-pk").first()
    )
    if awarded is not None:
        return awarded
    # Read only now: whoever withdrew it held the same lock, and may have let go of it a moment ago.
    mine = Enrolment.objects.unscoped("of the completion that is awarded").filter(pk=completion.enrolment_id)
    if mine.filter(state=Enrolment.State.WITHDRAWN).exists():
        raise CompletionWithdrawn
    now = now or timezone.now()
    issued_on = timezone.localtime(now).date()
    course = completion.enrolment.edition.course.code
    number = take_number(year=issued_on.year, course=course)
    facts = facts_of(completion, number=str(number), issued_on=issued_on)
    return write(completion=completion, number=number, facts=facts, now=now)


def locked(completion_id: int) -> Completion:
    """Return a completion, locked: whoever issues or withdraws its certificates holds this first."""
    every = Completion.objects.unscoped("the award is the system's own act")
    return (
        every.select_for_update(of=("self",), no_key=True)
        .select_related("enrolment__user", "enrolment__institution", "enrolment__edition__course")
        .get(pk=completion_id)
    )


def take_number(*, year: int, course: str) -> Number:
    """Take the year's next serial. Call inside a transaction; locks the year's counter until it ends."""
    SerialCounter.objects.bulk_create([SerialCounter(year=year)], ignore_conflicts=True)
    counter = SerialCounter.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return make(prefix=settings.CERTIFICATE_PREFIX, year=year, course=course, serial=counter.last)


def write(*, completion: Completion, number: Number, facts: frozen.Facts, now: datetime) -> Certificate:
    """Insert the row of a certificate; its PDF is due from now on."""
    until = facts["valid_until"]
    return Certificate.objects.create(
        number=str(number),
        year=number.year,
        serial=number.serial,
        token=secrets.token_urlsafe(16),
        completion=completion,
        user=completion.enrolment.user,
        institution=completion.enrolment.institution,
        facts=dict(facts),
        facts_digest=frozen.digest(facts),
        issued_at=now,
        valid_until=date.fromisoformat(until) if until else None,
    )


def facts_of(completion: Completion, *, number: str, issued_on: date) -> frozen.Facts:
    """Gather what will be printed, as it is now; later edits of people or courses do not reach it."""
    enrolment = completion.enrolment
    user, edition, institution = enrolment.user, enrolment.edition, enrolment.institution
    until = frozen.last_valid_day(issued_on, edition.validity_months)
    facts: frozen.Facts = {
        "version": 1,
        "number": number,
        "holder": {
            "name": user.name,
            "romanised": user.romanised_name or romanise(user.name),
            "document": user.id_masked,
        },
        "institution": {"name": institution.name, "uscc": institution.uscc} if institution else None,
        "course": {
            "code": edition.course.code,
            "title": edition.title,
            "title_en": edition.title_en,
            "edition": edition.number,
            "edition_digest": edition.digest,
        },
        "credit_hours": str(completion.credit_hours),
        "verified_seconds": completion.verified_seconds,
        "lessons": _lessons(completion),
        "score": None if completion.score is None else str(completion.score),
        "assurance": completion.assurance,
        "completed_on": timezone.localtime(completion.at).date().isoformat(),
        "issued_on": issued_on.isoformat(),
        "valid_until": until.isoformat() if until else None,
        "issuer": {"name": settings.CERTIFICATE_ISSUER, "name_en": settings.CERTIFICATE_ISSUER_EN},
        "is_demo": bool(settings.DEMO),
    }
    if completion.correction_id is not None:
        facts["by_correction"] = True
    return facts


def _lessons(completion: Completion) -> list[frozen.Lesson]:
    """Return the lectures with their verified seconds, for the ruler."""
    enrolment = completion.enrolment
    covered: dict[int, Any] = dict(enrolment.progress.values_list("lesson_id", "covered_ms"))
    lectures = EditionLesson.objects.filter(edition=enrolment.edition_id, kind=EditionLesson.Kind.VIDEO)
    titles = list(lectures.order_by("position").values_list("pk", "title"))
    return frozen.lessons_in_order(titles, covered, completion.verified_seconds)
