"""Settings in small parts by subject; the environment is read by `config.env` alone."""

from .base import *  # noqa: F403 - settings are names gathered here
from .celery import *  # noqa: F403 - settings are names gathered here
from .rest import *  # noqa: F403 - settings are names gathered here
from .security import *  # noqa: F403 - settings are names gathered here
from .storage import *  # noqa: F403 - settings are names gathered here
from .wagtail import *  # noqa: F403 - settings are names gathered here
