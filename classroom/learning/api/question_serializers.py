"""What goes over the wire of questions inside a lecture: never which option is right."""

from rest_framework import serializers


class Choice(serializers.Serializer):
    """An option of a question; nothing says whether it is right."""

    key = serializers.CharField()
    text = serializers.CharField()


class LectureQuestion(serializers.Serializer):
    """A question that the lecture puts at `at_ms`."""

    key = serializers.UUIDField()
    at_ms = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["single", "multiple", "true_false"])
    stem = serializers.CharField()
    options = Choice(many=True)
    tries = serializers.IntegerField()
    is_answered = serializers.BooleanField(help_text="Whether it was answered rightly at least once.")


class LectureAnswerRequest(serializers.Serializer):
    """One try."""

    choice = serializers.ListField(
        child=serializers.CharField(max_length=8), min_length=1, max_length=26, help_text="Keys of options."
    )
    number = serializers.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        allow_null=True,
        help_text="Which try it is; sent again with the same choice, it counts once.",
    )


class LectureAnswerGraded(serializers.Serializer):
    """A try that was graded and kept, with the grounds."""

    key = serializers.UUIDField()
    number = serializers.IntegerField()
    is_right = serializers.BooleanField()
    explanation = serializers.CharField()
    legal_basis = serializers.CharField()
    course_completed = serializers.BooleanField()
    certificate = serializers.CharField(allow_null=True)
