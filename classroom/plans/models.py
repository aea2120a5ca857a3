"""Training plans: whom an authority or an institution wants trained, in what, by when."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Plan(models.Model):
    """An audience, a course and a deadline. Exactly one of `authority` and `institution` is set.

    `posts` lists the kinds of `institutions.Post` that are due; empty means all staff.
    """

    title = models.CharField(_("title"), max_length=128)
    authority = models.ForeignKey(
        "institutions.SupervisingAuthority",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="plans",
    )
    institution = models.ForeignKey(
        "institutions.Institution", null=True, blank=True, on_delete=models.PROTECT, related_name="plans"
    )
    course = models.ForeignKey("catalogue.Course", on_delete=models.PROTECT, related_name="plans")
    posts = models.JSONField(default=list)
    opens_on = models.DateField(_("opens on"))
    due_on = models.DateField(_("due on"))
    # So many months after a completion the same person is asked again; null: a plan asks once.
    renews = models.PositiveSmallIntegerField(_("repeats after (months)"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("training plan")
        verbose_name_plural = _("training plans")
        constraints = [
            models.CheckConstraint(
                condition=Q(authority__isnull=False, institution__isnull=True)
                | Q(authority__isnull=True, institution__isnull=False),
                name="plans_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=models.F("opens_on")), name="plans_due_after_opening"
            ),
            models.CheckConstraint(condition=~Q(renews=0), name="plans_renews_after_a_month"),
        ]
