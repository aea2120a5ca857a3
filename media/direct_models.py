"""What a transfer from the browser straight into the bucket needs beside its `Upload`."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DirectTransfer(models.Model):
    """A multipart upload of the bucket behind an `Upload`. Which parts are there, only the bucket knows.

        sending -> checking -> ended        and from each of the first two, where it is given up: clearing -> ended

    The upload stays `receiving` until it has become a lecture or is given up, so that its quota is held.
    """

    class Stage(models.TextChoices):
        """What is to be done next."""

        SENDING = "sending", _("being sent")
        CHECKING = "checking", _("being checked")
        CLEARING = "clearing", _("being removed from the bucket")
        ENDED = "ended", _("ended")

    upload = models.OneToOneField("Upload", on_delete=models.CASCADE, related_name="direct")
    key = models.CharField(max_length=200, unique=True)
    # The bucket's name for it; empty where the process was killed before it was written down.
    multipart = models.CharField(max_length=1024, blank=True)
    part_size = models.PositiveBigIntegerField()
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.SENDING)
    # A code of media.errors where the check refused it: the trainer reads it in the list.
    reason = models.CharField(max_length=48, blank=True)
    # The check is work that a worker claims, like a chunk.
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["stage", "due_at"], name="media_direct_due", condition=~Q(stage="ended"))
        ]
