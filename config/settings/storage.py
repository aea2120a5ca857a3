"""Files: lectures and documents in the default storage, built assets as static files."""

import contextlib

from config import env

from .base import ROOT, VAR

MEDIA_ROOT = str(VAR / "files")
MEDIA_URL = "/files/"
# The private spool of uploads in transfer and of work in progress; always a local directory.
SPOOL_DIR = VAR / "spool"
STATIC_URL = "/static/"
# Built from the checkout, whatever folder the data is in.
STATIC_ROOT = str(ROOT / "var" / "static")
BUILD_DIR = ROOT / "var" / "build"
with contextlib.suppress(OSError):  # an installed checkout may be read-only; it has been built then
    BUILD_DIR.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BUILD_DIR]
FONTS_DIR = ROOT / "node_modules" / "@expo-google-fonts"

STORAGES = {
    "default": env.storage(env.text("STORAGE_URL", f"file://{MEDIA_ROOT}")),
    "staticfiles": {"BACKEND": "config.static.StaticFiles"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
# Without `make setup` (a bare checkout under a test or a shell) an unbuilt asset is a plain name.
WHITENOISE_MANIFEST_STRICT = False

FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
MAX_UPLOAD_BYTES = env.number("MAX_UPLOAD_BYTES", 20 * 1024**3)
# Kept free on the spool's disk, so that a full disk stops uploads and not the database beside them.
SPOOL_RESERVE_BYTES = env.number("SPOOL_RESERVE_BYTES", 512 * 1024**2)
# What one institution may keep; 0 is no limit.
TENANT_QUOTA_BYTES = env.number("TENANT_QUOTA_BYTES", 0)
# Whose quota and whose turn a person's lectures count for.
MEDIA_TENANT_OF = "config.tenants.tenant_of"
# Whether lectures are made in AV1 beside H.264, where their trainer leaves it open: smaller, and slower to make.
AV1 = env.flag("AV1")
# A lecture stays in the bin for so many days before its files are removed; 0 keeps it for ever.
LECTURE_BIN_DAYS = env.number("LECTURE_BIN_DAYS", 30)
# Evidence to which nothing was added for so many days moves from the table into the storage; 0: it never does.
EVIDENCE_PLAIN_DAYS = env.number("EVIDENCE_PLAIN_DAYS", 30)
# On PostgreSQL the evidence of so many enrolments is one part of the table.
EVIDENCE_PARTITION_ENROLMENTS = max(1000, env.number("EVIDENCE_PARTITION_ENROLMENTS", 100000))
# The folder of a speech recognition model (see media/speech.py); empty: speech is not recognised.
SPEECH_MODEL = env.text("SPEECH_MODEL")
# An upload that nobody continues is forgotten after so many days.
UPLOAD_LIFETIME_DAYS = env.number("UPLOAD_LIFETIME_DAYS", 7)
# A connection from which nothing comes for so long is given up, and what came is kept.
UPLOAD_IDLE_SECONDS = env.number("UPLOAD_IDLE_SECONDS", 30)
# Who may have the right to a stream renewed.
PLAYBACK_MAY_RENEW = "classroom.learning.renewals.may_renew"
# nginx's internal location over the same files (X-Accel-Redirect); empty: Django sends them itself.
PLAYBACK_ACCEL_PREFIX = env.text("PLAYBACK_ACCEL_PREFIX")
# How long an S3 object's own address works, once a grant has been checked.
PLAYBACK_OBJECT_SECONDS = env.number("PLAYBACK_OBJECT_SECONDS", 900)
