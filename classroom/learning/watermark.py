"""The viewer's masked name over the picture: enough to find out who filmed it, too little for anybody else."""

from classroom.enrolment.models import Enrolment
from classroom.people.ids import mask_name

_DIGITS = 4


def watermark_of(enrolment: Enrolment) -> str:
    """Return the masked name, the last digits of the mobile and the institution under which one learns.

    Who has no mobile is told apart by the begin of the pseudonym, which evidence and exports use as well.
    """
    user = enrolment.user
    digits = (user.mobile or "")[-_DIGITS:] or str(user.pseudonym)[: 2 * _DIGITS]
    institution = enrolment.institution.name if enrolment.institution else ""
    return " ".join(part for part in (mask_name(user.name), digits, institution) if part)
