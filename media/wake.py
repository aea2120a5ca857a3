"""Tell the workers that there is work. Only a hint: what is due stands in the database.

A message says nothing but "look"; whoever gets it claims the best piece there is. Lost, doubled or late
messages therefore change nothing, and without a broker the sweep finds the work when it is back.
"""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

_log = logging.getLogger(__name__)
# A hint that nobody took for a minute is stale: the sweep has given others since.
_EXPIRES_S = 60


def wake_on_commit(count: int = 1) -> None:
    """Wake `count` workers once the present transaction is committed."""
    transaction.on_commit(lambda: wake(count))


def wake(count: int = 1) -> None:
    """Wake `count` workers now. A broker that is away is noted and no error."""
    try:
        for _ in range(count):
            current_app.send_task("media.work", queue="media", expires=_EXPIRES_S, retry=False)
    except (OperationalError, OSError) as error:
        _log.warning("no broker: %s", type(error).__name__)
