"""Forms of the plans room."""

from datetime import date
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from classroom.institutions.models import Institution, Post, SupervisingAuthority
from classroom.plans.services import MOST_MONTHS
from courses.catalogue.models import Course
from courses.catalogue.titles import titled

Owner = SupervisingAuthority | Institution


class CourseField(forms.ModelChoiceField):
    """Names a course by its code and the title of its edition, in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the words of a choice."""
        return f"{obj.code} {titled(obj.current)}"


class DayInput(forms.DateInput):
    """A day, chosen from the browser's own calendar."""

    def __init__(self) -> None:
        super().__init__(attrs={"type": "date"}, format="%Y-%m-%d")


class PlanForm(forms.Form):
    """What a plan asks for that may change while people are enrolled by it."""

    title = forms.CharField(label=gettext_lazy("Name of the plan"), max_length=128)
    posts = forms.MultipleChoiceField(
        label=gettext_lazy("Posts"),
        choices=Post.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Whoever holds one of them is asked. Tick none to ask all staff."),
    )
    opens_on = forms.DateField(
        label=gettext_lazy("Opens on"),
        widget=DayInput(),
        help_text=gettext_lazy("From this day whoever is due is enrolled, within minutes."),
    )
    due_on = forms.DateField(
        label=gettext_lazy("Due on"),
        widget=DayInput(),
        help_text=gettext_lazy("Whoever has an earlier due day for the course keeps it."),
    )
    renews = forms.IntegerField(
        label=gettext_lazy("Repeats after (months)"),
        required=False,
        min_value=1,
        max_value=MOST_MONTHS,
        help_text=gettext_lazy(
            "So many months after completing the course a person begins again, with as many days as lie"
            " between opening and due day. Leave it empty to ask once."
        ),
    )

    def clean_due_on(self) -> date:
        """Refuse a day that has passed, unless the plan had it."""
        day: date = self.cleaned_data["due_on"]
        if day < timezone.localdate() and day != self.initial.get("due_on"):
            raise forms.ValidationError(_("This day has passed. Choose today or a later one."))
        return day


class NewPlanForm(PlanForm):
    """A plan from the beginning: for whom, and which course."""

    owner = forms.ChoiceField(label=pgettext_lazy("plan", "For"))
    course = CourseField(
        label=gettext_lazy("Course"),
        queryset=Course.objects.none(),
    )
    field_order = ("owner", "course", "title", "posts", "opens_on", "due_on", "renews")

    def __init__(self, *args: Any, owners: dict[str, Owner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owners = owners
        cast("forms.ChoiceField", self.fields["owner"]).choices = [
            (key, row.spoken_name if isinstance(row, SupervisingAuthority) else row.name)
            for key, row in owners.items()
        ]
        cast("forms.ModelChoiceField[Course]", self.fields["course"]).queryset = (
            Course.objects.filter(current__isnull=False, current__withdrawn_at__isnull=True)
            .select_related("current")
            .order_by("code")
        )

    def clean_owner(self) -> Owner:
        """Return the office or the institution itself."""
        return self._owners[self.cleaned_data["owner"]]
