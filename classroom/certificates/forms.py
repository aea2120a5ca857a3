"""Forms of verification and of ending a certificate."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from classroom.certificates.files import MAX_BYTES
from classroom.certificates.models import Certificate


class SearchForm(forms.Form):
    """A number with the holder's surname, or the link of the QR code."""

    number = forms.CharField(
        label=_("Certificate number or link"),
        max_length=200,
        widget=forms.TextInput(
            attrs={"class": "input input--code", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("As printed at the upper left, for example HJY-2026-B1-000123-8."),
    )
    surname = forms.CharField(
        label=_("Holder's surname"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text=_("Only with a number; with a link it is not needed."),
    )


class FileForm(forms.Form):
    """A PDF or credential file to check; it is not kept."""

    file = forms.FileField(
        label=_("Certificate file"),
        help_text=_("PDF or JSON, up to 5 MB. The file is checked and not kept."),
        widget=forms.FileInput(attrs={"class": "input", "accept": ".pdf,.json"}),
    )

    def clean_file(self) -> Any:
        """Refuse what no certificate can be."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 5 MB; certificates are below 1 MB. Choose the original file.")
            )
        return file


class EndForm(forms.Form):
    """Revoke: a public category and an internal note."""

    reason = forms.ChoiceField(
        label=_("Reason, shown publicly"), choices=Certificate.Reason.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("Internal note"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was found, and who decided. Never shown to the public."),
    )


class ReplaceForm(EndForm):
    """Replace: the corrections besides."""

    name = forms.CharField(label=_("Holder's name"), max_length=64)
    romanised = forms.CharField(label=_("Romanised name"), max_length=96, required=False)
    document = forms.CharField(label=_("Document number, masked"), max_length=32, required=False)
    institution = forms.CharField(label=_("Institution"), max_length=128, required=False)

    field_order = ["name", "romanised", "document", "institution", "reason", "note"]

    def changes(self, certificate: Certificate) -> dict[str, str]:
        """Return what differs from the printed facts."""
        now = printed(certificate)
        return {key: self.cleaned_data[key] for key in now if self.cleaned_data[key] != now[key]}


def printed(certificate: Certificate) -> dict[str, str]:
    """Return the correctable facts as they are printed."""
    facts = certificate.facts
    institution = facts["institution"]
    return {**facts["holder"], "institution": institution["name"] if institution else ""}
