"""What a lesson's page shows, and what its script is told."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from classroom.enrolment.models import Enrolment
from classroom.institutions.scopes import Scope
from classroom.learning.lines import Line
from classroom.learning.marks import Chapter, Slide, chapters_in, slides_in
from classroom.learning.models import Note
from classroom.learning.pages import Taken, courses_of
from classroom.learning.player_settings import RATES, settings_of, told
from classroom.learning.script_words import lesson_words
from classroom.learning.watermark import watermark_of
from classroom.people.models import User
from classroom.progress.queries import waiting_media
from courses.catalogue.models import EditionLesson
from courses.catalogue.policy import Policy
from media.playback import poster_url


@dataclass(frozen=True)
class LessonPage:
    """One lesson of a course that a learner takes."""

    taken: Taken
    line: Line
    lesson: EditionLesson
    notes: list[Note]
    policy: Policy
    chapters: list[Chapter]
    slides: list[Slide]

    @property
    def enrolment(self) -> Enrolment:
        """The enrolment under which it is learned."""
        return self.taken.enrolment

    @property
    def before(self) -> Line | None:
        """The lesson before."""
        return self.taken.lines[self.line.number - 2] if self.line.number > 1 else None

    @property
    def after(self) -> Line | None:
        """The lesson after."""
        return self.taken.lines[self.line.number] if self.line.number < len(self.taken.lines) else None

    @property
    def teacher(self) -> str:
        """Who teaches, as the edition froze it."""
        return str(self.enrolment.edition.manifest.get("course", {}).get("teacher", ""))

    @property
    def poster(self) -> str:
        """The address of the lecture's first picture; empty for a reading."""
        return poster_url(self.lesson.encode) if self.lesson.encode else ""

    @property
    def watermark(self) -> str:
        """What is drawn over the picture: the viewer, masked; empty where the course does not ask for it."""
        return watermark_of(self.enrolment) if self.policy.watermark else ""

    @property
    def chapters_on_ruler(self) -> list[dict[str, Any]]:
        """The chapters as the ruler draws them; the one in which the lecture was left is lit."""
        return [
            {
                "start_ms": chapter.start_ms,
                "label": chapter.title,
                "is_current": chapter.start_ms <= self.line.position_ms < chapter.end_ms,
            }
            for chapter in self.chapters
        ]

    @property
    def rule_words(self) -> str:
        """Whose clock counts, how often it is saved, how fast and in which order it may be watched."""
        values = {"rate": f"{self.policy.rate_cap:g}"}
        if self.policy.free_seek:
            return (
                _(
                    "The server's clock decides; it is saved every 15 seconds. A first view counts up to "
                    "%(rate)s×; you may skip ahead."
                )
                % values
            )
        return (
            _(
                "The server's clock decides; it is saved every 15 seconds. A first view goes at up to "
                "%(rate)s× and in order; what is verified may be sped up and skipped."
            )
            % values
        )

    def script_data(self, start_ms: int | None) -> dict[str, Any]:
        """Return what the page's script needs; `start_ms` where a link asks for a certain moment."""
        progress = self.line.progress
        return {
            "enrolment": self.enrolment.pk,
            "lesson": str(self.lesson.key),
            "person": str(self.enrolment.user.pseudonym),
            "duration_ms": self.lesson.duration_ms,
            "coverage": self.line.spans,
            "furthest_ms": progress.furthest_ms if progress else 0,
            "waiting": waiting_media(progress),
            "tolerance_ms": self.policy.tolerance_ms,
            "start_ms": start_ms,
            "free_seek": self.policy.free_seek or self.line.is_done,
            "hidden_pauses": self.policy.hidden_pauses,
            "rates": RATES,
            "settings": told(settings_of(self.enrolment.user)),
            "addresses": {
                "sessions": reverse("api:learning-sessions"),
                "notes": reverse("api:learning-notes", args=[self.enrolment.pk, self.lesson.key]),
                "settings": reverse("api:learning-settings"),
                "sign_in": f"{reverse('people:sign_in')}?next={self.line.address}",
                "next": self.after.address if self.after else "",
                "previous": self.before.address if self.before else "",
            },
            "chapters": [{"start_ms": mark.start_ms, "title": mark.title} for mark in self.chapters],
            "slides": [asdict(slide) for slide in self.slides],
            "watermark": self.watermark,
            "metadata": {
                "title": self.line.name,
                "artist": self.teacher,
                "album": f"{self.taken.code} {self.taken.title}",
                "artwork": [{"src": self.poster, "sizes": "640x360", "type": "image/jpeg"}],
            },
            "words": lesson_words(),
        }


def lesson_page(user: User, enrolment_id: int, key: uuid.UUID) -> LessonPage | None:
    """Return the page of one's own lesson; None for anybody else's, and for a lesson that is not there.

    A constant number of queries, whatever the number of lessons and of evidence.
    """
    own = Enrolment.objects.visible_to(Scope(person_id=user.pk)).exclude(state=Enrolment.State.WITHDRAWN)
    enrolment = (
        own.select_related("edition", "course", "course__page", "course__topic", "institution")
        .select_related("user__player_settings")
        .filter(pk=enrolment_id, user=user)
        .first()
    )
    if enrolment is None:
        return None
    lesson = (
        EditionLesson.objects.select_related("encode", "lecture", "document")
        .filter(edition=enrolment.edition_id, key=key)
        .first()
    )
    if lesson is None:
        return None
    taken = courses_of(user, [enrolment])[0]
    line = next(line for line in taken.lines if line.lesson.pk == lesson.pk)
    notes = list(Note.objects.filter(enrolment=enrolment, lesson=lesson).order_by("at_ms", "pk"))
    policy = Policy.from_dict(enrolment.edition.policy)
    return LessonPage(taken, line, lesson, notes, policy, chapters_in(lesson), slides_in(lesson))
