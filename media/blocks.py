"""The chooser of lectures for course pages: only lectures, with where each stands, searchable by title."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
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

from media import queries, words
from media.permissions import may_open


class LectureFilterForm(BaseFilterForm):  # type: ignore[misc]  # Wagtail has no types
    """Search by the words of a title."""

    q = forms.CharField(
        label=_("Search by title"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Search by title")}),
    )

    def filter(self, objects: Any) -> Any:
        """Keep the lectures whose title has every word."""
        objects = super().filter(objects)
        query = self.cleaned_data.get("q", "").strip()
        if query:
            self.is_searching, self.search_query = True, query
            for word in query.split():
                objects = objects.filter(title__icontains=word)
        return objects


class _LectureChoice(BaseChooseView):  # type: ignore[misc]  # Wagtail has no types
    """Offers what the person may see and is not in the bin."""

    filter_form_class = LectureFilterForm

    def get_object_list(self) -> Any:
        """Return the lectures with what says where they stand."""
        return queries.lectures_with_states(queries.choosable_lectures(self.request.user))

    @property
    def columns(self) -> list[Column]:
        """Add state and length to the title."""
        return [
            *super().columns,
            Column("state", label=_("State"), accessor=_state),
            Column("length", label=_("Length"), accessor=_length),
        ]


class _ForThoseWithLectures:
    """Lets in who has to do with lectures; the admin has others."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse everyone else."""
        if not may_open(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # a mixin of Wagtail's views


class LectureChosenView(_ForThoseWithLectures, ChosenView):  # type: ignore[misc]  # Wagtail has no types
    """Answers for a chosen lecture; one of another trainer cannot be had by its number."""

    def get_object(self, pk: Any) -> Any:
        """Find it among what the person is offered."""
        return queries.choosable_lectures(self.request.user).get(pk=pk)


class LecturesChosenView(_ForThoseWithLectures, ChosenMultipleView):  # type: ignore[misc]
    """Answers for several at once."""

    def get_objects(self, pks: Any) -> Any:
        """Find them among what the person is offered."""
        return queries.choosable_lectures(self.request.user).filter(pk__in=pks)


class LectureChooseView(_ForThoseWithLectures, ChooseViewMixin, CreationFormMixin, _LectureChoice):  # type: ignore[misc]
    """The modal."""


class LectureResultsView(_ForThoseWithLectures, ChooseResultsViewMixin, CreationFormMixin, _LectureChoice):  # type: ignore[misc]
    """The modal's results."""


def _state(lecture: Any) -> str:
    """Say in words where a lecture stands."""
    state = queries.states_of([lecture])[lecture.pk]
    if state.failed:
        return str(_("failed"))
    if state.stage == "transcoding":
        return f"{words.STAGE_LABELS[state.stage]} {state.percent} %"
    return str(words.STAGE_LABELS[state.stage])


def _length(lecture: Any) -> str:
    encodes = queries.newest_first(lecture)
    return words.clock(encodes[0].duration_ms) if encodes and encodes[0].duration_ms else "—"


lecture_chooser_viewset = ChooserViewSet(
    "lecture_chooser",
    model="media.Lecture",
    icon="media",
    choose_one_text=_("Choose a lecture"),
    choose_another_text=_("Choose another lecture"),
    edit_item_text=_("Open this lecture"),
    choose_view_class=LectureChooseView,
    choose_results_view_class=LectureResultsView,
    chosen_view_class=LectureChosenView,
    chosen_multiple_view_class=LecturesChosenView,
    per_page=12,
)
LectureChooserBlock = lecture_chooser_viewset.get_block_class(
    name="LectureChooserBlock", module_path="media.blocks"
)
