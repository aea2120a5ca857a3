"""An exam paper of a draft: drawn and graded as a learner's, by the seed that the page carries, and forgotten."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from classroom.exams.models import Answer, Attempt
from classroom.exams.papers import PaperItem, draw
from classroom.exams.queries import Marked, Question, items_of, marked, questions_of
from classroom.exams.scoring import Result, grade
from courses.catalogue.models import EditionExam
from courses.questions.models import QuestionVersion


class _Answers(list[Answer]):
    """Answers that lie in no table, read as those that do."""

    def all(self) -> list[Answer]:
        """Return them."""
        return self


@dataclass(frozen=True)
class _Sitting:
    """What the exams room reads of an attempt: its paper and its answers."""

    paper: list[PaperItem]
    answers: _Answers


@dataclass(frozen=True)
class Paper:
    """A paper with what was chosen on it."""

    exam: EditionExam
    seed: str
    sitting: Attempt

    @property
    def questions(self) -> list[Question]:
        """The questions in their order, without any key (1 query)."""
        return questions_of(self.sitting)

    @property
    def result(self) -> Result:
        """What the choices earn (1 query)."""
        return grade(items_of(self.sitting), self.exam.pass_mark)

    @property
    def marked(self) -> list[Marked]:
        """The paper with keys and grounds."""
        return marked(self.sitting)


def new_seed() -> str:
    """Return a seed that draws another paper."""
    return secrets.token_hex(16)


def paper_of(exam: EditionExam, seed: str, choices: Mapping[int, Iterable[str]] | None = None) -> Paper:
    """Return the paper of a seed: the same one as long as the bank stays, with what was chosen on it.

    Raises `papers.PoolTooSmall` where the bank holds too few questions.
    """
    pooled = [version for section in exam.sections for version in section["pool"]]
    rows = QuestionVersion.objects.filter(pk__in=pooled).values_list("pk", "options")
    options = {pk: [option["key"] for option in listed] for pk, listed in rows}
    paper = draw(exam.sections, options, seed)
    answers = [
        Answer(version_id=item["version"], choice=sorted(set(choices[item["version"]])))
        for item in paper
        if choices and choices.get(item["version"])
    ]
    return Paper(exam, seed, cast(Attempt, _Sitting(paper, _Answers(answers))))
