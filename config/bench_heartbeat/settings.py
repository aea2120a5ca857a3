"""The platform's own settings, with the bare view and without a limit on how often one may report."""

from config.settings import *  # noqa: F403 - these settings are those with two changes

ROOT_URLCONF = "config.bench_heartbeat.urls"
HEARTBEATS_PER_MINUTE = 10**9
