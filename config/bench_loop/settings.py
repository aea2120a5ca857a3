"""The platform's own settings, with the bare view."""

from config.settings import *  # noqa: F403 - these settings are those with one change

ROOT_URLCONF = "config.bench_loop.urls"
