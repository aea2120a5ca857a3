"""Institutions, who supervises them, and who works there in which post."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from classroom.institutions.scopes import ScopedManager


class SupervisingAuthority(models.Model):
    """A regulator's office. `path` is materialised (`/SH/SH-310115/`), so a subtree is one prefix.

    Apart from administrative divisions: Lin-gang supervises without a division code of its own.
    """

    class Level(models.TextChoices):
        """How far an authority reaches."""

        NATIONAL = "national", _("national")
        MUNICIPAL = "municipal", _("municipal bureau")
        DISTRICT = "district", _("district bureau")
        SPECIAL = "special", _("special area")

    code = models.CharField(_("code"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=64)
    name_en = models.CharField(_("English name"), max_length=96, blank=True)
    short_name = models.CharField(_("short name"), max_length=16)
    short_name_en = models.CharField(_("English short name"), max_length=32, blank=True, default="")
    level = models.CharField(_("level"), max_length=12, choices=Level.choices)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    path = models.CharField(max_length=128, unique=True)
    admin_division = models.CharField(_("division code"), max_length=6, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("supervising authority")
        verbose_name_plural = _("supervising authorities")
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name

    @property
    def spoken_name(self) -> str:
        """The short name in the reader's language; where there is none in it, the Chinese one."""
        is_english = (get_language() or "").startswith("en")
        return (self.short_name_en if is_english else "") or self.short_name


class Institution(models.Model):
    """An inspection and testing institution. Merging or renaming never rewrites history."""

    class State(models.TextChoices):
        """Whether the institution still exists."""

        ACTIVE = "active", _("active")
        MERGED = "merged", _("merged")
        CLOSED = "closed", _("closed")

    uscc = models.CharField(_("unified social credit code"), max_length=18, unique=True)
    name = models.CharField(_("name"), max_length=128)
    short_name = models.CharField(_("short name"), max_length=32, blank=True)
    name_en = models.CharField(_("English name"), max_length=128, blank=True)
    admin_division = models.CharField(
        _("division code"), max_length=6, validators=[RegexValidator(r"^\d{6}$", _("Enter six digits."))]
    )
    supervising_authority = models.ForeignKey(
        SupervisingAuthority, on_delete=models.PROTECT, related_name="institutions"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    rows = models.Manager()
    objects = ScopedManager(person=None, institution="")

    class Meta:
        verbose_name = _("institution")
        verbose_name_plural = _("institutions")
        default_manager_name = "rows"
        ordering = ["uscc"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="merged") | Q(merged_into__isnull=False),
                name="institutions_merged_names_successor",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CmaCertificate(models.Model):
    """A CMA approval that an institution holds; it may hold several."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="cma_certificates")
    number = models.CharField(
        _("CMA certificate number"),
        max_length=12,
        unique=True,
        validators=[RegexValidator(r"^\d{12}$", _("Enter twelve digits."))],
    )
    issued_on = models.DateField(_("issued on"))
    valid_until = models.DateField(_("valid until"))

    class Meta:
        verbose_name = _("CMA certificate")
        verbose_name_plural = _("CMA certificates")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("issued_on")), name="institutions_cma_ends_after_issue"
            ),
        ]


class Membership(models.Model):
    """A person's time at an institution, as staff or as its training manager."""

    class Role(models.TextChoices):
        """What a member may do for the institution."""

        STAFF = "staff", _("staff")
        MANAGER = "manager", _("training manager")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.STAFF)
    department = models.CharField(_("department"), max_length=64, blank=True)
    started_on = models.DateField(_("from"))
    ended_on = models.DateField(_("until"), null=True, blank=True)

    rows = models.Manager()
    objects = ScopedManager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "institution"],
                condition=Q(ended_on__isnull=True),
                name="institutions_one_open_membership",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="institutions_membership_ends_after_start",
            ),
        ]


class Post(models.Model):
    """A post that a member holds or held. Posts decide who must be trained."""

    class Kind(models.TextChoices):
        """The posts of the field; one person may hold several."""

        TOP_MANAGER = "top_manager", _("top manager")
        TECHNICAL_MANAGER = "technical_manager", _("technical manager")
        QUALITY_MANAGER = "quality_manager", _("quality manager")
        AUTHORISED_SIGNATORY = "authorised_signatory", _("authorised signatory")
        TESTER = "tester", _("tester")
        INTERNAL_AUDITOR = "internal_auditor", _("internal auditor")
        SUPERVISOR = "supervisor", _("supervisor")
        SAMPLE_CUSTODIAN = "sample_custodian", _("sample custodian")
        EQUIPMENT_CUSTODIAN = "equipment_custodian", _("equipment custodian")
        REPORT_REVIEWER = "report_reviewer", _("report writer or reviewer")

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="posts")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    field = models.CharField(_("field of signature"), max_length=64, blank=True)
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "kind"],
                condition=Q(ended_on__isnull=True),
                name="institutions_one_open_post",
            ),
        ]


class RegulatorGrant(models.Model):
    """A regulator's right to read what an authority supervises, with dates."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="regulator_grants"
    )
    authority = models.ForeignKey(SupervisingAuthority, on_delete=models.PROTECT, related_name="grants")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("regulator's grant")
        verbose_name_plural = _("regulators' grants")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "authority"],
                condition=Q(ended_on__isnull=True),
                name="institutions_one_open_grant",
            ),
        ]


class StaffImport(models.Model):
    """A staff list that was read and not yet, or just, carried out. `rows` are its cells as text."""

    class State(models.TextChoices):
        """Where an import stands."""

        READ = "read", _("read")
        APPLIED = "applied", _("carried out")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    filename = models.CharField(max_length=255)
    rows = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.READ)
    outcome = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("staff import")
        verbose_name_plural = _("staff imports")
