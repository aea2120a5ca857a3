"""Forms of the people room. They check form; what a rule forbids the services say."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from classroom.people.ids import normal_email, normal_mobile, normal_name
from classroom.people.models import User
from classroom.people.permissions import OPERATORS, REVIEWERS, TRAINERS


class NameField(forms.CharField):
    """A name, without invisible characters and double spaces; nothing but those is no name."""

    def to_python(self, value: Any) -> str:
        """Return the name as it is kept."""
        return normal_name(super().to_python(value) or "")


class MobileField(forms.CharField):
    """A mobile number, taken however it is written and kept in one way."""

    default_validators = User._meta.get_field("mobile").validators[:1]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, empty_value=None, **kwargs)

    def to_python(self, value: Any) -> str | None:
        """Return the eleven digits, or what is none for the validator to refuse."""
        return normal_mobile(super().to_python(value) or "") or None


class AddressField(forms.EmailField):
    """An e-mail address, kept in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=254, empty_value=None, **kwargs)

    def to_python(self, value: Any) -> str | None:
        """Return the address as it is kept."""
        return normal_email(super().to_python(value) or "") or None


class SignInForm(forms.Form):
    """Mobile or e-mail, and the password."""

    username = forms.CharField(
        label=_("Mobile number or e-mail"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ProfileForm(forms.ModelForm):
    """What a person may correct of oneself."""

    name = NameField(label=_("Full name"), max_length=64)
    mobile = MobileField(label=_("Mobile number"))
    email = AddressField(label=_("E-mail address"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["name", "romanised_name", "mobile", "email", "language"]
        labels = {"romanised_name": _("Name in Latin letters")}

    def clean(self) -> dict[str, Any]:
        """Refuse a profile by which nobody could sign in."""
        data = super().clean() or {}
        if not self.errors and not data.get("mobile") and not data.get("email"):
            self.add_error(
                "mobile", _("Enter a mobile number or an e-mail address: one of them is needed to sign in.")
            )
        return data


class WelcomeForm(forms.Form):
    """A new password, twice."""

    new = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_("At least 10 characters; not only digits, and not like your name or number."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password, once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Check the new password against the rules and its repetition."""
        data = super().clean() or {}
        new, again = data.get("new"), data.get("again")
        if new and again and new != again:
            self.add_error("again", _("The two entries differ. Type the new password once more."))
        elif new:
            try:
                password_validation.validate_password(new, self.user)
            except forms.ValidationError as error:
                self.add_error("new", error)
        return data


class PasswordForm(WelcomeForm):
    """The present password, then the new one twice."""

    old = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["old", "new", "again"]

    def clean_old(self) -> str:
        """Check that the person at the keyboard knows the present password."""
        value: str = self.cleaned_data["old"]
        if not self.user.check_password(value):
            raise forms.ValidationError(_("This is not your present password."))
        return value


class TokenForm(forms.Form):
    """What a token is for and how long it lasts."""

    label = forms.CharField(label=_("What it is for"), max_length=64)
    days = forms.TypedChoiceField(
        label=_("Good for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("one year"))],
    )


class ClosureForm(forms.Form):
    """The password once more before an account is given up."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        """Check that the person at the keyboard is the person."""
        value: str = self.cleaned_data["password"]
        if not self.user.check_password(value):
            raise forms.ValidationError(_("This is not your present password."))
        return value


class PersonForm(forms.Form):
    """A new account, made by an operator."""

    name = NameField(label=_("Name"), max_length=64)
    mobile = MobileField(label=_("Mobile number"))
    email = AddressField(label=_("E-mail address"))


class RolesForm(forms.Form):
    """The groups of a person."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        choices=[(TRAINERS, _("Trainer")), (REVIEWERS, _("Reviewer")), (OPERATORS, _("Operator"))],
        widget=forms.CheckboxSelectMultiple,
    )
