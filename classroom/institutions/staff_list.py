"""What the rows of a staff list mean: columns by their usual names, each cell checked. No database."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from classroom.institutions.errors import EmptyFile, MissingColumns
from classroom.people.ids import normal_email, normal_mobile, normal_name

COLUMNS = {
    "name": ("姓名", "真实姓名", "人员姓名", "name"),
    "mobile": ("手机号", "手机", "手机号码", "联系电话", "移动电话", "mobile", "mobile number", "phone"),
    "email": ("邮箱", "电子邮箱", "电子邮件", "email", "e-mail"),
    "department": ("部门", "科室", "所在部门", "department"),
    "posts": ("岗位", "职务", "岗位名称", "post", "posts"),
    "started_on": ("入职日期", "到岗日期", "开始日期", "from", "start date"),
}
POSTS = {
    "top_manager": ("最高管理者", "top manager"),
    "technical_manager": ("技术负责人", "technical manager"),
    "quality_manager": ("质量负责人", "quality manager"),
    "authorised_signatory": ("授权签字人", "authorised signatory", "authorized signatory"),
    "tester": ("检测员", "检验员", "检验检测员", "检测人员", "tester"),
    "internal_auditor": ("内审员", "internal auditor"),
    "supervisor": ("监督员", "质量监督员", "supervisor"),
    "sample_custodian": ("样品管理员", "sample custodian"),
    "equipment_custodian": ("设备管理员", "equipment custodian"),
    "report_reviewer": (
        "报告编制人",
        "报告审核人",
        "报告编制/审核人",
        "报告审核员",
        "report writer or reviewer",
    ),
}
_POST_BY_WORD = {word: kind for kind, words in POSTS.items() for word in words}
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LONGEST_EMAIL = 254
_BETWEEN_POSTS = re.compile(r"[、，,;；|\n]+|(?<!编制)/")
# What programs write behind a day that has no time.
_MIDNIGHT = re.compile(r"[ T]00?:00(:00(\.0+)?)?$")
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")
# Nobody who works today began earlier; a year of two digits would be one of the first century.
_FIRST_YEAR = 1950

PROBLEMS: dict[str, str | Promise] = {
    "no_name": _("The name is missing."),
    "long_name": _("The name is longer than 64 characters."),
    "no_identifier": _("Neither a mobile number nor an e-mail address is given."),
    "bad_mobile": _("“%(value)s” is no mobile number: 11 digits, beginning with 13 to 19."),
    "bad_email": _("“%(value)s” is no e-mail address."),
    "twice": _("“%(value)s” stands in several rows of this file."),
    "unknown_post": _("“%(value)s” is no post that is known. Choose one of the template's."),
    "bad_day": _("“%(value)s” is no date. Write it like 2026-01-31."),
    "future_day": _("“%(value)s” is in the future."),
    "other_name": _("Somebody with another name signs in with “%(value)s”."),
    "two_people": _("The mobile number and the e-mail address belong to two people."),
    "elsewhere": _("This person works at another institution. An operator can move the person."),
    "closed": _("This account was closed."),
    "overlaps": _("This person worked here until %(value)s already. The first day must be later."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row; `value` is the cell it is about."""

    code: str
    value: str = ""

    @property
    def words(self) -> str:
        """What is wrong, in the reader's language."""
        return str(PROBLEMS[self.code]) % {"value": self.value}


@dataclass(slots=True)
class StaffRow:
    """A row of the list. `number` is that of the spreadsheet's line, the heading being 1."""

    number: int
    name: str
    mobile: str
    email: str
    department: str
    posts: list[str]
    started_on: date | None
    has_posts_column: bool
    problems: list[Problem] = field(default_factory=list)


def parse(rows: list[list[str]], today: date) -> list[StaffRow]:
    """Return the list's rows with what is wrong in each; empty rows are passed over, but counted.

    Raises `MissingColumns` where the heading names neither a name nor an identifier, `EmptyFile`
    where nothing follows it.
    """
    numbered = [(number, cells) for number, cells in enumerate(rows, start=1) if any(cells)]
    columns = _columns(numbered[0][1] if numbered else [])
    if "name" not in columns or not columns.keys() & {"mobile", "email"}:
        raise MissingColumns
    if len(numbered) == 1:
        raise EmptyFile
    found = [_row(number, cells, columns, today) for number, cells in numbered[1:]]
    _mark_repeated(found)
    return found


def _columns(heading: list[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, cell in enumerate(heading):
        word = cell.strip("*＊ ").casefold()
        for key, words in COLUMNS.items():
            if word in words:
                columns.setdefault(key, index)
    return columns


def _row(number: int, cells: list[str], columns: dict[str, int], today: date) -> StaffRow:
    def cell(key: str) -> str:
        index = columns.get(key)
        return cells[index].strip() if index is not None and index < len(cells) else ""

    row = StaffRow(
        number=number,
        name=normal_name(cell("name")),
        mobile=normal_mobile(cell("mobile")),
        email=normal_email(cell("email")),
        department=cell("department")[:64],
        posts=[],
        started_on=None,
        has_posts_column="posts" in columns,
    )
    if not row.name:
        row.problems.append(Problem("no_name"))
    elif len(row.name) > 64:
        row.problems.append(Problem("long_name"))
    if not row.mobile and not row.email:
        row.problems.append(Problem("no_identifier"))
    if row.mobile and not _MOBILE.fullmatch(row.mobile):
        row.problems.append(Problem("bad_mobile", row.mobile))
    if row.email and not _is_email(row.email):
        row.problems.append(Problem("bad_email", row.email))
    _read_posts(row, cell("posts"))
    _read_day(row, cell("started_on"), today)
    return row


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= _LONGEST_EMAIL


def _read_posts(row: StaffRow, text: str) -> None:
    for word in filter(None, (part.strip() for part in _BETWEEN_POSTS.split(text))):
        kind = _POST_BY_WORD.get(word.casefold())
        if kind is None:
            row.problems.append(Problem("unknown_post", word))
        elif kind not in row.posts:
            row.posts.append(kind)


def _read_day(row: StaffRow, text: str, today: date) -> None:
    if not text:
        return
    text = _MIDNIGHT.sub("", text)
    for form in _DAYS:
        if form == "%Y%m%d" and len(text) != 8:
            continue  # 2026115 may be two days
        try:
            row.started_on = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
            break
        except ValueError:
            continue
    if row.started_on is None or row.started_on.year < _FIRST_YEAR:
        row.started_on = None
        row.problems.append(Problem("bad_day", text))
    elif row.started_on > today:
        row.problems.append(Problem("future_day", text))


def _mark_repeated(rows: list[StaffRow]) -> None:
    counted = Counter(value for row in rows for value in {row.mobile, row.email} if value)
    for row in rows:
        for value in (row.mobile, row.email):
            if counted[value] > 1 and value:
                row.problems.append(Problem("twice", value))
