"""The shape of the house: lengths, names that hide subjects, marks of unfinished work."""

import ast
import re
from pathlib import Path

import pytest

from tests.environment import ROOT

ROOMS = ("config", "classroom", "courses", "media")
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "misc.py"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|lorem ipsum)\b|coming soon", re.I)
LONGEST_FILE = 400
LONGEST_FUNCTION = 50


def code_files(*suffixes: str) -> list[Path]:
    """Return the files of the rooms with these endings, migrations left out."""
    return sorted(
        path
        for top in ROOMS
        for path in (ROOT / top).rglob("*")
        if path.suffix in suffixes and not {"migrations", "node_modules", "locale"} & set(path.parts)
    )


def test_no_file_is_longer_than_it_should_be() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in code_files(".py", ".ts", ".html")
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE + 50
    }
    assert long == {}


def test_no_sheet_of_the_shell_is_longer_than_it_should_be() -> None:
    sheets = sorted((ROOT / "config" / "static_src").rglob("*.css"))
    assert sheets
    assert [path.name for path in sheets if len(path.read_text().splitlines()) > LONGEST_FILE] == []


def test_every_sheet_of_the_shell_is_loaded_once() -> None:
    folder = ROOT / "config" / "static_src" / "site"
    loaded = re.findall(r'@import "\./([\w.]+)";', (folder / "index.css").read_text())
    assert sorted(loaded) == sorted(path.name for path in folder.glob("*.css") if path.name != "index.css")


def test_few_functions_are_long() -> None:
    lengths = [
        (node.end_lineno - node.lineno, f"{path.relative_to(ROOT)}:{node.name}")
        for path in code_files(".py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    long = sorted((item for item in lengths if item[0] > LONGEST_FUNCTION), reverse=True)
    assert len(long) <= 0.02 * len(lengths), long
    assert [item for item in long if item[0] > 90] == []


def test_no_drawer_for_everything() -> None:
    assert [path for path in code_files(".py") if path.name in FORBIDDEN_NAMES] == []


def test_nothing_is_left_unfinished() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in code_files(".py", ".ts", ".html", ".css")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert found == []


def test_scoped_rows_are_not_read_around_the_scope() -> None:
    """`Model.rows` belongs to Django's internals; code says for whom it reads."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in code_files(".py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\b[A-Z]\w+\.rows\.", line)
    ]
    assert found == []


def test_only_one_place_reads_the_environment() -> None:
    # The others set a default before Django reads it, or hand the environment on to a process.
    allowed = {
        "config/env.py",
        "config/programs.py",
        "config/supervisor.py",
        "config/stack.py",
        "config/celery.py",
        "config/wsgi.py",
        "config/asgi.py",
        "config/management/commands/bench_heartbeat.py",
        "config/management/commands/bench_loop.py",
        "config/management/commands/bench_media.py",
        "config/management/commands/bench_pages.py",
        "config/management/commands/bench_storage.py",
        "media/ffmpeg.py",
    }
    found = {
        str(path.relative_to(ROOT))
        for path in code_files(".py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    }
    assert found <= allowed


def test_suppressions_carry_a_code_and_a_reason() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in code_files(".py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"#\s*noqa(?!: [A-Z]+\d+(, ?[A-Z]+\d+)* - \S)", line)
        or re.search(r"#\s*type:\s*ignore(?!\[)", line)
    ]
    assert bare == []


@pytest.mark.parametrize(
    "room", sorted(path.parent for path in ROOT.glob("c*/*/apps.py") if "config" not in str(path))
)
def test_every_room_says_what_lives_there(room: Path) -> None:
    readme = room / "README.md"
    assert readme.exists()
    assert 5 <= len(readme.read_text().splitlines()) <= 80


def test_tests_are_as_long_as_the_code() -> None:
    def lines(paths: list[Path]) -> int:
        return sum(len(path.read_text().splitlines()) for path in paths)

    tests = [path for suffix in ("*.py", "*.ts") for path in (ROOT / "tests").rglob(suffix)]
    assert lines(tests) >= lines(code_files(".py", ".ts"))


def test_no_script_of_a_page_is_imported_by_another() -> None:
    """Pages load entries under hashed names; imported from a chunk under its plain name, one would run twice."""
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in code_files(".ts")
        for line in path.read_text().splitlines()
        if re.search(r"from '\.\.?/.*/index\.ts'|from '\./index\.ts'", line)
    ]
    assert found == []
