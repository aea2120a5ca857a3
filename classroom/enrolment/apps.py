"""The enrolment room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnrolmentConfig(AppConfig):
    """Names the room."""

    name = "classroom.enrolment"
    label = "enrolment"
    verbose_name = _("Enrolment")
