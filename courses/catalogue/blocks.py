"""The blocks from which a trainer builds a course."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock

from courses.catalogue.moments import read_moment
from courses.questions.blocks import QuestionChooserBlock
from media.blocks import LectureChooserBlock


def check_moment(text: str) -> None:
    """Refuse what is no moment of a lecture. Raises ValidationError."""
    if read_moment(text) is None:
        raise ValidationError(_("Write the moment as minutes and seconds, such as 1:30."))


class LectureQuestionBlock(blocks.StructBlock):
    """A question that a lecture puts at a moment."""

    at = blocks.CharBlock(
        label=_("at"),
        max_length=10,
        validators=[check_moment],
        help_text=_("Minutes and seconds, such as 1:30. Playing pauses there."),
        search_index=False,
    )
    question = QuestionChooserBlock(label=_("question"))

    class Meta:
        icon = "help"
        label = _("question")


class LectureQuestionsBlock(blocks.StreamBlock):
    """The questions inside a lecture."""

    question = LectureQuestionBlock()


class VideoLessonBlock(blocks.StructBlock):
    """A lesson that is a lecture."""

    title = blocks.CharBlock(label=_("title"), max_length=128)
    title_en = blocks.CharBlock(label=_("English title"), max_length=160, required=False)
    summary = blocks.CharBlock(label=_("summary"), max_length=300, required=False)
    lecture = LectureChooserBlock(label=_("lecture"))
    questions = LectureQuestionsBlock(
        label=_("questions inside the lecture"),
        required=False,
        help_text=_(
            "Playing pauses at the moment until the question is answered or put off. To complete the course, "
            "each has to be answered rightly once."
        ),
    )

    class Meta:
        icon = "media"
        label = _("lecture")


class ReadingLessonBlock(blocks.StructBlock):
    """A lesson to read and to acknowledge."""

    title = blocks.CharBlock(label=_("title"), max_length=128)
    title_en = blocks.CharBlock(label=_("English title"), max_length=160, required=False)
    summary = blocks.CharBlock(label=_("summary"), max_length=300, required=False)
    minutes = blocks.IntegerBlock(label=_("minutes"), min_value=1, default=10)
    body = blocks.RichTextBlock(label=_("text"))

    class Meta:
        icon = "doc-full"
        label = _("reading")


class AttachmentLessonBlock(blocks.StructBlock):
    """A lesson that is a file to open and to acknowledge."""

    title = blocks.CharBlock(label=_("title"), max_length=128)
    title_en = blocks.CharBlock(label=_("English title"), max_length=160, required=False)
    summary = blocks.CharBlock(label=_("summary"), max_length=300, required=False)
    minutes = blocks.IntegerBlock(label=_("minutes"), min_value=1, default=10)
    document = DocumentChooserBlock(label=_("file"))

    class Meta:
        icon = "download"
        label = _("attachment")


class LessonsBlock(blocks.StreamBlock):
    """The lessons of a course in their order."""

    video = VideoLessonBlock()
    reading = ReadingLessonBlock()
    attachment = AttachmentLessonBlock()


class OutcomesBlock(blocks.StreamBlock):
    """What a learner can do afterwards."""

    outcome = blocks.CharBlock(label=_("outcome"), max_length=200)


class LegalReferenceBlock(blocks.StructBlock):
    """A law or standard that a course rests on."""

    document = blocks.CharBlock(label=_("document"), max_length=200)
    clauses = blocks.CharBlock(label=_("clauses"), max_length=200, required=False)
    lessons = blocks.CharBlock(label=_("lessons"), max_length=32, required=False)
    effective_from = blocks.DateBlock(label=_("in force from"), required=False)
    superseded_by = blocks.CharBlock(label=_("superseded by"), max_length=200, required=False)

    class Meta:
        icon = "clipboard-list"
        label = _("reference")


class LegalBasisBlock(blocks.StreamBlock):
    """The legal basis of a course."""

    reference = LegalReferenceBlock()
