"""What goes over the wire while an exam is sat: never a key."""

from rest_framework import serializers

from classroom.exams.models import Attempt


class AnswerRequest(serializers.Serializer):
    """One answer as the learner gives it."""

    version = serializers.IntegerField(min_value=1, help_text="The question's version on the paper.")
    choice = serializers.ListField(
        child=serializers.CharField(max_length=8),
        max_length=26,
        allow_empty=True,
        help_text="Keys of the chosen options; empty takes the answer back.",
    )
    is_flagged = serializers.BooleanField(default=False)
    revision = serializers.IntegerField(
        min_value=1, max_value=2_000_000_000, help_text="One above the last revision known."
    )


class AnswerState(serializers.Serializer):
    """One answer as it stands on the server."""

    version = serializers.IntegerField()
    choice = serializers.ListField(child=serializers.CharField())
    is_flagged = serializers.BooleanField()
    revision = serializers.IntegerField()
    saved_at = serializers.DateTimeField()


class SavedAnswer(AnswerState):
    """An acknowledged answer with the server's clock."""

    server_time = serializers.DateTimeField()
    deadline_at = serializers.DateTimeField()


class AttemptState(serializers.Serializer):
    """An attempt under way: its clock and its answers."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Attempt.State.choices)
    started_at = serializers.DateTimeField()
    deadline_at = serializers.DateTimeField()
    server_time = serializers.DateTimeField()
    answers = AnswerState(many=True)
