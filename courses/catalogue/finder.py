"""Finding a course: what was asked, what filters are chosen, what is left, as the catalogue shows it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from courses.catalogue.course_parts import CourseView
from courses.catalogue.pages_context import Programme
from courses.catalogue.queries import TITLES, Found, Hit, Moment, search_courses

CARDS_ON_A_PAGE = 24
LONGEST_QUERY = 80
# Hits in these say nothing that the card does not say by itself.
_ON_THE_CARD = TITLES | {"audience", "teacher", "topic"}


@dataclass(frozen=True, slots=True)
class Option:
    """A filter that can be chosen, with how many courses it would leave."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A chosen filter; its address takes it away."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Card:
    """A course that is left, and where the words stand in it."""

    course: CourseView
    marks: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    moments: tuple[Moment, ...] = ()

    @property
    def lesson_number(self) -> int:
        """The number of the lesson in which the place shown stands; 0 where it is in no lesson."""
        place = self.moment or self.hit
        key = place.lesson_key if place else ""
        return next((one.number for one in self.course.lessons if key and one.key == key), 0)

    @property
    def moment(self) -> Moment | None:
        """The first place in a lecture."""
        return self.moments[0] if self.moments else None

    @property
    def hit(self) -> Hit | None:
        """The most telling place in the course's words that the card does not show anyway."""
        return next((hit for hit in self.hits if hit.field not in _ON_THE_CARD), None)


@dataclass(frozen=True)
class Group:
    """One group of filters; several chosen in a group widen, groups narrow each other."""

    key: str
    label: str
    options: tuple[Option, ...]

    @property
    def chosen(self) -> tuple[Option, ...]:
        """What is chosen of it."""
        return tuple(option for option in self.options if option.is_chosen)


@dataclass(frozen=True)
class Finding:
    """All that the catalogue page shows."""

    query: str
    need: str
    groups: tuple[Group, ...]
    page: "Page[Card]"
    chips: tuple[Chip, ...]
    total: int
    moments: int
    all_courses: int
    all_hours: float
    chosen_count: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chosen_count", len(self.chips))


def _spans(hours: float) -> str:
    if hours <= 3:
        return "short"
    return "middle" if hours <= 5 else "long"


# Key of a group in the address, and what a course counts as in it.
_KEYS: dict[str, Callable[[CourseView], tuple[str, ...]]] = {
    "topic": lambda course: (course.topic_code,),
    "audience": lambda course: course.audiences,
    "hours": lambda course: (_spans(course.hours),),
}


def _fits(course: CourseView, chosen: dict[str, set[str]], need: str, without: str = "") -> bool:
    if need and course.is_mandatory != (need == "mandatory"):
        return False
    return all(
        key == without or not values or values & set(_KEYS[key](course)) for key, values in chosen.items()
    )


def _group(
    key: str,
    label: str,
    names: Iterable[tuple[str, str]],
    courses: list[CourseView],
    chosen: dict[str, set[str]],
    need: str,
) -> Group:
    others = [course for course in courses if _fits(course, chosen, need, without=key)]
    return Group(
        key,
        label,
        tuple(
            Option(value, name, sum(value in _KEYS[key](course) for course in others), value in chosen[key])
            for value, name in names
        ),
    )


def _without(asked: QueryDict, key: str, value: str) -> str:
    rest = asked.copy()
    rest.setlist(key, [one for one in rest.getlist(key) if one != value])
    rest.pop("page", None)
    text = rest.urlencode()
    return f"?{text}" if text else "?"


def _found(taught: Programme, query: str) -> tuple[list[CourseView], dict[str, Found]]:
    if not query:
        return list(taught.courses), {}
    results = {one.course.code: one for one in search_courses(query)}
    courses = [course for course in (taught.course(code) for code in results) if course is not None]
    return courses, results


def _card(course: CourseView, found: Found | None) -> Card:
    if found is None:
        return Card(course)
    marks = tuple(dict.fromkeys(hit.excerpt.hit for hit in found.hits))
    return Card(course, marks, tuple(found.hits), tuple(found.moments))


def find(taught: Programme, asked: QueryDict) -> Finding:
    """Return what is left of the courses for a query string; unknown values are left aside."""
    query = asked.get("q", "").strip()[:LONGEST_QUERY]
    need = asked.get("need", "") if asked.get("need") in ("mandatory", "elective") else ""
    courses, results = _found(taught, query)
    audiences = sorted({name for course in taught.courses for name in course.audiences})
    names: dict[str, list[tuple[str, str]]] = {
        "topic": [(topic.code, topic.name) for topic in taught.topics if topic.courses],
        "audience": [(name, name) for name in audiences],
        "hours": [
            ("short", gettext("up to 3 credit hours")),
            ("middle", gettext("4 to 5 credit hours")),
            ("long", gettext("6 credit hours and more")),
        ],
    }
    chosen = {key: set(asked.getlist(key)) & {value for value, _ in names[key]} for key in _KEYS}
    labels = {"topic": gettext("Topic"), "audience": gettext("For whom"), "hours": gettext("Credit hours")}
    groups = tuple(_group(key, labels[key], names[key], courses, chosen, need) for key in _KEYS)
    left = [course for course in courses if _fits(course, chosen, need)]
    chips = [
        Chip(option.label, _without(asked, group.key, option.value))
        for group in groups
        for option in group.chosen
    ]
    if need:
        words = gettext("Mandatory") if need == "mandatory" else gettext("Elective")
        chips.append(Chip(words, _without(asked, "need", need)))
    cards = [_card(course, results.get(course.code)) for course in left]
    return Finding(
        query=query,
        need=need,
        groups=groups,
        page=Paginator(cards, CARDS_ON_A_PAGE).get_page(asked.get("page")),
        chips=tuple(chips),
        total=len(left),
        moments=sum(len(card.moments) for card in cards),
        all_courses=len(taught.courses),
        all_hours=taught.hours,
    )


def highlight(text: str, marks: Iterable[str]) -> SafeString:
    """Return the text escaped, with each of the marks in `<mark>`."""
    words = sorted({mark for mark in marks if mark}, key=len, reverse=True)
    if not words:
        return conditional_escape(text)
    pattern = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    parts, at = [], 0
    for match in pattern.finditer(text):
        parts.append(format_html("{}<mark>{}</mark>", text[at : match.start()], match[0]))
        at = match.end()
    parts.append(format_html("{}", text[at:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped above
