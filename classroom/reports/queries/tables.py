"""The tables that can be exported: headings, rows, totals. What a page totals, its export totals."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from classroom.institutions.models import CmaCertificate, Institution, SupervisingAuthority
from classroom.institutions.queries import authorities_in
from classroom.institutions.scopes import Scope
from classroom.reports.figures import NOTHING, Counts, Rate
from classroom.reports.queries import board, rollups
from classroom.reports.sheets import Value
from courses.catalogue.models import Course

# The headings that regulators expect, in their order. They are Chinese in every language of the
# site, since the table is a form of the field.
INSTITUTION_HEADINGS = (
    "序号",
    "所属区",
    "机构名称",
    "统一社会信用代码",
    "资质认定证书编号",
    "应培训人数",
    "报名人数",
    "完成人数",
    "完成率(%)",
    "参考人数",
    "合格人数",
    "合格率(%)",
    "逾期人数",
    "人均学时",
    "统计截止时间",
)
DISTRICT_HEADINGS = (
    "序号",
    "所属区",
    "机构数",
    "有人报名机构数",
    "覆盖率(%)",
    "应培训人数",
    "报名人数",
    "参训率(%)",
    "完成人数",
    "完成率(%)",
    "参考人数",
    "合格人数",
    "合格率(%)",
    "补考率(%)",
    "逾期人数",
    "人均学时",
    "统计截止时间",
)
PEOPLE_HEADINGS = (
    "序号",
    "姓名",
    "部门",
    "岗位",
    "课程代码",
    "课程名称",
    "状态",
    "已核验比例(%)",
    "报名日期",
    "截止日期",
    "逾期天数",
    "完成日期",
    "证书编号",
    "证书有效期至",
    "统计截止时间",
)
_WIDTHS = {"机构名称": 36, "统一社会信用代码": 22, "资质认定证书编号": 28, "课程名称": 32, "统计截止时间": 18}


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to be written, and how to count its lines before it is."""

    title: str
    headings: tuple[str, ...]
    rows: Callable[[], Iterator[list[Value]]]
    size: int
    as_of: datetime

    @property
    def widths(self) -> list[int]:
        """The width of each column, in characters."""
        return [_WIDTHS.get(heading, 12) for heading in self.headings]


def moment(at: datetime) -> str:
    """Return a moment as tables write it, in the time of Shanghai."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")


def _percent(rate: Rate) -> Value:
    return NOTHING if rate.percent is None else rate.percent


def _hours(counts: Counts) -> Value:
    """Return 人均学时 as a figure that a spreadsheet can count with."""
    return NOTHING if counts.hours_a_head is None else counts.hours_a_head


def _tail(counts: Counts, at: str) -> list[Value]:
    """Return the cells from 应培训人数 on, as the institutions' table has them."""
    return [
        counts.due_staff,
        counts.enrolled,
        counts.completed,
        _percent(counts.completion),
        counts.examined,
        counts.passed,
        _percent(counts.passing),
        counts.overdue,
        _hours(counts),
        at,
    ]


def institutions(part: rollups.Slice, show: str = "all", search: str = "") -> Table:
    """Return a line for each institution of the slice, and the total of exactly these."""
    rows = rollups.institutions(part, show, search)
    at = rollups.as_of(part) or timezone.now()

    def lines() -> Iterator[list[Value]]:
        counted = rollups.by_institution(part)
        numbers = _cma_numbers(part)
        written, whole = moment(at), Counts()
        for number, row in enumerate(rows.iterator(chunk_size=2000), start=1):
            counts = counted.get(row.pk, Counts())
            whole += counts
            yield [
                number,
                row.supervising_authority.short_name,
                row.name,
                row.uscc,
                "、".join(numbers.get(row.pk, [])),
                *_tail(counts, written),
            ]
        yield ["合计", "", "", "", "", *_tail(whole, written)]

    return Table("机构培训统计表", INSTITUTION_HEADINGS, lines, rows.count(), at)


def _cma_numbers(part: rollups.Slice) -> dict[int, list[str]]:
    numbers: dict[int, list[str]] = {}
    held = CmaCertificate.objects.filter(institution__in=part.institutions()).order_by("number")
    for institution_id, number in held.values_list("institution_id", "number"):
        numbers.setdefault(institution_id, []).append(number)
    return numbers


def authority_lines(
    part: rollups.Slice, authorities: Iterable[SupervisingAuthority]
) -> list[tuple[SupervisingAuthority, rollups.Line]]:
    """Return those of the authorities that supervise by themselves, each with its line. Two queries.

    Authorities without institutions are there too: nothing is a finding.
    """
    counted = rollups.by_authority(part)
    ordered = sorted(authorities, key=lambda row: (row.position, row.code))
    return [
        (row, counted.get(row.pk, rollups.EMPTY))
        for row in ordered
        if row.pk in counted or row.level in {"district", "special"}
    ]


