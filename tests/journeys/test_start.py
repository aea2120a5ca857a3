"""The end and the next start: nothing is left behind, and nothing that was there is gone."""

import time

import psutil
import pytest

from config.stack import Stack
from tests.journeys.stage import inside

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def processes_of(stack: Stack) -> list[str]:
    """Return every process of this machine that works on the platform's folder, whoever its parent is by now."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        try:
            if process.environ().get("VAR_DIR") == str(stack.folder):
                found.append(f"{process.pid}: {' '.join(process.info['cmdline'] or [])[:120]}")
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def test_ctrl_c_leaves_no_process_and_the_next_start_has_everything(stack: Stack) -> None:
    before = inside(stack, "kept")
    assert all(before)
    assert len(processes_of(stack)) >= 6, "broker, web, worker, encoder, scheduler and who minds them"
    begin = time.monotonic()
    assert stack.stop() == 0
    ended = time.monotonic() - begin
    assert processes_of(stack) == []
    assert stack.health() == (0, {}), "the port is free again"

    stack.start()
    assert ended < 60
    assert inside(stack, "kept") == before
    assert {engine["ok"] for engine in stack.health()[1]["engines"].values()} == {True}
