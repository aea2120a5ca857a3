"""What the README promises a newcomer: defaults, forms of settings, commands and what they print."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from config import env
from config.management.commands import serve
from tests.environment import ROOT

TEXT = (ROOT / "README.md").read_text()
TABLE = TEXT.split("## Configuration")[1].split("## At scale")[0]
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    for line in TABLE.splitlines()
    if line.startswith("| `")
]
UNITS = {"GiB": 1024**3, "MiB": 1024**2}


def row_of(name: str) -> tuple[str, str]:
    """Return what the table says of a setting: unset, and at scale."""
    for names, unset, scale in ROWS:
        if f"`{name}`" in names:
            return unset, scale
    raise AssertionError(f"{name} is not in the table")


def test_every_row_has_three_cells() -> None:
    assert [row for row in ROWS if len(row) != 3] == []
    assert len(ROWS) >= 15


def number(words: str) -> int:
    """Return `20 GiB` as bytes, `none` as 0, and any other number as it stands."""
    if words == "none":
        return 0
    value, _, unit = words.partition(" ")
    return int(value) * UNITS.get(unit, 1)


@pytest.mark.parametrize(
    "names",
    [
        "MAX_UPLOAD_BYTES TENANT_QUOTA_BYTES",
        "UPLOAD_LIFETIME_DAYS UPLOAD_IDLE_SECONDS SPOOL_RESERVE_BYTES",
        "LECTURE_BIN_DAYS",
        "EVIDENCE_PLAIN_DAYS",
        "EVIDENCE_PARTITION_ENROLMENTS",
        "PORT",
    ],
)
def test_defaults_are_those_that_the_code_takes(names: str) -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "config" / "settings").glob("*.py"))
    said = [words.strip() for words in row_of(names.split()[0])[0].split(",")]
    for name, words in zip(names.split(), said, strict=False):
        found = re.search(rf'number\("{name}", ([\d *]+)\)', code)
        assert found, f"{name} has no default in the settings"
        default = 1
        for factor in re.sub(r"(\d+)\s*\*\*\s*(\d+)", lambda m: str(int(m[1]) ** int(m[2])), found[1]).split(
            "*"
        ):
            default *= int(factor)
        assert default == number(words), name


FORMS = {
    "DATABASE_URL": env.database,
    "BROKER_URL": env.broker,
    "CACHE_URL": env.cache,
    "STORAGE_URL": env.storage,
    "EMAIL_URL": env.email,
}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_each_form_that_is_shown_is_understood(name: str) -> None:
    shown = re.findall(r"`([a-z0-9+]+://[^`]+)`", row_of(name)[1])
    assert shown
    for url in shown:
        FORMS[name](url.replace("https://…", "https://s3.example").replace("…", "x"))


@pytest.mark.parametrize("name", ["SECRET_KEY", "PLAYBACK_KEY", "PSEUDONYM_KEY", "EVIDENCE_KEY"])
def test_secrets_are_made_once_and_required_at_scale(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unset, scale = row_of(name)
    assert "var/secrets" in unset
    assert scale.startswith("required")
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(env, "VAR", tmp_path)
    env.secret(name)
    assert (tmp_path / "secrets" / name.lower()).exists()


def test_the_address_that_is_promised_is_the_one_that_is_printed() -> None:
    assert "http://127.0.0.1:8000" in TEXT
    command = serve.Command()
    parser = command.create_parser("manage.py", "serve")
    assert {action.dest for action in parser._actions} >= {"port", "demo", "ready_file"}
    assert "PORT=8080 make run" in TEXT


def test_an_account_for_each_role_is_printed_as_promised() -> None:
    assert "a demo account for each role" in re.sub(r"\s+", " ", TEXT)
    text = serve.accounts()
    assert len(re.findall(r"\w+@demo\.example", text)) == 7


def test_the_engines_of_healthz_are_those_that_it_tells() -> None:
    from config import health

    said = re.search(r"`GET /healthz` tells the state of ([\w, ]+)\.", TEXT)
    assert said
    assert re.split(r", | and ", said[1]) == list(health.ENGINES)


class TestAtScale:
    COMMANDS = re.findall(r"^    ((?:gunicorn|celery) .+)$", TEXT, re.M)

    def test_there_is_one_for_each_kind_of_process(self) -> None:
        assert len(self.COMMANDS) == 4

    def test_gunicorn_takes_its_line(self) -> None:
        from gunicorn.config import Config

        words = shlex.split(next(line for line in self.COMMANDS if line.startswith("gunicorn")))
        parsed = Config().parser().parse_args(words[1:])
        assert parsed.args == ["config.wsgi:application"]
        assert parsed.threads == 8
        from config import wsgi

        assert callable(wsgi.application)

    @pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("celery")])
    def test_celery_takes_its_line(self, line: str) -> None:
        words = shlex.split(line)
        found = subprocess.run(
            [*words, "--help"], cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stderr
        assert "Usage: celery" in found.stdout


class TestMake:
    MAKEFILE = (ROOT / "Makefile").read_text()

    def made(self, *arguments: str, **variables: str) -> str:
        return subprocess.run(
            ["make", *arguments],
            cwd=ROOT,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def test_help_tells_every_target_that_a_person_may_want(self) -> None:
        told = self.made("help")
        phony = re.search(r"^\.PHONY: (.+)$", self.MAKEFILE, re.M)
        assert phony
        for target in set(phony[1].split()) - {"setup", "setup-dev", "ci"}:
            assert f"make {target} " in told or target == "help", target

    def test_every_phony_target_has_a_rule(self) -> None:
        phony = re.search(r"^\.PHONY: (.+)$", self.MAKEFILE, re.M)
        assert phony
        assert [name for name in phony[1].split() if not re.search(rf"^{name}:", self.MAKEFILE, re.M)] == []

    def test_the_port_reaches_the_command(self) -> None:
        assert "serve --demo --port 8123" in self.made("-n", "run", PORT="8123")
        assert "serve --demo --port 8000" in self.made("-n", "run", PORT="8000")

    def test_cleaning_keeps_the_data(self) -> None:
        removed = shlex.split(self.made("-n", "clean"))
        assert "var" not in removed
        assert not [
            word for word in removed if word.startswith("var/") and word not in {"var/build", "var/static"}
        ]

    def test_packages_are_taken_only_with_their_hashes(self) -> None:
        for line in self.MAKEFILE.splitlines():
            if "pip install" in line and "-r" in line:
                assert "--require-hashes" in line
        for name in ("requirements.txt", "tests/requirements.txt"):
            pinned = re.findall(r"^([a-z0-9][\w.\[\]-]*)==", (ROOT / name).read_text(), re.M | re.I)
            hashes = (ROOT / name).read_text().count("--hash=sha256:")
            assert len(pinned) >= 10
            assert hashes >= len(pinned)

    def test_a_failed_download_says_what_to_do(self) -> None:
        for line in re.findall(r"(?:uv pip install|NPM_CI\)).*(?:\\\n.*)*", self.MAKEFILE):
            if "NPM_CI :=" not in line:
                assert "$(OFFLINE)" in line, line


def test_what_is_ignored_is_never_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kept: list[Any] = [
        name
        for name in listed.splitlines()
        if name.startswith(("var/", "node_modules/", ".venv/")) or name.endswith((".pyc", ".mo", ".sqlite3"))
    ]
    assert kept == []
