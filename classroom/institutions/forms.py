"""Forms of the institutions room."""

from django import forms
from django.utils.translation import gettext_lazy as _


class StaffFileForm(forms.Form):
    """The spreadsheet with the staff."""

    file = forms.FileField(
        label=_("Spreadsheet"),
        allow_empty_file=True,
        help_text=_("XLSX or CSV, at most 5 MB and 5,000 rows. CSV may be UTF-8, UTF-16 or GB18030."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )
