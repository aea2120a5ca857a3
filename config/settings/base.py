"""Apps, templates, database, languages, logs."""

import sys

from config import env

# Wagtail's library of pictures would load OpenCV into every process that finds it installed, only to look for
# faces. It is there for the reader of slides, which is a process of its own: nobody else pays for it.
sys.modules.setdefault("cv2", None)  # type: ignore[arg-type]  # None is how an import is refused

EMBEDDED = env.EMBEDDED
ROOT = env.ROOT
VAR = env.own_folder(env.VAR)
DEBUG = env.flag("DEBUG", False)
PORT = env.number("PORT", 8000)
SITE_URL = env.text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
DEMO = env.flag("DEMO", EMBEDDED)
DEMO_LECTURES = env.number("DEMO_LECTURES", 0)
SERVER_TIMING = env.flag("SERVER_TIMING", False)
# Registration numbers that a public site in mainland China prints at its foot; empty: not shown.
ICP_LICENCE = env.text("ICP_LICENCE", "")
POLICE_LICENCE = env.text("POLICE_LICENCE", "")

INSTALLED_APPS = [
    "config.apps.SiteConfig",
    "config.shell",
    "classroom.reports",
    "classroom.learning",
    "classroom.plans",
    "classroom.certificates",
    "classroom.completion",
    "classroom.exams",
    "classroom.progress",
    "classroom.enrolment",
    "classroom.institutions",
    "classroom.people",
    "courses.catalogue",
    "courses.questions",
    "media",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "axes",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
]

MIDDLEWARE = [
    "config.visitors.ProxiesMiddleware",
    "config.middleware.RequestIdMiddleware",
    "config.middleware.ServerTimingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.health.HealthMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "classroom.people.middleware.SignInAgainMiddleware",
    "config.middleware.UnfinishedDraftMiddleware",
    "config.middleware.WrongMethodMiddleware",
    "config.middleware.StoreAwayMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.shell.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

DATABASES = {"default": env.database(env.text("DATABASE_URL", f"sqlite:///{VAR / 'classroom.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache(env.text("CACHE_URL", "local://"))}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "classroom.people.backends.IdentifierBackend",
]
LOGIN_URL = "people:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "config" / "locale", ROOT / "config" / "wagtail_words" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

globals().update(env.email(env.text("EMAIL_URL", f"file://{VAR / 'mail'}")))
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "cloud-classroom@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "config.logs.RequestIdFilter"}},
    "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request_id"]},
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "WARNING" if EMBEDDED else "INFO")},
}
