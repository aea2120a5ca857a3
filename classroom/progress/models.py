"""Watch evidence (append-only, hash-chained) and progress, its fold.

Media time and session time are whole milliseconds. Interval lists are JSON `[[start, end], …]`,
sorted, disjoint, half open.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom.institutions.scopes import ScopedManager
from classroom.people.append_only import AppendOnly, AppendOnlyModel, AppendOnlyQuerySet


class PersonClock(models.Model):
    """One row a person: all that a heartbeat changes which is not of one lesson, so one UPDATE writes it.

    Its lock orders everything that a person's devices send. Wall times are Unix milliseconds.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    # Wall intervals that are credited; what is older than `folded_until` can earn no more.
    life = models.JSONField(default=list)
    folded_until = models.PositiveBigIntegerField(default=0)
    # The session that holds the crediting lease.
    session = models.ForeignKey(
        "PlaySession", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The newest sessions: {id: {"seq", "early", "heard"}}; an older one is written back to its row.
    sessions = models.JSONField(default=dict)
    # Heads of the chains in use: {enrolment id: [length, hash]}; the truth is the last evidence row.
    heads = models.JSONField(default=dict)
    # The presence check that waits for an answer, wall intervals of missed ones, and the credited
    # milliseconds after which the next is due; null until one is drawn.
    check_open = models.ForeignKey(
        "PresenceCheck", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    absences = models.JSONField(default=list)
    presence_left_ms = models.PositiveBigIntegerField(null=True, blank=True)


class PlaySession(models.Model):
    """A granted viewing of one lesson on one device."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enrolment = models.ForeignKey(
        "enrolment.Enrolment", on_delete=models.PROTECT, related_name="play_sessions"
    )
    lesson = models.ForeignKey("catalogue.EditionLesson", on_delete=models.PROTECT, related_name="+")
    progress = models.ForeignKey("LessonProgress", on_delete=models.PROTECT, related_name="sessions")
    clock = models.ForeignKey(PersonClock, on_delete=models.PROTECT, related_name="+")
    encode = models.ForeignKey("media.Encode", on_delete=models.PROTECT, related_name="+")
    policy = models.JSONField()
    duration_ms = models.PositiveBigIntegerField()
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    # What the clock keeps while the session is in use: wall intervals within the allowance after a
    # contact, the highest seq with none missing before it, and those that came early.
    heard = models.JSONField(default=list)
    highest_seq = models.IntegerField(default=-1)
    early = models.JSONField(default=list)
    device = models.CharField(max_length=64, blank=True)
    address_digest = models.CharField(max_length=64, blank=True)
    agent_family = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = _("play session")
        verbose_name_plural = _("play sessions")


class LessonProgress(models.Model):
    """The fold of the evidence of one lesson: which of its milliseconds are verified."""

    enrolment = models.ForeignKey("enrolment.Enrolment", on_delete=models.PROTECT, related_name="progress")
    lesson = models.ForeignKey("catalogue.EditionLesson", on_delete=models.PROTECT, related_name="+")
    coverage = models.JSONField(default=list)
    covered_ms = models.PositiveBigIntegerField(default=0)
    furthest_ms = models.PositiveBigIntegerField(default=0)
    slack_ms = models.PositiveSmallIntegerField(default=2000)
    # Pieces [s, e, wall from, wall to] ahead of the furthest point, counted once it reaches them.
    waiting = models.JSONField(default=list)
    position_ms = models.PositiveBigIntegerField(default=0)
    position_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("lesson progress")
        verbose_name_plural = _("lesson progress")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "lesson"], name="progress_once_a_lesson"),
        ]


class Chain(models.Model):
    """The beginning of an enrolment's hash chain; its head is the last evidence row."""

    enrolment = models.OneToOneField(
        "enrolment.Enrolment", primary_key=True, on_delete=models.PROTECT, related_name="chain"
    )
    genesis = models.JSONField()
    genesis_hash = models.CharField(max_length=64)
    # When a checkpoint last sealed rows that are still in the table; null where none are.
    sealed_at = models.DateTimeField(null=True, blank=True)
    # Until when whoever compacts it, or its rest between two steps, keeps others off.
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["sealed_at"], name="progress_chain_sealed", condition=Q(sealed_at__isnull=False)
            )
        ]

    @cached_property
    def tip(self) -> tuple[int, str]:
        """Number of rows and the hash of the last, or of the genesis where there is none.

        One query, two where all rows are in blocks. The rows are asked for first: once they have left the
        table, their block is there to be found.
        """
        rows = Evidence.objects.unscoped("whoever holds the chain").filter(enrolment_id=self.pk)
        last = rows.order_by("-index").values_list("index", "hash").first()
        if last is None:
            blocks = Block.objects.filter(enrolment_id=self.pk).order_by("-first")
            last = blocks.values_list("last", "head").first()
        return (last[0] + 1, last[1]) if last else (0, self.genesis_hash)

    @property
    def length(self) -> int:
        """Number of evidence rows."""
        return self.tip[0]

    @property
    def head(self) -> str:
        """Hash over all of them."""
        return self.tip[1]


