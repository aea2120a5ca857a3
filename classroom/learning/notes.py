"""A learner's own notes. Nobody else reads them, so every verb takes the enrolment that was checked."""

import uuid

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.institutions.scopes import Scope
from classroom.learning.models import Note
from classroom.learning.times import clock
from classroom.people.models import User
from courses.catalogue.models import EditionLesson

# Enough for a note a minute of a long lecture; a script that writes without end is stopped here.
MOST = 500


class TooManyNotes(Exception):
    """The lesson already has as many notes as are kept."""


class NoSuchNote(Exception):
    """The note, the lesson or the enrolment is not this person's, or is not there."""


def lesson_of(*, user: User, enrolment_id: int, key: uuid.UUID) -> tuple[Enrolment, EditionLesson]:
    """Return one's own enrolment and a lesson of its edition (2 queries). Raises `NoSuchNote`."""
    own = Enrolment.objects.visible_to(Scope(person_id=user.pk))
    enrolment = own.exclude(state=Enrolment.State.WITHDRAWN).filter(pk=enrolment_id, user=user).first()
    if enrolment is None:
        raise NoSuchNote
    lesson = EditionLesson.objects.filter(edition=enrolment.edition_id, key=key).first()
    if lesson is None:
        raise NoSuchNote
    return enrolment, lesson


@transaction.atomic
def write_note(*, enrolment: Enrolment, lesson: EditionLesson, at_ms: int, text: str) -> Note:
    """Add a note at `at_ms`, clamped to the lecture. Raises `TooManyNotes`. Locks nothing."""
    if Note.objects.filter(enrolment=enrolment, lesson=lesson).count() >= MOST:
        raise TooManyNotes
    at = min(max(0, at_ms), lesson.duration_ms)
    return Note.objects.create(enrolment=enrolment, lesson=lesson, at_ms=at, text=text)


@transaction.atomic
def change_note(*, enrolment: Enrolment, lesson: EditionLesson, note_id: int, text: str) -> Note:
    """Replace the text of a note; the last writer wins. Raises `NoSuchNote`. Locks the note."""
    own = Note.objects.select_for_update().filter(enrolment=enrolment, lesson=lesson)
    note = own.filter(pk=note_id).first()
    if note is None:
        raise NoSuchNote
    note.text, note.updated_at = text, timezone.now()
    note.save(update_fields=["text", "updated_at"])
    return note


@transaction.atomic
def delete_note(*, enrolment: Enrolment, lesson: EditionLesson, note_id: int) -> None:
    """Delete a note; deleting it again does nothing."""
    Note.objects.filter(enrolment=enrolment, lesson=lesson, pk=note_id).delete()


def notes_as_text(notes: list[Note], title: str) -> str:
    """Return notes for a text file: a line with the time, then the note, an empty line between."""
    blocks = [f"{clock(note.at_ms)}\n{note.text}" for note in notes]
    return "\n\n".join([title, *blocks]) + "\n"
