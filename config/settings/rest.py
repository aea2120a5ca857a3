"""Django REST Framework: sign-in, errors as problem details (RFC 9457), pages, throttles, schema."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # The first one's challenge decides that a missing or bad sign-in answers 401 and not 403.
        "classroom.people.api.authentication.PersonalTokenAuthentication",
        "config.sessions.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["classroom.learning.api.short_json.ShortJSON"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "config.rest.Pages",
    "PAGE_SIZE": 50,
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    # The address is right already (`config.visitors.ProxiesMiddleware`): no throttle reads a header for it.
    "NUM_PROXIES": 0,
    "DEFAULT_THROTTLE_RATES": {"anon": "120/min", "user": "600/min", "verify": "30/min"},
    "EXCEPTION_HANDLER": "config.rest.problem_details",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cloud Classroom API",
    "DESCRIPTION": "Courses, learning evidence, completions, certificates and reports.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    # A link inside a button is none for a keyboard; and the list of schemas is the schema's own.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False, "defaultModelsExpandDepth": -1},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/",
    "PREPROCESSING_HOOKS": ["config.rest.only_our_own"],
    "COMPONENT_SPLIT_REQUEST": True,
}