def districts(part: rollups.Slice) -> Table:
    """Return a line for each authority of the slice, and their total."""
    within = authorities_in(part.scope).filter(path__startswith=part.path)
    pairs = authority_lines(part, within)
    at = rollups.as_of(part) or timezone.now()

    def lines() -> Iterator[list[Value]]:
        for number, (authority, line) in enumerate(pairs, start=1):
            yield [number, authority.short_name, *_district(line, moment(at))]
        yield ["合计", "", *_district(rollups.total([line for authority, line in pairs]), moment(at))]

    return Table("分区培训统计表", DISTRICT_HEADINGS, lines, len(pairs), at)


def _district(line: rollups.Line, at: str) -> list[Value]:
    counts = line.counts
    return [
        line.institutions,
        line.covered,
        _percent(line.coverage),
        counts.due_staff,
        counts.enrolled,
        _percent(counts.participation),
        counts.completed,
        _percent(counts.completion),
        counts.examined,
        counts.passed,
        _percent(counts.passing),
        _percent(counts.resitting),
        counts.overdue,
        _hours(counts),
        at,
    ]


STATE_WORDS = {
    "overdue": "逾期",
    "soon": "在学，即将到期",
    "active": "在学",
    "done": "已完成",
    "expiring": "已完成，证书即将到期",
    "expired": "证书已过期",
    "none": "未报名",
}


def people(
    *, scope: Scope, institution: Institution, today: date, supervised_only: bool, filters: dict[str, str]
) -> Table:
    """Return a line for each enrolment of the institution's present staff; nobody is left out."""
    now = timezone.now()
    found = board.board(scope=scope, institution=institution, today=today, supervised_only=supervised_only)
    chosen = found.filtered(**filters)
    titles = {column.course_id: column.title for column in found.columns}

    def lines() -> Iterator[list[Value]]:
        found.fill(chosen)
        number = 0
        for person in chosen:
            for cell in sorted(person.cells.values(), key=lambda cell: cell.code):
                number += 1
                yield [number, *_person(person, cell, titles.get(cell.course_id, cell.code)), moment(now)]
            if not person.cells:
                number += 1
                posts = "、".join(person.posts)
                blanks = [""] * 7
                yield [
                    number,
                    person.name,
                    person.department,
                    posts,
                    "",
                    "",
                    STATE_WORDS["none"],
                    *blanks,
                    moment(now),
                ]

    size = sum(max(1, len(person.cells)) for person in chosen)
    return Table("人员培训明细表", PEOPLE_HEADINGS, lines, size, now)


def _person(person: board.Person, cell: board.Cell, title: str) -> list[Value]:
    return [
        person.name,
        person.department,
        "、".join(person.posts),
        cell.code,
        title,
        STATE_WORDS[cell.state],
        cell.percent,
        cell.enrolled_on.isoformat(),
        cell.due_on.isoformat() if cell.due_on else "",
        cell.days if cell.state == "overdue" else "",
        cell.completed_on.isoformat() if cell.completed_on else "",
        cell.certificate,
        cell.valid_until.isoformat() if cell.valid_until else "",
    ]


def definitions() -> list[tuple[str, str]]:
    """Return what each figure means, as it stands under the tables and in every export."""
    return [
        (
            _("Due staff"),
            _("People with a post today whom an open training plan names, and whoever is enrolled."),
        ),
        (_("Coverage"), _("Institutions with at least one person enrolled ÷ institutions in scope.")),
        (_("Participation"), _("Enrolled ÷ due staff.")),
        (_("Completion rate"), _("Completed ÷ enrolled.")),
        (_("Pass rate"), _("Passed ÷ examined: whoever has a graded attempt.")),
        (_("Re-sits"), _("Examined twice or more ÷ examined.")),
        (_("Overdue"), _("The due day has passed and the course is not complete.")),
        (_("Hours each"), _("Credit hours earned ÷ enrolled; one hour is 45 minutes.")),
        (
            _("Of one year"),
            _("Enrolments begun in it; due staff also of the plans that run in it."),
        ),
        (_("Of one post"), _("People who hold the post today. Whoever holds two is in both.")),
        (
            _("Over several courses"),
            _("People are counted once for each course. — stands for a division by 0."),
        ),
    ]


def course_ids(choice: str) -> tuple[int, ...] | None:
    """Return the courses of a filter: "" all, "mandatory", or the code of one; an unknown code none."""
    if not choice:
        return None
    if choice == "mandatory":
        rows = Course.objects.filter(current__is_mandatory=True)
    else:
        rows = Course.objects.filter(code=choice.replace("\x00", ""))
    return tuple(rows.values_list("pk", flat=True))
