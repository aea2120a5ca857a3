"""What the public API says of topics and courses. Everything comes from frozen editions."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from courses.catalogue.models import EditionLesson, Topic
from courses.catalogue.queries import Found, Hit, Moment
from courses.catalogue.words import rule_words


class TopicSerializer(serializers.ModelSerializer[Topic]):
    """A topic and how many courses it has."""

    courses = serializers.IntegerField(source="taught", read_only=True)

    class Meta:
        model = Topic
        fields = ("code", "name", "name_en", "summary", "summary_en", "letters", "courses")


class LegalReferenceSerializer(serializers.Serializer[dict[str, Any]]):
    """A law or standard that a course rests on."""

    document = serializers.CharField()
    clauses = serializers.CharField()
    lessons = serializers.CharField()
    effective_from = serializers.DateField(allow_null=True)
    superseded_by = serializers.CharField()


class HitSerializer(serializers.Serializer[Hit]):
    """Where the words were found in the course; `hit` is the stretch that fits."""

    field = serializers.CharField()
    lesson = serializers.CharField(source="lesson_key")
    before = serializers.CharField(source="excerpt.before")
    hit = serializers.CharField(source="excerpt.hit")
    after = serializers.CharField(source="excerpt.after")


class MomentSerializer(serializers.Serializer[Moment]):
    """Where the words are said in a lecture."""

    lesson = serializers.CharField(source="lesson_key")
    lesson_title = serializers.CharField()
    start_ms = serializers.IntegerField()
    before = serializers.CharField(source="excerpt.before")
    hit = serializers.CharField(source="excerpt.hit")
    after = serializers.CharField(source="excerpt.after")


class CourseSerializer(serializers.Serializer[Found]):
    """A course that is taught now, and where a search found its words."""

    code = serializers.CharField(source="course.code")
    topic = serializers.CharField(source="course.topic.code")
    title = serializers.CharField(source="course.current.title")
    title_en = serializers.CharField(source="course.current.title_en")
    edition = serializers.CharField(source="course.current.number")
    published_at = serializers.DateTimeField(source="course.current.published_at")
    credit_hours = serializers.DecimalField(
        source="course.current.credit_hours", max_digits=5, decimal_places=1
    )
    is_mandatory = serializers.BooleanField(source="course.current.is_mandatory")
    purpose = serializers.CharField(source="course.current.manifest.course.purpose", default="")
    audience = serializers.CharField(source="course.current.manifest.course.audience", default="")
    teacher = serializers.CharField(source="course.current.manifest.course.teacher", default="")
    url = serializers.SerializerMethodField()
    hits = HitSerializer(many=True)
    moments = MomentSerializer(many=True)

    @extend_schema_field(serializers.CharField())
    def get_url(self, found: Found) -> str:
        """Return the path of the course's page."""
        page = found.course.page
        return (page.get_url(request=self.context.get("request")) or "") if page else ""


class LessonSerializer(serializers.ModelSerializer[EditionLesson]):
    """A lesson of the outline; minutes are rounded up."""

    class Meta:
        model = EditionLesson
        fields = ("key", "position", "kind", "title", "title_en", "summary", "minutes", "duration_ms")


class ExamSerializer(serializers.Serializer[Any]):
    """What an exam asks for; never its questions."""

    questions = serializers.SerializerMethodField()
    minutes = serializers.IntegerField()
    pass_mark = serializers.IntegerField()
    attempts_allowed = serializers.IntegerField()
    interval_minutes = serializers.IntegerField()

    def get_questions(self, exam: Any) -> int:
        """Return how many questions a paper has."""
        return sum(section["count"] for section in exam.sections)


class CourseDetailSerializer(CourseSerializer):
    """A course with its outline, its legal basis and its rule in words."""

    purpose_en = serializers.CharField(source="course.current.manifest.course.purpose_en", default="")
    outcomes = serializers.SerializerMethodField()
    legal_basis = serializers.SerializerMethodField()
    lessons = serializers.SerializerMethodField()
    exam = serializers.SerializerMethodField()
    rule = serializers.SerializerMethodField()
    digest = serializers.CharField(source="course.current.digest")
    validity_months = serializers.IntegerField(source="course.current.validity_months", allow_null=True)

    def _facts(self, found: Found) -> dict[str, Any]:
        edition = found.course.current
        facts: dict[str, Any] = edition.manifest.get("course", {}) if edition else {}
        return facts

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_outcomes(self, found: Found) -> list[str]:
        """Return what one can do afterwards."""
        return [outcome["text"] for outcome in self._facts(found).get("outcomes", [])]

    @extend_schema_field(LegalReferenceSerializer(many=True))
    def get_legal_basis(self, found: Found) -> Any:
        """Return the laws and standards."""
        return LegalReferenceSerializer(self._facts(found).get("legal_basis", []), many=True).data

    @extend_schema_field(LessonSerializer(many=True))
    def get_lessons(self, found: Found) -> Any:
        """Return the outline."""
        return LessonSerializer(self.context["outline"], many=True).data

    @extend_schema_field(ExamSerializer(allow_null=True))
    def get_exam(self, found: Found) -> Any:
        """Return the exam's frame, or None."""
        exam = getattr(found.course.current, "exam", None)
        return ExamSerializer(exam).data if exam else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_rule(self, found: Found) -> list[str]:
        """Return what completes the course, in the reader's language."""
        edition = found.course.current
        return rule_words(edition.rule, getattr(edition, "exam", None)) if edition else []
