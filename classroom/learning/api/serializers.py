"""What goes over the wire while one learns. Times are whole milliseconds."""

from rest_framework import serializers

from classroom.learning.api.player_settings import PlayerSettings
from classroom.learning.api.question_serializers import LectureQuestion
from media.api.playback import CaptionLinkSerializer


class Intervals(serializers.ListField):
    """Sorted, disjoint `[start, end)` pairs."""

    child = serializers.ListField(child=serializers.IntegerField(min_value=0), min_length=2, max_length=2)


class Covered(serializers.Serializer):
    """What of a lesson is verified, and what is still to be watched."""

    coverage = Intervals()
    covered_ms = serializers.IntegerField()
    missing = Intervals()


class Reached(Covered):
    """The same with how far one has come, and what was shown ahead and waits for what lies before it."""

    furthest_ms = serializers.IntegerField()
    waiting = Intervals()


class SpanRequest(serializers.Serializer):
    """Media `[s, e)` that was shown during the session time `[t0, t1)`."""

    s = serializers.IntegerField(min_value=0)
    e = serializers.IntegerField(min_value=1)
    t0 = serializers.IntegerField(min_value=0)
    t1 = serializers.IntegerField(min_value=1)
    rate = serializers.FloatField(default=1, min_value=0, max_value=16)


class ReportRequest(serializers.Serializer):
    """One report. `seq` counts from 0 in each session; a report once sent never changes."""

    seq = serializers.IntegerField(min_value=0)
    spans = SpanRequest(many=True)
    position_ms = serializers.IntegerField(min_value=0, required=False, allow_null=True)


class RefusedPart(serializers.Serializer):
    """A part that was not credited, with the reason in the reader's language."""

    rule = serializers.CharField()
    s = serializers.IntegerField()
    e = serializers.IntegerField()
    reason = serializers.CharField()


class PresenceState(serializers.Serializer):
    """A presence check that waits for an answer."""

    id = serializers.UUIDField()
    seconds_left = serializers.FloatField()
    extensions_left = serializers.IntegerField()


class Acknowledgement(Reached):
    """The server has the report. `highest_seq`: none before it is missing."""

    highest_seq = serializers.IntegerField()
    refused = RefusedPart(many=True)
    has_lease = serializers.BooleanField()
    presence = PresenceState(allow_null=True)
    lesson_completed = serializers.BooleanField()
    course_completed = serializers.BooleanField()
    certificate = serializers.CharField(allow_null=True)
    session_ms = serializers.IntegerField(help_text="The session's clock by the server at receipt.")


class SessionRequest(serializers.Serializer):
    """Which lesson is to be watched."""

    enrolment = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    lesson = serializers.UUIDField()
    device = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class SessionPolicy(serializers.Serializer):
    """What counts."""

    rate_cap = serializers.FloatField()
    free_seek = serializers.BooleanField()
    coverage_percent = serializers.IntegerField()
    presence_minutes = serializers.IntegerField()
    hidden_pauses = serializers.BooleanField()
    offline_allowance_s = serializers.IntegerField()
    tolerance_ms = serializers.IntegerField()


class SessionGrant(Reached):
    """A viewing: the stream, what counts, and where one stands."""

    session = serializers.UUIDField()
    manifest_url = serializers.CharField()
    poster_url = serializers.CharField()
    storyboard_url = serializers.CharField(allow_null=True)
    captions = CaptionLinkSerializer(many=True)
    expires_at = serializers.DateTimeField()
    policy = SessionPolicy()
    duration_ms = serializers.IntegerField()
    position_ms = serializers.IntegerField()
    questions = LectureQuestion(many=True)
    settings = PlayerSettings()
    lesson_completed = serializers.BooleanField()
    server_time = serializers.DateTimeField()


class PresenceAct(serializers.Serializer):
    """What to do with a presence check."""

    action = serializers.ChoiceField(choices=["answer", "extend"])


class PresenceAnswer(serializers.Serializer):
    """After an answer: whether it came in time. After an extension: the question as it stands."""

    is_passed = serializers.BooleanField(required=False)
    id = serializers.UUIDField()
    seconds_left = serializers.FloatField(required=False)
    extensions_left = serializers.IntegerField(required=False)


class Position(serializers.Serializer):
    """Where a lecture was left."""

    position_ms = serializers.IntegerField(min_value=0, max_value=2**45)


class OutlineLesson(Covered):
    """A lesson of an edition and where one stands in it."""

    key = serializers.UUIDField()
    number = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    duration_ms = serializers.IntegerField()
    position_ms = serializers.IntegerField()
    is_complete = serializers.BooleanField()


class Condition(serializers.Serializer):
    """One part of the completion rule in words; `keys` are the lessons or courses still to be done."""

    kind = serializers.CharField()
    state = serializers.CharField()
    title = serializers.CharField()
    standing = serializers.CharField()
    next_step = serializers.CharField()
    keys = serializers.ListField(child=serializers.CharField())


class Outline(serializers.Serializer):
    """An enrolment: its lessons, and why the course is complete or not yet."""

    enrolment = serializers.IntegerField()
    course = serializers.CharField()
    edition = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    lessons = OutlineLesson(many=True)
    conditions = Condition(many=True)


class CheckpointLine(serializers.Serializer):
    """A signed Merkle root over chain heads; copy them elsewhere, and nobody can rewrite the past."""

    number = serializers.IntegerField()
    at = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]  # a field; the metaclass takes it off the class
    size = serializers.IntegerField()
    previous = serializers.CharField()
    hash = serializers.CharField()
    key = serializers.CharField()
    signature = serializers.CharField()


class EvidenceKey(serializers.Serializer):
    """The Ed25519 key that signs checkpoints, 32 bytes in hex."""

    id = serializers.CharField()
    public_key = serializers.CharField()
    former = serializers.ListField(child=serializers.CharField())
