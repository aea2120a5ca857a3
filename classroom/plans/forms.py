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
    """A course that is taught now, named by its code and the title of its edition in the reader's language."""

    def __init__(self, **options: Any) -> None:
        taught = Course.objects.filter(current__isnull=False, current__withdrawn_at__isnull=True)
        options = {"label": gettext_lazy("Course"), "empty_label": gettext_lazy("Choose a course")} | options
        super().__init__(taught.select_related("current").order_by("code"), **options)

    def label_from_instance(self, obj: Any) -> str:
        """Return the words of a choice."""
        return f"{obj.code} {titled(obj.current)}"


class DayInput(forms.DateInput):
    """A day, chosen from the browser's own calendar."""

    def __init__(self) -> None:
        super().__init__(attrs={"type": "date"}, format="%Y-%m-%d")


def not_past(day: date) -> date:
    """Return a day by which people can still learn; raises `ValidationError` for one that has passed."""
    if day < timezone.localdate():
        raise forms.ValidationError(_("This day has passed. Choose today or a later one."))
    return day


class PlanForm(forms.Form):
    """What a plan asks for that may change while people are enrolled by it."""

    title = forms.CharField(label=gettext_lazy("Name of the plan"), max_length=128)
    posts = forms.MultipleChoiceField(
        label=gettext_lazy("Posts"),
        choices=Post.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Staff who hold any of these posts are asked. Tick none to ask all staff."),
    )
    opens_on = forms.DateField(
        label=gettext_lazy("Opens on"),
        widget=DayInput(),
        help_text=gettext_lazy("From this day on, everyone who is due is enrolled within minutes."),
    )
    due_on = forms.DateField(
        label=gettext_lazy("Due on"),
        widget=DayInput(),
        help_text=gettext_lazy("Anyone who already has an earlier due day for the course keeps it."),
    )
    renews = forms.IntegerField(
        label=gettext_lazy("Repeats after (months)"),
        required=False,
        min_value=1,
        max_value=MOST_MONTHS,
        help_text=gettext_lazy(
            "This many months after completing the course, a person starts it again, with as many days as lie"
            " between opening and due day. Leave it empty to ask only once."
        ),
    )

    def clean_due_on(self) -> date:
        """Refuse a day that has passed, unless the plan had it."""
        day: date = self.cleaned_data["due_on"]
        return day if day == self.initial.get("due_on") else not_past(day)


class NewPlanForm(PlanForm):
    """A plan from the beginning: for whom, and which course."""

    owner = forms.ChoiceField(label=pgettext_lazy("plan", "For"))
    course = CourseField()
    field_order = ("owner", "course", "title", "posts", "opens_on", "due_on", "renews")

    def __init__(self, *args: Any, owners: dict[str, Owner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owners = owners
        cast("forms.ChoiceField", self.fields["owner"]).choices = [
            (key, row.spoken_name if isinstance(row, SupervisingAuthority) else row.name)
            for key, row in owners.items()
        ]

    def clean_owner(self) -> Owner:
        """Return the office or the institution itself."""
        return self._owners[self.cleaned_data["owner"]]
