"""Pages are where a course is drafted; editions are what was published and taught, frozen."""

from .editions import Course, Edition, EditionExam, EditionLesson, Topic
from .pages import CataloguePage, CoursePage, HomePage, NoticePage

__all__ = [
    "CataloguePage",
    "Course",
    "CoursePage",
    "Edition",
    "EditionExam",
    "EditionLesson",
    "HomePage",
    "NoticePage",
    "Topic",
]
