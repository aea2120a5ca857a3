"""Files: lectures and documents in the default storage, built assets as static files."""

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
