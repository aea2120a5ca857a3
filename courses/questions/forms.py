"""Forms of the question bank."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from courses.questions.errors import BadQuestion
from courses.questions.importers import EXTENSIONS
from courses.questions.models import Question, QuestionBank, QuestionVersion
from courses.questions.rows import MOST_OPTIONS, QuestionRow, checked, lettered

_EMPTY_LINES = 2
_LINES = {f"option_{number}": number for number in range(1, MOST_OPTIONS + 1)}


class BankForm(forms.ModelForm):
    """A new bank."""

    class Meta:
        model = QuestionBank
        fields = ("name", "code")
        help_texts = {"code": _("Letters, digits and hyphens; it stays for good.")}


class FilterForm(forms.Form):
    """What the list of a bank shows."""

    q = forms.CharField(label=_("words"), required=False, max_length=64)
    kind = forms.ChoiceField(
        label=pgettext_lazy("question", "kind"),
        required=False,
        choices=[("", _("all kinds")), *Question.Kind.choices],
    )
    state = forms.ChoiceField(
        label=_("state"),
        required=False,
        choices=[("", _("in use")), ("retired", _("retired")), ("all", _("all"))],
    )


class QuestionForm(forms.Form):
    """A question: its words, its options with a tick at the right ones, its grounds."""

    kind = forms.ChoiceField(label=pgettext_lazy("question", "kind"), choices=Question.Kind.choices)
    stem = forms.CharField(label=_("question"), widget=forms.Textarea(attrs={"rows": 3}))
    explanation = forms.CharField(
        label=_("explanation"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Never cite an option by its letter: papers shuffle them."),
    )
    legal_basis = forms.CharField(
        label=_("legal basis"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    effective_from = forms.DateField(
        label=_("in force from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    reviewed_on = forms.DateField(
        label=_("reviewed on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    # Which wording the editor had before the eyes: another tab may have changed it since.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, question: Question | None = None) -> None:
        """Show the current version of `question`, or an empty question."""
        version = question.current if question else None
        super().__init__(data, initial=self.initial_of(question, version))
        if question is not None:
            self.fields["kind"].disabled = True
        # What was typed may have more options than what stands now.
        typed = max((_LINES.get(name, 0) for name in data or ()), default=0)
        shown = max(4, len(version.options) if version else 0) + _EMPTY_LINES
        count = min(MOST_OPTIONS, max(shown, typed))
        for number in range(1, count + 1):
            self.fields[f"option_{number}"] = forms.CharField(
                label=_("option %(number)d") % {"number": number}, required=False, max_length=500
            )
            self.fields[f"right_{number}"] = forms.BooleanField(
                label=_("option %(number)d is right") % {"number": number}, required=False
            )
        self.numbers = range(1, count + 1)
        self.row: QuestionRow | None = None

    @staticmethod
    def initial_of(question: Question | None, version: QuestionVersion | None) -> dict[str, Any]:
        """Return the fields' values of a version."""
        if question is None:
            return {}
        if version is None:
            return {"kind": question.kind}
        names = ("stem", "explanation", "legal_basis", "effective_from", "reviewed_on")
        values: dict[str, Any] = {name: getattr(version, name) for name in names}
        values["kind"] = question.kind
        values["seen"] = version.mark
        for number, option in enumerate(version.options, start=1):
            values[f"option_{number}"] = option["text"]
            values[f"right_{number}"] = option["key"] in version.answers
        return values

    def option_fields(self) -> list[tuple[Any, Any]]:
        """Return the pairs of an option's words and its tick."""
        return [(self[f"option_{number}"], self[f"right_{number}"]) for number in self.numbers]

    def clean(self) -> dict[str, Any]:
        """Build the row, or say at the field what is wrong with the question."""
        values: dict[str, Any] = super().clean() or {}
        if self.errors:
            return values
        lines = [(values[f"option_{n}"].strip(), values[f"right_{n}"]) for n in self.numbers]
        if any(is_right and not text for text, is_right in lines):
            self.add_error(None, _("A right answer is marked that has no words."))
            return values
        given = [(text, is_right) for text, is_right in lines if text]
        options = lettered([text for text, _right in given])
        row = QuestionRow(
            kind=values["kind"],
            stem=values["stem"].strip(),
            options=options,
            answers=tuple(o.key for o, (_text, is_right) in zip(options, given, strict=True) if is_right),
            explanation=values["explanation"].strip(),
            legal_basis=values["legal_basis"].strip(),
            effective_from=values["effective_from"],
            reviewed_on=values["reviewed_on"],
        )
        try:
            self.row = checked(row)
        except BadQuestion as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal.words))
        return values


class ImportForm(forms.Form):
    """A file of questions."""

    file = forms.FileField(
        label=_("file"),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(f".{name}" for name in EXTENSIONS)}),
        help_text=_(
            "XLSX or CSV by the template, JSON, GIFT or plain text; UTF-8, UTF-16 or GB18030; up to 2 MB."
        ),
    )
