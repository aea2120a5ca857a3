"""Forms of the lecture admin."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from media import captions, plan
from media.models import Lecture

LANGUAGES = [
    ("zh-Hans", "中文（简体）"),
    ("zh-Hant", "中文（繁體）"),
    ("en", "English"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("fr", "Français"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("ru", "Русский"),
]
_MOST_POSTER_BYTES = 20 * 1024 * 1024


class LectureForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Title and spoken language."""

    language = forms.ChoiceField(label=_("spoken language"), choices=LANGUAGES)

    class Meta:
        model = Lecture
        fields = ["title", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = self.instance.language
        field = self.fields["language"]
        if now and now not in dict(LANGUAGES) and isinstance(field, forms.ChoiceField):
            field.choices = [*LANGUAGES, (now, now)]


class CaptionsForm(forms.Form):
    """A caption file in one language."""

    file = forms.FileField(
        label=_("Caption file"),
        help_text=_("WebVTT, SRT, ASS, SSA, SBV or STL, at most 8 MB. Any Chinese encoding is recognised."),
        widget=forms.FileInput(attrs={"accept": ",".join(captions.EXTENSIONS)}),
    )
    language = forms.ChoiceField(label=_("Language of the captions"), choices=LANGUAGES)
    skip_bad = forms.BooleanField(
        label=_("Leave out captions that cannot be read"),
        required=False,
        help_text=_("Otherwise the file is refused as a whole, with the numbers of the lines."),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > captions.MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 8 MB. Captions never are: choose the caption file.")
            )
        return file


class PosterForm(forms.Form):
    """A picture for the poster."""

    picture = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG or WebP. It is cut to 16:9; what the camera wrote into it is removed."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def clean_picture(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["picture"]
        if file.size > _MOST_POSTER_BYTES:
            raise forms.ValidationError(_("The picture is larger than 20 MB. Choose a smaller one."))
        return file


class EncodingForm(forms.Form):
    """What the plan would decide for itself, decided by hand for one lecture."""

    content = forms.ChoiceField(
        label=_("What the picture shows"),
        required=False,
        choices=[
            ("", _("Look and decide (recommended)")),
            (plan.STILL, _("Slides that stand still")),
            (plan.SPEAKER, _("Slides with a speaker")),
            (plan.SCREENCAST, _("A computer screen in use")),
            (plan.CAMERA, _("Camera pictures: a laboratory, an instrument, a hall")),
        ],
        help_text=_("Choose it where text looks blurred or movement jerks: the encoding follows from it."),
    )
    max_height = forms.TypedChoiceField(
        label=_("Highest quality"),
        coerce=int,
        choices=[
            (2160, _("As in the recording, at most 4K")),
            (1080, "1080p"),
            (720, "720p"),
            (480, "480p"),
        ],
        help_text=_("Lower qualities for slow networks are always made as well."),
    )
    may_copy = forms.BooleanField(
        label=_("Take the highest quality over from the file where browsers can play it"),
        required=False,
        help_text=_("Quicker and without loss. Untick it where the picture breaks or stutters."),
    )
    with_av1 = forms.TypedChoiceField(
        label=_("AV1 beside H.264"),
        required=False,
        coerce=lambda word: word == "yes",
        empty_value=None,
        choices=[
            ("", _("As this site is set up (recommended)")),
            ("yes", _("Make AV1 as well")),
            ("no", _("Only H.264")),
        ],
        help_text=_(
            "Newer devices get the same picture with fewer bytes; encoding takes about twice as long."
        ),
    )
    again = forms.BooleanField(
        label=_("Encode the recording again with this, now"),
        required=False,
        help_text=_("What plays now goes on playing until the new encode is published."),
    )

    def __init__(self, *args: Any, lecture: Lecture, can_repeat: bool, **kwargs: Any) -> None:
        options = plan.Options.from_json(lecture.options)
        offered = [height for height, _label in self.base_fields["max_height"].choices]  # type: ignore[attr-defined]
        height = min((h for h in offered if h >= options.max_height), default=2160)
        initial = {
            "content": options.content or "",
            "max_height": height,
            "may_copy": options.may_copy,
            "with_av1": {None: "", True: "yes", False: "no"}[options.with_av1],
        }
        super().__init__(*args, **{"initial": initial, **kwargs})
        if not can_repeat:
            del self.fields["again"]


class TrashForm(forms.Form):
    """A deliberate yes."""

    is_sure = forms.BooleanField(label=_("Yes, put this lecture into the bin"))
