"""The course editor's form: a draft may be unfinished, what is submitted or published may not."""

import re
import secrets
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm

from courses.catalogue.readiness import blocking

_CHANCE = re.compile(r"draft-[0-9a-f]{8}")


def _course_label(course: Any) -> str:
    return f"{course.code} {course.current.title}" if course.current else str(course.code)


class CoursePageForm(WagtailAdminPageForm):
    """Refuses to submit, approve or publish what could not be taught, and says why beside the field."""

    optional_lessons = forms.MultipleChoiceField(
        label=_("lessons that are offered, not asked for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
        self._offer_lessons()
        self._offer_courses()

    def _offer_lessons(self) -> None:
        """Let the lessons as last saved be ticked; a lesson has its key from the first save on."""
        field = self.fields.get("optional_lessons")
        if field is not None:
            field.choices = [
                (str(block.id), f"{number}. {block.value['title']}")
                for number, block in enumerate(self.instance.lessons, 1)
                if block.id
            ]

    def _offer_courses(self) -> None:
        """Let the courses that are taught be ticked, and those that were; never the course itself."""
        field = self.fields.get("prerequisites")
        if field is None:
            return
        held = [course.pk for course in self.instance.prerequisites.all()]
        offered = field.queryset.filter(Q(current__isnull=False) | Q(pk__in=held)).exclude(
            page=self.instance.pk
        )
        field.queryset = offered.select_related("current").order_by("code")
        field.label_from_instance = _course_label

    def clean(self) -> dict[str, Any]:
        """Make the address out of the code where none is written: a Chinese title gives none by itself.

        A draft that has no code yet gets an address of chance, which its code replaces.
        """
        written, code = self.data.get("slug") or "", self.cleaned_data.get("code")
        if not written or (_CHANCE.fullmatch(written) and self.instance.first_published_at is None):
            self.cleaned_data["slug"] = slugify(code) if code else written or f"draft-{secrets.token_hex(4)}"
            self.instance.slug = self.cleaned_data["slug"]
        return dict(super().clean())

    def _post_clean(self) -> None:
        """Look at the page as it would be, once its own fields are in order."""
        super()._post_clean()
        if self.is_deferred_validation or self.errors or not self.asks_to_publish():
            return
        for problem in blocking(self.instance):
            self.add_error(problem.field if problem.field in self.fields else None, str(problem.words))

    def asks_to_publish(self) -> bool:
        """Whether the button that was pressed leads towards publishing; sending back and cancelling do not."""
        data: Any = self.data
        if data.get("action-workflow-action"):
            return bool(data.get("workflow-action-name") == "approve")
        return any(data.get(name) for name in ("action-publish", "action-submit", "action-restart-workflow"))
