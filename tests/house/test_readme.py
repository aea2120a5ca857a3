"""Nothing in the README is untested: commands, settings, rooms and links."""

import re
import subprocess

import pytest

from tests.environment import ROOT

TEXT = (ROOT / "README.md").read_text()


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"\bmake ([a-z][a-z-]+)", TEXT)) - {"it"}
    assert {"run", "test", "lint", "help"} <= targets
    for target in targets:
        found = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert found.returncode == 0, f"make {target}: {found.stderr}"


def test_every_benchmark_is_a_command() -> None:
    for name in re.findall(r"make bench-([a-z]+)", TEXT):
        assert (ROOT / "config" / "management" / "commands" / f"bench_{name}.py").exists(), name


def test_every_setting_is_in_the_table_and_the_other_way_round() -> None:
    read = {
        name
        for path in [*(ROOT / "config" / "settings").glob("*.py"), ROOT / "config" / "env.py"]
        for name in re.findall(r'\b(?:text|flag|number|words|secret)\(\s*"([A-Z_]+)"', path.read_text())
    }
    table = TEXT.split("## Configuration")[1].split("## At scale")[0]
    rows = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([A-Z_]+)`", rows)) == read


def test_every_room_is_on_the_map() -> None:
    rooms = {
        str(path.parent.relative_to(ROOT))
        for path in ROOT.glob("*/*/apps.py")
        if path.parts[-3] in {"classroom", "courses"}
    }
    assert set(re.findall(r"\| \[((?:classroom|courses)/\w+)\]", TEXT)) == rooms


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)]+)\)", TEXT))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_the_picture_is_the_one_that_a_journey_writes() -> None:
    from tests.journeys import conftest

    (shown,) = re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT)
    assert ROOT / shown == conftest.FRONT_PAGE
    said = re.search(r"`(\w+)=yes pytest (tests/journeys/\w+\.py) -k\s+(\w+)`", TEXT)
    assert said
    assert f'os.environ.get("{said[1]}")' in (ROOT / "tests/journeys/conftest.py").read_text()
    named = rf"def test_\w*{said[3]}\w*\((?:(?!\ndef ).)*\.front_page\(\)"
    assert re.search(named, (ROOT / said[2]).read_text(), re.DOTALL), "the journey that writes it is selected"


def test_the_commands_at_scale_name_the_queues_in_use() -> None:
    from django.conf import settings

    queues = set(re.findall(r"worker -Q (\w+)", TEXT))
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert queues == routed | {settings.CELERY_TASK_DEFAULT_QUEUE}
