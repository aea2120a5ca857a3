"""Cookies, transport, content security policy, sign-in limits."""

from csp.constants import NONCE, NONE, SELF

from config import env

from .base import DEMO, EMBEDDED, SITE_URL

# All that are missing are told at once, not one a start.
env.require("SECRET_KEY", "PLAYBACK_KEY", "PSEUDONYM_KEY", "EVIDENCE_KEY")
SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
# Signs playback grants. Apart from SECRET_KEY, since a gateway in front may have to know it.
PLAYBACK_KEY = env.secret("PLAYBACK_KEY")
# Former keys, until the grants and posters that they signed have gone out of use.
PLAYBACK_KEY_FALLBACKS = env.words("PLAYBACK_KEY_FALLBACKS")
# Keys the hash of personal identifiers (addresses, document numbers) that must not be stored plain.
PSEUDONYM_KEY = env.secret("PSEUDONYM_KEY")
# 32 bytes from which Ed25519 checkpoint and credential keys are derived.
EVIDENCE_KEY = env.secret("EVIDENCE_KEY")
# Former keys: what they signed is verified for ever.
EVIDENCE_KEY_FALLBACKS = env.words("EVIDENCE_KEY_FALLBACKS")

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if EMBEDDED else "")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", SITE_URL)
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"

# How many proxies of ours stand in front, each of which adds to X-Forwarded-For whom it saw. None: a cluster that
# has not said, where all visitors would share the address of the last one.
PROXIES = env.number("PROXIES", 0) if EMBEDDED or env.text("PROXIES") else None

_TLS = not EMBEDDED
SESSION_COOKIE_SECURE = _TLS
CSRF_COOKIE_SECURE = _TLS
LANGUAGE_COOKIE_SECURE = _TLS
SECURE_SSL_REDIRECT = _TLS
# A probe speaks plain HTTP, and the state of the engines is no secret.
SECURE_REDIRECT_EXEMPT = ["^healthz$"]
SECURE_HSTS_SECONDS = 63072000 if _TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _TLS
SECURE_HSTS_PRELOAD = _TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _TLS else None
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Wagtail shows a page's preview in a frame beside its form.
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = ["security.W019"]

# Where storage is a bucket, segments and pictures are fetched from it after a redirect.
_OBJECTS = env.storage_origins(env.text("STORAGE_URL"))
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *_OBJECTS],
        "font-src": [SELF],
        "media-src": [SELF, "blob:", *_OBJECTS],
        "connect-src": [SELF, *_OBJECTS],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "object-src": [NONE],
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "classroom.people.backends.locked_out"
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "classroom.people.backends.lock_name"
# Who tries again during the quarter of an hour waits no longer than the page says.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Sign-ins are recorded by the people room, with a shortened address as the privacy notice says.
AXES_DISABLE_ACCESS_LOG = True

# Certificates are signed with a P-256 key. Embedded, one is made under an authority of its own in
# `var/secrets/`; elsewhere name PEM files (or give PEM text). Roots that signed earlier stay trusted.
SIGNING_CERT = env.text("SIGNING_CERT")
SIGNING_KEY = env.text("SIGNING_KEY")
SIGNING_FORMER_ROOTS = env.words("SIGNING_FORMER_ROOTS")
CERTIFICATE_PREFIX = env.text("CERTIFICATE_PREFIX", "HJY")
CERTIFICATE_ISSUER = env.text("CERTIFICATE_ISSUER", "演示检验检测培训中心" if DEMO else "检验检测云课堂")
CERTIFICATE_ISSUER_EN = env.text(
    "CERTIFICATE_ISSUER_EN", "Demonstration Training Centre" if DEMO else "Cloud Classroom"
)
