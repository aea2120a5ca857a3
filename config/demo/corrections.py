"""Corrections by hand in the demo: one that two persons decided, and one that waits for its second."""

import uuid
from datetime import timedelta

from django.utils import timezone

from classroom.completion.models import Correction
from classroom.completion.services import propose
from classroom.enrolment.models import Enrolment
from classroom.people.models import User
from classroom.reports.services.corrections import decide
from config.demo import cast

_WHY = "the demo fills itself in"


def correct(people: dict[str, User]) -> None:
    """Count one course as completed by hand and propose another; what is there is left alone."""
    if Correction.objects.unscoped(_WHY).exists():
        return
    district, city = people["district@demo.example"], people["city@demo.example"]
    under_way = (
        Enrolment.objects.unscoped(_WHY)
        .filter(
            state=Enrolment.State.ACTIVE,
            edition__is_mandatory=True,
            institution__supervising_authority__code="SH-310115",
        )
        .exclude(user__email__in=[account.email for account in cast.ACCOUNTS])
        .select_related("edition", "institution__supervising_authority")
        .order_by("pk")[:2]
    )
    now = timezone.now()
    for enrolment, by, days_ago in zip(under_way, (district, city), (9, 3), strict=False):
        made = propose(
            enrolment=enrolment,
            by=by,
            kind=Correction.Kind.GRANT,
            reason=Correction.Reason.LEARNED_ELSEWHERE,
            text="演示：本人参加了同一内容的线下宣贯，签到表与考试卷齐全。",
            note="演示：线下班档案，第 3 册",
            hours=enrolment.edition.credit_hours,
            key=uuid.uuid4(),
            now=now - timedelta(days=days_ago),
        )
        if by == district:
            text = "演示：已核对签到表与试卷，同意。"
            decide(correction=made, by=city, approves=True, text=text, now=now - timedelta(days=7))
