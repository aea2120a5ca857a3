"""A lecture, the encodes over its source, and their parts. States are held by the database."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media.direct_models import DirectTransfer as DirectTransfer
from media.slides_models import Chapter as Chapter
from media.slides_models import Slide as Slide
from media.slides_models import SlideScan as SlideScan


class Tenant(models.Model):
    """Whose quota uploads count for; its lock orders those that begin. Its name is opaque to this room."""

    name = models.CharField(max_length=64, primary_key=True)


class Upload(models.Model):
    """A resumable transfer: by tus 1.0.0 into the spool, whose synced size is the truth of `offset`, or direct.

    One that goes straight into the bucket has a `DirectTransfer`, and the bucket's parts are the truth.
    """

    class State(models.TextChoices):
        """Where a transfer stands."""

        RECEIVING = "receiving", _("receiving")
        FINISHED = "finished", _("received")
        TERMINATED = "terminated", _("cancelled")
        EXPIRED = "expired", _("expired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # Whose quota and whose turn it is; opaque to this room.
    tenant = models.CharField(max_length=64, blank=True, db_index=True)
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127, blank=True)
    metadata = models.TextField(blank=True)
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVING)
    # Concatenation: "partial" for a part, "final" for the whole, whose `parts` are the ids in their order.
    concat = models.CharField(max_length=8, blank=True)
    parts = models.JSONField(default=list)
    # SHA-256 that the client declared, and once received the one that was found.
    digest = models.CharField(max_length=64, blank=True)
    # Set where the transfer replaces the video of an existing lecture, and once it has become one.
    lecture = models.ForeignKey(
        "Lecture", null=True, blank=True, on_delete=models.SET_NULL, related_name="uploads"
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["state", "expires_at"], name="media_upload_due")]
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.CheckConstraint(condition=Q(offset__lte=F("length")), name="media_offset_within_length"),
        ]

    @property
    def transfer(self) -> DirectTransfer | None:
        """What goes straight into the bucket; None for tus. No query where it was selected along."""
        return getattr(self, "direct", None)


class Source(models.Model):
    """The original bytes, kept, addressed by their SHA-256."""

    digest = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    key = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)


class Leftover(models.Model):
    """Files whose rows are gone: a key of the default storage, or with "/" at its end all that is under it.

    Written in the transaction that deletes the rows, so that a crash in between leaves no file behind.
    """

    path = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(default=timezone.now)


class Lecture(models.Model):
    """The work: what a trainer names and a course shows. `current` is what viewers get."""

    title = models.CharField(_("title"), max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="lectures")
    tenant = models.CharField(max_length=64, blank=True, db_index=True)
    language = models.CharField(_("spoken language"), max_length=16, default="zh-Hans")
    # What the trainer set by hand; overrides media.plan's choices. Keys: see media.plan.Options.
    options = models.JSONField(default=dict, blank=True)
    current = models.ForeignKey("Encode", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # A picture chosen by the trainer, in the default storage; the encode's own where empty.
    poster = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    trashed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [
            ("view_every_lecture", "Can see the lectures of everyone"),
            ("manage_every_lecture", "Can change the lectures of everyone and see what runs where"),
        ]
        verbose_name = _("lecture")
        verbose_name_plural = _("lectures")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_playable(self) -> bool:
        """Whether an encode of it is published."""
        return self.current_id is not None


class Encode(models.Model):
    """One run over a source, from received to published. Immutable once published."""

    class State(models.TextChoices):
        """The stages in their order; `failed` carries a reason and a remedy."""

        RECEIVED = "received", _("received")
        PROBED = "probed", _("probed")
        TRANSCODING = "transcoding", _("transcoding")
        PACKAGING = "packaging", _("packaging")
        PUBLISHED = "published", _("published")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lecture = models.ForeignKey(Lecture, on_delete=models.PROTECT, related_name="encodes")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="encodes")
    number = models.PositiveSmallIntegerField()
    filename = models.CharField(max_length=255)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    facts = models.JSONField(default=dict)
    plan = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    # A code of media.errors; words are made from it in the reader's language.
    reason = models.CharField(max_length=48, blank=True)
    detail = models.TextField(blank=True)
    # The code of why its step could not go on and waits for `due_at`; pieces have their own.
    held_reason = models.CharField(max_length=48, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    # Who is at its step, or was last; pieces name their own.
    worker = models.CharField(max_length=128, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    # Higher goes first, whoever's it is.
    priority = models.SmallIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    planned_ms = models.PositiveBigIntegerField(default=0)
    prefix = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    # How long workers were at its pieces, two at once counted once, and until when that was told.
    worked_ms = models.PositiveBigIntegerField(default=0)
    worked_at = models.DateTimeField(null=True, blank=True)
    # When it failed last; unknown of what failed before this was kept.
    failed_at = models.DateTimeField(null=True, blank=True)
    # From here on the trainer can watch what is made so far; learners get only what is published.
    playable_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("encode")
        verbose_name_plural = _("encodes")
        ordering = ["lecture", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["lecture", "number"], name="media_encode_number"),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(reason=""), name="media_failed_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | (Q(published_at__isnull=False) & Q(duration_ms__gt=0)),
                name="media_published_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="media_encode_due")]


class Rendition(models.Model):
    """One quality of an encode, or its sound alone."""

    class Kind(models.TextChoices):
        """What a rendition carries."""

        VIDEO = "video", _("video")
        AUDIO = "audio", _("audio")

    encode = models.ForeignKey(Encode, on_delete=models.PROTECT, related_name="renditions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=32)
    language = models.CharField(max_length=16, blank=True)
    is_default = models.BooleanField(default=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    channels = models.PositiveSmallIntegerField(default=0)
    frame_rate = models.FloatField(default=0)
    codecs = models.CharField(max_length=64, blank=True)
    bandwidth = models.PositiveIntegerField(default=0)
    average_bandwidth = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["encode", "name"], name="media_rendition_name")]


class Chunk(models.Model):
    """A unit of encoding: a stretch of the picture for all rungs, a copied picture, or a whole sound.

    The rung that watching begins with has its first stretch made before, as a unit of its own.
    """

    class Kind(models.TextChoices):
        """What is made."""

        OPENING = "opening", _("first picture")
        VIDEO = "video", _("picture")
        COPY = "copy", _("copied picture")
        AUDIO = "audio", _("sound")

    class State(models.TextChoices):
        """Where a chunk stands."""

        DUE = "due", _("due")
        LEASED = "leased", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    encode = models.ForeignKey(Encode, on_delete=models.PROTECT, related_name="chunks")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    index = models.PositiveIntegerField()
    start_ms = models.PositiveBigIntegerField(default=0)
    end_ms = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    detail = models.TextField(blank=True)
    # The code of why it could not go on and waits for `due_at`.
    held_reason = models.CharField(max_length=48, blank=True, default="")
    worker = models.CharField(max_length=128, blank=True)
    done_ms = models.PositiveBigIntegerField(default=0)
    outputs = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["encode", "kind", "index"], name="media_chunk_once")]
        indexes = [models.Index(fields=["state", "leased_until"], name="media_chunk_due")]


class Track(models.Model):
    """Captions of a lecture in one language, kept as WebVTT."""

    lecture = models.ForeignKey(Lecture, on_delete=models.PROTECT, related_name="tracks")
    language = models.CharField(_("language"), max_length=16)
    label = models.CharField(_("label"), max_length=64)
    vtt = models.TextField()
    filename = models.CharField(max_length=255, blank=True)
    # The number of the version in force. Who saves names it, so that nobody writes over another unseen.
    revision = models.PositiveIntegerField(default=1)
    # Length of the video that the times were made for; 0 where nobody knows.
    timed_for_ms = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("captions")
        verbose_name_plural = _("captions")
        constraints = [models.UniqueConstraint(fields=["lecture", "language"], name="media_track_language")]


class TrackVersion(models.Model):
    """Captions as they were saved once. Never changed, and kept when the track itself is deleted."""

    class Origin(models.TextChoices):
        """Where a version came from."""

        EARLIER = "earlier", _("from before versions were kept")
        UPLOADED = "uploaded", _("uploaded")
        EDITED = "edited", _("edited here")
        RESTORED = "restored", _("an earlier version, restored")
        EMBEDDED = "embedded", _("taken out of the video file")
        RECOGNISED = "recognised", _("recognised from speech")

    lecture = models.ForeignKey(Lecture, on_delete=models.CASCADE, related_name="track_versions")
    language = models.CharField(max_length=16)
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=64)
    vtt = models.TextField()
    # How many cues it has, so that a list needs no text.
    count = models.PositiveIntegerField(default=0)
    filename = models.CharField(max_length=255, blank=True)
    origin = models.CharField(max_length=12, choices=Origin.choices)
    timed_for_ms = models.PositiveBigIntegerField(default=0)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lecture", "language", "number"], name="media_version_number")
        ]


class ProposedTrack(models.Model):
    """Captions that were found or recognised, for the trainer to accept or discard; viewers never get them.

    Where nothing could be taken, `vtt` is empty and `reason` says why (a code of media.proposals).
    """

    encode = models.ForeignKey(Encode, on_delete=models.CASCADE, related_name="proposed_tracks")
    origin = models.CharField(max_length=12, choices=TrackVersion.Origin.choices)
    # The stream of the file; 0 for speech.
    stream = models.PositiveIntegerField(default=0)
    codec = models.CharField(max_length=32, blank=True)
    # As far as the file tells; empty where the trainer has to say.
    language = models.CharField(max_length=16, blank=True)
    vtt = models.TextField(blank=True)
    count = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=24, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["encode", "origin", "stream"], name="media_proposed_once")
        ]


class CaptionJob(models.Model):
    """Making proposed captions of an encode's source: a piece of work that a worker claims with a lease."""

    class Kind(models.TextChoices):
        """What is done."""

        EMBEDDED = "embedded", _("taking captions out of the file")
        SPEECH = "speech", _("recognising speech")

    class State(models.TextChoices):
        """Where it stands."""

        DUE = "due", _("due")
        LEASED = "leased", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    encode = models.ForeignKey(Encode, on_delete=models.CASCADE, related_name="caption_jobs")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=128, blank=True)
    # A code of media.errors once it has failed, and what operators should know.
    reason = models.CharField(max_length=48, blank=True)
    detail = models.TextField(blank=True)
    done_ms = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["encode", "kind"], name="media_caption_job_once")]
        indexes = [models.Index(fields=["state", "due_at"], name="media_caption_job_due")]
