"""The learning room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    """Names the room."""

    name = "classroom.learning"
    label = "learning"
    verbose_name = _("Learning")

    def ready(self) -> None:
        """Tell the exams room, which may not look up here, how to ask whether the lessons are done."""
        from classroom.exams.admission import ask_with
        from classroom.learning.exam_flow import admission_of

        ask_with(admission_of)
