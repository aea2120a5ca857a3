"""A lesson of a draft on the learner's own page, with the learner's own player."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from classroom.learning.marks import chapters_in, slides_in
from classroom.learning.pages_lesson import LessonPage
from classroom.learning.preview.course import Tried, tried_course
from classroom.learning.preview.words import preview_words
from classroom.people.models import User
from courses.catalogue.drafts import DraftLesson
from courses.catalogue.models import CoursePage
from courses.catalogue.policy import Policy

# How a lecture is tried: held to the rules of the draft, or free to jump about in it.
BY_THE_RULES, FREELY = "rules", "free"


@dataclass(frozen=True)
class TriedLesson(LessonPage):
    """One lesson of a draft, as its learner will see it."""

    draft: CoursePage
    tried: DraftLesson
    way: str

    is_preview = True

    @property
    def is_free(self) -> bool:
        """Whether the rules are set aside, to get to a later place at once."""
        return self.way == FREELY

    @property
    def played(self) -> Policy:
        """The rules by which it is played now; those of the draft unless they are set aside."""
        if not self.is_free:
            return self.policy
        return replace(self.policy, free_seek=True, rate_cap=2.0, presence_minutes=0)

    @property
    def is_watchable(self) -> bool:
        """Whether there is anything to play, be it only a part."""
        return self.lesson.encode is not None

    def script_data(self, start_ms: int | None) -> dict[str, Any]:
        """Return what the player's script needs; every address it speaks to is one of the preview's."""
        data = super().script_data(start_ms)
        place = [self.draft.pk, self.lesson.key]
        data["addresses"] |= {
            "sessions": reverse("api:learning-preview-sessions", args=[*place, self.way]),
            "notes": reverse("api:learning-preview-notes", args=place),
            "settings": reverse("api:learning-preview-settings", args=place),
        }
        # What a device keeps for the person themselves is never sent from here, nor the other way round.
        apart = f"preview:{self.draft.pk}:{self.lesson.key}"
        return data | {
            "lesson": apart,
            "person": f"{apart}:{data['person']}",
            "free_seek": self.played.free_seek,
            "words": data["words"] | preview_words(),
        }


def tried_lesson(user: User, page_id: int, key: uuid.UUID, way: str = BY_THE_RULES) -> TriedLesson | None:
    """Return a lesson of the newest draft to whoever may edit or review it, None to anybody else."""
    tried = tried_course(user, page_id)
    return lesson_in(tried, key, way) if tried else None


def lesson_in(tried: Tried, key: uuid.UUID, way: str = BY_THE_RULES) -> TriedLesson | None:
    """Return a lesson of a draft, None where it has no such lesson."""
    place = tried.place_of(key)
    if place is None:
        return None
    one = tried.lessons[place]
    return TriedLesson(
        taken=tried.course,
        line=tried.course.lines[place],
        lesson=one.lesson,
        notes=[],
        policy=Policy.from_dict(tried.course.enrolment.edition.policy),
        chapters=chapters_in(one.lesson),
        slides=slides_in(one.lesson),
        draft=tried.page,
        tried=one,
        way=way,
    )