class EvidenceQuerySet(AppendOnlyQuerySet):
    """Reads and inserts, and the one door by which rows leave."""

    def leave_for(self, block: "Block") -> int:
        """Let the rows go that are in the object of `block`; return how many. Only `compaction.empty` does.

        Raises `AppendOnly` unless the block's row says that they left: it does so in the same transaction.
        """
        gone = Block.objects.filter(pk=block.pk, emptied_at__isnull=False).values(
            "enrolment_id", "first", "last"
        )
        said = gone.first()
        if said is None:
            raise AppendOnly("Evidence: rows leave the table only for a block that holds them.")
        rows = self.filter(
            enrolment_id=said["enrolment_id"], index__gte=said["first"], index__lte=said["last"]
        )
        return models.QuerySet.delete(rows)[0]


class Evidence(AppendOnlyModel):
    """One fact as the server received it: what was kept, what was refused and why.

    Never changed, by no road of the ORM; rows leave by `leave_for` alone.
    """

    class Kind(models.TextChoices):
        """What a row tells."""

        OPEN = "open", _("session opened")
        WATCH = "watch", _("playback reported")
        PRESENCE = "presence", _("presence check")
        READ = "read", _("reading confirmed")
        DECISION = "decision", _("decision recorded")

    # No index but those of the constraints: every one more is paid for with every report.
    enrolment = models.ForeignKey(
        "enrolment.Enrolment", on_delete=models.PROTECT, related_name="evidence", db_index=False
    )
    # A decision is of no lesson.
    lesson = models.ForeignKey(
        "catalogue.EditionLesson",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    session = models.ForeignKey(
        PlaySession,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="evidence",
        db_index=False,
    )
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.WATCH)
    # The number of a report in its session; null for what is no report.
    seq = models.PositiveIntegerField(null=True, blank=True)
    index = models.PositiveIntegerField()
    received_at = models.DateTimeField()
    # As reported: [s, e, t0, t1, rate in thousandths].
    spans = models.JSONField(default=list)
    # Credited by this row: [s, e, wall from, wall to]; refused by it: [rule, s, e].
    kept = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    rows = EvidenceQuerySet.as_manager()
    # A person's data: unlike the rows of its base, these are read for somebody.
    objects = ScopedManager.from_queryset(EvidenceQuerySet)(  # type: ignore[misc,assignment]  # on purpose
        person="enrolment__user_id", institution="enrolment__institution"
    )

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(fields=["session", "seq"], name="progress_evidence_once"),
            models.UniqueConstraint(fields=["enrolment", "index"], name="progress_evidence_in_order"),
        ]


class Checkpoint(models.Model):
    """A signed Merkle root over the chain heads that moved since the checkpoint before."""

    number = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField(default=timezone.now)
    root = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    # The last evidence row that was looked at; the next checkpoint begins after it.
    until_evidence = models.PositiveBigIntegerField(default=0)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)
    key_id = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ["number"]


class CheckpointLeaf(models.Model):
    """One chain head under a checkpoint."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="leaves")
    enrolment = models.ForeignKey("enrolment.Enrolment", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    length = models.PositiveIntegerField()
    head = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "position"], name="progress_leaf_position"),
            models.UniqueConstraint(fields=["checkpoint", "enrolment"], name="progress_leaf_once"),
        ]


class Block(models.Model):
    """A run of a chain's rows, kept as one compressed object in the storage that is written once.

    `digest` is the SHA-256 of the object, `head` the hash of the last row, which is a leaf of `checkpoint`.
    Written once the object was read again; emptied once the rows have left the table: from then on the
    object is the only copy.
    """

    enrolment = models.ForeignKey(
        "enrolment.Enrolment", on_delete=models.PROTECT, related_name="blocks", db_index=False
    )
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+", db_index=False)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    previous_hash = models.CharField(max_length=64)
    head = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    # What the rows add up to, so that a page need not fetch them: {lesson id: {"coverage", "reports", "first", "last"}}.
    lessons = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    written_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "first"], name="progress_block_in_order"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="progress_block_has_rows"),
            models.CheckConstraint(
                condition=Q(emptied_at__isnull=True) | Q(written_at__isnull=False),
                name="progress_block_written_first",
            ),
        ]

    @property
    def rows(self) -> int:
        """How many rows it holds; a chain has no gap."""
        return self.last - self.first + 1


class PresenceCheck(models.Model):
    """A server-drawn question "still there?". A miss withholds its own span only."""

    class State(models.TextChoices):
        """Where a check stands."""

        OPEN = "open", _("open")
        PASSED = "passed", pgettext_lazy("presence", "passed")
        MISSED = "missed", _("missed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(PlaySession, on_delete=models.PROTECT, related_name="presence_checks")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    issued_at = models.DateTimeField(default=timezone.now)
    # When it was sent with an answer, and the first contact after that: the time runs from then on,
    # since only then the question is known to be shown.
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    extensions = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(null=True, blank=True)
    # Pieces credited provisionally while it is open: {progress id: [[s, e, wall from, wall to], …]}.
    provisional = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="progress_check_has_time"
            ),
        ]
