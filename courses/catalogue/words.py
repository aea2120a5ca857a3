"""Changes and completion rules in plain words, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from courses.catalogue.changes import CARRY_OVER, EDITORIAL, MATERIAL, Change

_FIELDS: dict[str, str | Promise] = {
    "audience": gettext_lazy("audience"),
    "code": gettext_lazy("code"),
    "credit_hours": gettext_lazy("credit hours"),
    "is_mandatory": gettext_lazy("mandatory"),
    "legal_basis": gettext_lazy("legal basis"),
    "next_review_on": gettext_lazy("next check on"),
    "outcomes": gettext_lazy("what one can do afterwards"),
    "purpose": gettext_lazy("what it is for"),
    "purpose_en": gettext_lazy("what it is for, in English"),
    "reviewed_on": gettext_lazy("law checked on"),
    "teacher": gettext_lazy("teacher"),
    "teacher_note": gettext_lazy("about the teacher"),
    "title": gettext_lazy("title"),
    "title_en": gettext_lazy("English title"),
    "topic": gettext_lazy("topic"),
    "topic_name": gettext_lazy("topic"),
    "topic_name_en": gettext_lazy("topic"),
    "validity_months": gettext_lazy("certificate valid for, months"),
    "pass_mark": gettext_lazy("pass mark, percent"),
    "minutes": gettext_lazy("minutes"),
    "attempts_allowed": gettext_lazy("attempts"),
    "interval_minutes": gettext_lazy("minutes between attempts"),
    "shows_answers": gettext_lazy("shows the answers once no attempt is left to make"),
    "rate_cap": gettext_lazy("fastest playback that counts"),
    "free_seek": gettext_lazy("may skip ahead on first view"),
    "coverage_percent": gettext_lazy("part of each lecture that counts as seen, percent"),
    "presence_minutes": gettext_lazy("minutes between presence checks"),
    "credit_hour_seconds": gettext_lazy("seconds that make a credit hour"),
    "watermark": gettext_lazy("viewer's masked name over the picture"),
}
_CHANGES: dict[str, str | Promise] = {
    "lesson_added": gettext_lazy("New lesson: %(title)s"),
    "lesson_removed": gettext_lazy("Lesson removed: %(title)s"),
    "lessons_reordered": gettext_lazy("The lessons come in another order"),
    "lesson_reworded": gettext_lazy("Title or summary of a lesson: %(title)s"),
    "lecture_replaced": gettext_lazy("Another lecture: %(title)s"),
    "lecture_encoded_again": gettext_lazy("The same lecture, encoded again: %(title)s"),
    "reading_changed": gettext_lazy("The text of a reading: %(title)s"),
    "file_replaced": gettext_lazy("Another file: %(title)s"),
    "questions_added": gettext_lazy("New questions inside a lecture: %(title)s"),
    "questions_changed": gettext_lazy("Questions inside a lecture moved, reworded or taken away: %(title)s"),
    "exam_added": gettext_lazy("An exam is added"),
    "rule_lesson_asked": gettext_lazy("A lesson that was offered is asked for: %(title)s"),
    "rule_lesson_freed": gettext_lazy("A lesson is offered, and no longer asked for: %(title)s"),
    "rule_exam_asked": gettext_lazy("The exam has to be passed"),
    "rule_exam_freed": gettext_lazy("The exam is offered, and no longer asked for"),
    "rule_courses": gettext_lazy("The courses to complete before"),
    "rule_deadline": gettext_lazy("The deadline"),
    "exam_removed": gettext_lazy("The exam is gone"),
    "exam_paper": gettext_lazy("The exam draws another number of questions"),
    "exam_pool": gettext_lazy("The questions that the exam draws from"),
}


def class_words(weight: str) -> str:
    """Return what a class of change means for those who learned from the former edition."""
    words = {
        EDITORIAL: _("Editorial: only words about the course change."),
        CARRY_OVER: _("Carries over: who met the former edition has met this one."),
        MATERIAL: _("Material: something new has to be learned, watched or passed."),
    }
    return words[weight]


def change_words(change: Change) -> dict[str, str]:
    """Return one change as `{"words", "weight", "old", "new"}`."""
    known = _CHANGES.get(change.what)
    words = str(known) % {"title": change.title} if known else str(_FIELDS.get(change.title, change.title))
    return {"words": words, "weight": change.weight, "old": change.old, "new": change.new}


def rule_words(rule: dict[str, Any], exam: Any | None) -> list[str]:
    """Return a completion rule as sentences. `exam` is the edition's, or None."""
    sentences = []
    for part in rule.get("all", []):
        if part["kind"] in _NAMED and part.get("keys", "all") != "all":
            sentences.append(_named(part))
            continue
        if part["kind"] == "lessons":
            sentences.append(
                _("Watch at least %(percent)d %% of every lecture.") % {"percent": part["coverage_percent"]}
            )
        elif part["kind"] == "readings":
            sentences.append(_("Read and acknowledge every reading and file."))
        elif part["kind"] == "questions":
            sentences.append(_("Answer every question inside the lectures rightly."))
        elif part["kind"] == "exam" and exam is not None:
            sentences.append(
                _("Pass the exam: at least %(mark)d of 100, %(attempts)d attempts, %(minutes)d minutes each.")
                % {"mark": exam.pass_mark, "attempts": exam.attempts_allowed, "minutes": exam.minutes}
            )
        elif part["kind"] == "prerequisites":
            sentences.append(
                _("Complete first: %(codes)s.")
                % {"codes": pgettext("between names", ", ").join(part["courses"])}
            )
        elif part["kind"] == "deadline":
            sentences.append(deadline_words(part) + ".")
    return sentences


_NAMED = {"lessons", "readings", "questions"}


def _named(part: dict[str, Any]) -> str:
    """Say how many of the lessons are asked for, where not all are."""
    count = len(part["keys"])
    if part["kind"] == "lessons":
        words = ngettext(
            "Watch at least %(percent)d %% of %(count)d lecture; the others are offered.",
            "Watch at least %(percent)d %% of %(count)d lectures; the others are offered.",
            count,
        )
        return words % {"percent": part["coverage_percent"], "count": count}
    if part["kind"] == "readings":
        words = ngettext(
            "Read and acknowledge %(count)d reading or file; the others are offered.",
            "Read and acknowledge %(count)d readings or files; the others are offered.",
            count,
        )
    else:
        words = ngettext(
            "Answer %(count)d question inside the lectures rightly; the others are offered.",
            "Answer %(count)d questions inside the lectures rightly; the others are offered.",
            count,
        )
    return words % {"count": count}


def deadline_words(part: Mapping[str, Any]) -> str:
    """Return a deadline in words, without a full stop."""
    if "on" in part:
        return _("Complete it by %(date)s") % {"date": part["on"]}
    days = int(part["days"])
    words = ngettext(
        "Complete it within %(count)s day of enrolling",
        "Complete it within %(count)s days of enrolling",
        days,
    )
    return words % {"count": days}
