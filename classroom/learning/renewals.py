"""Who may have the right to a stream renewed: a learner while enrolled, and who sees the lecture in the admin."""

import uuid
from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.progress.models import PlaySession
from media.models import Encode
from media.permissions import may_open, may_view


def may_renew(user: Any, encode: Encode, session: str) -> bool:
    """Whether a person may go on watching `encode`. `session` is what their grant names: a viewing, or a page.

    Named by `settings.PLAYBACK_MAY_RENEW`. One query for a learner, those of permissions more for others.
    """
    return _learns(user, encode, session) or (may_open(user) and may_view(user, encode.lecture))


def _learns(user: Any, encode: Encode, session: str) -> bool:
    try:
        own = PlaySession.objects.filter(pk=uuid.UUID(session), encode=encode, enrolment__user=user)
    except ValueError:
        return False
    return own.exclude(enrolment__state=Enrolment.State.WITHDRAWN).exists()
