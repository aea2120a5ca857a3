"""People: one account each, signed in by mobile or e-mail."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom.people.append_only import AppendOnlyModel
from classroom.people.ids import new_pseudonym


class UserManager(BaseUserManager["User"]):
    """Finds a user by either identifier."""

    use_in_migrations = True

    def create_superuser(self, email: str, password: str, **fields: object) -> "User":
        """Create an operator with every right; used by `createsuperuser`."""
        user = self.model(email=self.normalize_email(email), is_staff=True, is_superuser=True, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in. Evidence refers to `pseudonym`, so erasing a name breaks no proof."""

    name = models.CharField(pgettext_lazy("person", "name"), max_length=64)
    romanised_name = models.CharField(_("romanised name"), max_length=96, blank=True)
    # NULL and not "" where unknown: the unique constraint then ignores it.
    mobile = models.CharField(
        _("mobile"),
        max_length=16,
        null=True,
        blank=True,
        unique=True,
        validators=[RegexValidator(r"^1[3-9][0-9]{9}$", _("Enter an 11-digit mainland mobile number."))],
    )
    email = models.EmailField(_("e-mail"), null=True, blank=True, unique=True)
    pseudonym = models.UUIDField(default=new_pseudonym, unique=True, editable=False)
    id_kind = models.CharField(pgettext_lazy("identity", "document"), max_length=24, blank=True)
    id_masked = models.CharField(_("document number, masked"), max_length=32, blank=True)
    id_digest = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    language = models.CharField(_("language"), max_length=8, default="zh-hans")
    is_active = models.BooleanField(pgettext_lazy("account", "active"), default=True)
    is_staff = models.BooleanField(_("may open the admin"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    close_requested_at = models.DateTimeField(_("asked to close the account"), null=True, blank=True)
    closed_at = models.DateTimeField(_("account closed"), null=True, blank=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=Q(mobile__isnull=False) | Q(email__isnull=False) | Q(closed_at__isnull=False),
                name="people_user_has_identifier",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """Return the name, as Wagtail's admin asks for it."""
        return self.name

    def get_short_name(self) -> str:
        """Return the name; Chinese names are not shortened."""
        return self.name

    @property
    def first_name(self) -> str:
        """The name; Wagtail's user list asks for a first name."""
        return self.name

    @property
    def last_name(self) -> str:
        """Empty; see `first_name`."""
        return ""


class Token(models.Model):
    """A personal API token; only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(pgettext_lazy("token", "label"), max_length=64)
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")


class SignIn(models.Model):
    """A session of a person on a device. The address is kept masked, enough to recognise a stranger."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(_("device"), max_length=64)
    address = models.CharField(_("address"), max_length=48, blank=True)
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-at", "-id"]


class Consent(AppendOnlyModel):
    """An append-only record of what a person was told and agreed to, by version."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents")
    subject = models.CharField(max_length=32)
    version = models.CharField(max_length=16)
    basis = models.CharField(
        max_length=16, choices=[("consent", _("consent")), ("duty", _("statutory duty"))]
    )
    granted = models.BooleanField(default=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")


class AuditEntry(AppendOnlyModel):
    """Who did what to whom, when, with what result."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=64, db_index=True)
    target = models.CharField(max_length=128, blank=True)
    result = models.CharField(max_length=16, default="ok")
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-id"]
