"""Pages are where a course is drafted; editions are what was published and taught, frozen."""

from .editions import Course, Edition, EditionExam, EditionLesson, EditionQuestion, Passage, Topic
from .pages import CataloguePage, CoursePage, HomePage, NoticePage
from .review import Review

__all__ = [
    "CataloguePage",
    "Course",
    "CoursePage",
    "Edition",
    "EditionExam",
    "EditionLesson",
    "EditionQuestion",
    "HomePage",
    "NoticePage",
    "Passage",
    "Review",
    "Topic",
]
