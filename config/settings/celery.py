"""Celery only carries work; the database is the truth of what is due.

The embedded broker is a real Redis on a socket (see `config.engines`). The visibility timeout is
longer than any task may run, or a long task would be delivered twice while the first still runs.
"""

from typing import Any

from config import env
from config.engines import socket_path

from .base import VAR

BROKER_SOCKET = socket_path(VAR)
CELERY_BROKER_URL = env.broker(env.text("BROKER_URL", f"redis+socket://{BROKER_SOCKET}?virtual_host=0"))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# Encoding has a queue and workers of its own, so that a lecture never holds up a certificate.
CELERY_TASK_ROUTES = {"media.*": {"queue": "media"}}

CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any]
if CELERY_BROKER_URL.startswith(("amqp", "pyamqp")):
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 6 * 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "queue_order_strategy": "priority",
        "priority_steps": [0, 3, 6, 9],
        "socket_keepalive": True,
        # A page must not wait six seconds for a broker that is away: the sweep finds the work later.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.2,
    }

# Every entry is a sweep: it finds due or abandoned rows and drives them again, so it may run
# twice or late without harm. Seconds between runs.
CELERY_BEAT_SCHEDULE = {
    "media-sweep": {"task": "media.sweep", "schedule": 15.0},
    "media-tidy": {"task": "media.tidy", "schedule": 1800.0},
    "learning-sweep": {"task": "learning.sweep", "schedule": 20.0},
    "exams-sweep": {"task": "exams.sweep", "schedule": 20.0},
    "certificates-sweep": {"task": "certificates.sweep", "schedule": 20.0},
    "progress-checkpoint": {"task": "progress.checkpoint", "schedule": 300.0},
    "progress-compact": {"task": "progress.compact", "schedule": 300.0},
    "progress-partition": {"task": "progress.partition", "schedule": 300.0},
    "plans-assign": {"task": "plans.assign", "schedule": 300.0},
    "reports-refresh": {"task": "reports.refresh", "schedule": 60.0},
    "reports-sweep": {"task": "reports.sweep", "schedule": 20.0},
    "catalogue-publish-scheduled": {"task": "catalogue.publish_scheduled", "schedule": 60.0},
    "catalogue-freeze-due": {"task": "catalogue.freeze_due", "schedule": 60.0},
    "people-clear-sessions": {"task": "people.clear_sessions", "schedule": 24 * 3600.0},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "run" / "beat-schedule")
