"""What makes a lecture searchable: the slides of an encode, their text, and its chapters."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SlideScan(models.Model):
    """The search for slides in one encode: a piece of work that a worker claims with a lease.

    Encodes without one are found by the sweep, so it is made late and never forgotten.
    """

    class State(models.TextChoices):
        """Where it stands; between `due` and `done` slides are found first, then read."""

        DUE = "due", _("due")
        LEASED = "leased", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    encode = models.OneToOneField("media.Encode", on_delete=models.CASCADE, related_name="slide_scan")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    # The slides are there; what may be missing is the text on them.
    is_found = models.BooleanField(default=False)
    # What read the text; empty where nothing could, or nothing had to.
    engine = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=128, blank=True)
    detail = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="media_slide_scan_due")]


class Slide(models.Model):
    """One slide as it is shown in an encode: its picture, from when to when, and the text on it."""

    class State(models.TextChoices):
        """Whether viewers get it. Nothing is published that its trainer has not seen."""

        PROPOSED = "proposed", _("proposed")
        PUBLISHED = "published", _("published")
        HIDDEN = "hidden", _("left out")

    encode = models.ForeignKey("media.Encode", on_delete=models.CASCADE, related_name="slides")
    number = models.PositiveIntegerField()
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    # The picture's path below the encode's prefix; it is never changed.
    file = models.CharField(max_length=64)
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    is_read = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)

    class Meta:
        ordering = ["encode", "start_ms", "number"]
        constraints = [
            models.UniqueConstraint(fields=["encode", "number"], name="media_slide_number"),
            models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="media_slide_has_length"),
        ]


class Chapter(models.Model):
    """A part of a lecture that has a title; its time is on the clock of one encode."""

    class State(models.TextChoices):
        """Whether viewers get it; `unfit` found no place in a video that replaced another."""

        PROPOSED = "proposed", _("proposed")
        PUBLISHED = "published", _("published")
        UNFIT = "unfit", _("without a place")

    encode = models.ForeignKey("media.Encode", on_delete=models.CASCADE, related_name="chapters")
    start_ms = models.PositiveBigIntegerField()
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)

    class Meta:
        ordering = ["encode", "start_ms", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["encode", "start_ms"], condition=~Q(state="unfit"), name="media_chapter_once"
            ),
        ]
