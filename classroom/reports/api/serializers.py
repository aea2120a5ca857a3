"""What the API of reports says, field by field."""

from rest_framework import serializers

from classroom.reports.models import ReportRun


class RateSerializer(serializers.Serializer):
    """The shape of a rate, for the schema."""

    numerator = serializers.IntegerField()
    denominator = serializers.IntegerField()
    percent = serializers.FloatField(allow_null=True)


class CountsSerializer(serializers.Serializer):
    """The counts that domain tables hold; see the page for what each means."""

    due_staff = serializers.IntegerField()
    enrolled = serializers.IntegerField()
    completed = serializers.IntegerField()
    examined = serializers.IntegerField()
    passed = serializers.IntegerField()
    resat = serializers.IntegerField()
    overdue = serializers.IntegerField()
    verified_seconds = serializers.IntegerField()
    credit_hours = serializers.DecimalField(max_digits=14, decimal_places=1, coerce_to_string=False)
    corrected = serializers.IntegerField(
        help_text="Of the completed, counted as such by two persons by hand."
    )


class LineSerializer(serializers.Serializer):
    """An authority with its counts and rates."""

    code = serializers.CharField()
    name = serializers.CharField()
    institutions = serializers.IntegerField()
    counts = CountsSerializer()
    coverage = RateSerializer()
    participation = RateSerializer()
    completion = RateSerializer()
    passing = RateSerializer()


class OverviewSerializer(serializers.Serializer):
    """The overview of a scope: its total and a line for each authority in it."""

    as_of = serializers.DateTimeField(allow_null=True)
    course = serializers.CharField(allow_blank=True)
    total = LineSerializer()
    authorities = LineSerializer(many=True)


class InstitutionLineSerializer(serializers.Serializer):
    """An institution with its counts."""

    id = serializers.IntegerField()
    uscc = serializers.CharField()
    name = serializers.CharField()
    authority = serializers.CharField()
    counts = CountsSerializer()


class StandingSerializer(serializers.Serializer):
    """Where one person stands on one course."""

    enrolment = serializers.IntegerField()
    course = serializers.CharField()
    state = serializers.ChoiceField(choices=["overdue", "soon", "active", "done", "expiring", "expired"])
    percent = serializers.IntegerField(help_text="Verified share of the lectures, rounded down.")
    due_on = serializers.DateField(allow_null=True)
    completed_on = serializers.DateField(allow_null=True)
    certificate = serializers.CharField(allow_blank=True)


class PersonSerializer(serializers.Serializer):
    """A member of an institution with all standings."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    department = serializers.CharField(allow_blank=True)
    posts = serializers.ListField(child=serializers.CharField())
    courses = StandingSerializer(many=True)


class RunSerializer(serializers.ModelSerializer):
    """An export of one's own."""

    class Meta:
        model = ReportRun
        fields = ["id", "kind", "spec", "format", "state", "as_of", "rows_count", "digest", "created_at"]
        read_only_fields = fields


class RunRequestSerializer(serializers.Serializer):
    """What to export: which table, and the filters of its page."""

    kind = serializers.ChoiceField(choices=["institutions", "districts", "people"])
    format = serializers.ChoiceField(choices=["xlsx", "csv"])
    authority = serializers.CharField(required=False, default="")
    course = serializers.CharField(required=False, default="")
    year = serializers.CharField(required=False, default="")
    post = serializers.CharField(required=False, default="")
    show = serializers.CharField(required=False, default="")
    search = serializers.CharField(required=False, default="")
    institution = serializers.CharField(required=False, default="")
    state = serializers.CharField(required=False, default="")
    name = serializers.CharField(required=False, default="")
