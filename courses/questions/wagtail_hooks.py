"""The question bank's place in Wagtail's admin."""

from typing import Any

from django.urls import URLResolver, include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from courses.questions import admin_views
from courses.questions.blocks import question_chooser_viewset
from courses.questions.permissions import may_read

_ROUTES = [
    path("", admin_views.banks, name="banks"),
    path("<int:pk>/", admin_views.bank, name="bank"),
    path("<int:pk>/add/", admin_views.add, name="add"),
    path("<int:pk>/import/", admin_views.import_file, name="import"),
    path("question/<int:pk>/", admin_views.question, name="question"),
    path("question/<int:pk>/retire/", admin_views.retire, name="retire"),
]


class QuestionsMenuItem(MenuItem):
    """Shown to those who may read questions."""

    def is_shown(self, request: Any) -> bool:
        """Whether the person may open the bank."""
        return may_read(request.user)


@hooks.register("register_admin_urls")
def register_question_urls() -> list[URLResolver]:
    """Put the bank under /admin/questions/."""
    return [path("questions/", include((_ROUTES, "question_bank"), namespace="question_bank"))]


@hooks.register("register_admin_viewset")
def register_question_chooser() -> object:
    """Register the chooser."""
    return question_chooser_viewset


@hooks.register("register_admin_menu_item")
def register_questions_menu() -> MenuItem:
    """Put the bank into the menu, below the lectures."""
    return QuestionsMenuItem(
        _("Question bank"), reverse("question_bank:banks"), name="questions", icon_name="list-ul", order=130
    )
