"""The chooser of questions for course pages: questions in use, searched by words, one bank or all."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic.chooser import (
    BaseChooseView,
    ChooseResultsViewMixin,
    ChooseViewMixin,
    ChosenMultipleView,
    ChosenView,
    CreationFormMixin,
)
from wagtail.admin.viewsets.chooser import ChooserViewSet

from courses.questions import queries
from courses.questions.models import QuestionBank
from courses.questions.permissions import may_read


class QuestionFilterForm(BaseFilterForm):  # type: ignore[misc]  # Wagtail has no types
    """Search by words of the question or by its reference, in one bank or in all."""

    q = forms.CharField(
        label=_("Search the questions"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Words of the question, or its reference")}),
    )
    bank = forms.ModelChoiceField(
        label=_("question bank"), queryset=QuestionBank.objects.all(), required=False, empty_label=_("all")
    )

    def filter(self, objects: Any) -> Any:
        """Keep the questions that fit."""
        objects = super().filter(objects)
        words, bank = self.cleaned_data.get("q", "").strip(), self.cleaned_data.get("bank")
        if words:
            self.is_searching, self.search_query = True, words
        return queries.with_words(objects.filter(bank=bank) if bank else objects, words)


class _ForReaders:
    """Lets in who may read the bank; the admin has others."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse everyone else."""
        if not may_read(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # a mixin of Wagtail's views


class _QuestionChoice(BaseChooseView):  # type: ignore[misc]  # Wagtail has no types
    """Offers the questions in use; no answer is shown."""

    filter_form_class = QuestionFilterForm

    def get_object_list(self) -> Any:
        """Return the questions with what their lines say."""
        return queries.askable()

    @property
    def columns(self) -> list[Column]:
        """Add kind and bank to the question."""
        return [
            *super().columns,
            Column("kind", label=pgettext_lazy("question", "kind"), accessor="get_kind_display"),
            Column("bank", label=_("question bank"), accessor="bank"),
        ]


class QuestionChosenView(_ForReaders, ChosenView):  # type: ignore[misc]  # Wagtail has no types
    """Answers for a chosen question."""

    def get_object(self, pk: Any) -> Any:
        """Find it among what is offered."""
        return queries.askable().get(pk=pk)


class QuestionsChosenView(_ForReaders, ChosenMultipleView):  # type: ignore[misc]  # Wagtail has no types
    """Answers for several at once."""

    def get_objects(self, pks: Any) -> Any:
        """Find them among what is offered."""
        return queries.askable().filter(pk__in=pks)


class QuestionChooseView(_ForReaders, ChooseViewMixin, CreationFormMixin, _QuestionChoice):  # type: ignore[misc]
    """The modal."""


class QuestionResultsView(_ForReaders, ChooseResultsViewMixin, CreationFormMixin, _QuestionChoice):  # type: ignore[misc]
    """The modal's results."""


question_chooser_viewset = ChooserViewSet(
    "question_chooser",
    model="questions.Question",
    icon="list-ul",
    choose_one_text=_("Choose a question"),
    choose_another_text=_("Choose another question"),
    edit_item_text=_("Open this question"),
    choose_view_class=QuestionChooseView,
    choose_results_view_class=QuestionResultsView,
    chosen_view_class=QuestionChosenView,
    chosen_multiple_view_class=QuestionsChosenView,
    per_page=12,
)
QuestionChooserBlock = question_chooser_viewset.get_block_class(
    name="QuestionChooserBlock", module_path="courses.questions.blocks"
)
