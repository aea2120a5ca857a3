"""Words, flags, numbers, folders and secrets from the environment."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from tests.environment import ROOT

needs_a_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


@pytest.mark.parametrize(
    ("given", "read"),
    [("a", "a"), ("  a b ", "a b"), ("", "other"), ("   ", "other"), ("0", "0")],
)
def test_an_empty_text_is_an_unset_one(monkeypatch: pytest.MonkeyPatch, given: str, read: str) -> None:
    monkeypatch.setenv("X_TEXT", given)
    assert env.text("X_TEXT", "other") == read


@pytest.mark.parametrize("word", ["1", "true", "TRUE", "Yes", "on", " yes "])
def test_words_that_mean_yes(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("X_FLAG", word)
    assert env.flag("X_FLAG", False) is True


@pytest.mark.parametrize("word", ["0", "false", "No", "OFF"])
def test_words_that_mean_no(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("X_FLAG", word)
    assert env.flag("X_FLAG", True) is False


@pytest.mark.parametrize("word", ["y", "2", "ja", "是", "yes please"])
def test_any_other_word_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("X_FLAG", word)
    with pytest.raises(ImproperlyConfigured, match=r"^X_FLAG is .*: write yes or no\.$"):
        env.flag("X_FLAG")


@pytest.mark.parametrize(("word", "number"), [("0", 0), (" 12 ", 12), ("007", 7), ("", 5), ("1_000", 1000)])
def test_whole_numbers(monkeypatch: pytest.MonkeyPatch, word: str, number: int) -> None:
    monkeypatch.setenv("X_NUMBER", word)
    assert env.number("X_NUMBER", 5) == number


@pytest.mark.parametrize("word", ["1.5", "20G", "1e3", "ten", "0x10"])
def test_what_is_no_whole_number_is_refused(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("X_NUMBER", word)
    with pytest.raises(ImproperlyConfigured, match=r"^X_NUMBER is .*: write a whole number\.$"):
        env.number("X_NUMBER", 5)


def test_no_amount_is_less_than_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_NUMBER", "-1")
    with pytest.raises(ImproperlyConfigured, match="cannot be less than 0"):
        env.number("X_NUMBER", 5)


@pytest.mark.parametrize(
    ("given", "found"),
    [("a,b", ["a", "b"]), (" a , b ,", ["a", "b"]), (",,", []), ("", ["x", "y"]), ("one", ["one"])],
)
def test_lists_have_no_blanks(monkeypatch: pytest.MonkeyPatch, given: str, found: list[str]) -> None:
    monkeypatch.setenv("X_WORDS", given)
    assert env.words("X_WORDS", "x, y") == found


def test_a_secret_is_for_its_owner_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "VAR", tmp_path)
    env.secret("X_SECRET")
    folder = tmp_path / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["x_secret"]
    assert (folder / "x_secret").stat().st_mode & 0o777 == 0o600


def test_two_secrets_are_two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "VAR", tmp_path)
    assert env.secret("X_ONE") != env.secret("X_TWO")


def test_a_given_secret_goes_before_a_kept_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "VAR", tmp_path)
    kept = env.secret("X_SECRET")
    monkeypatch.setenv("X_SECRET", "given")
    assert env.secret("X_SECRET") == "given"
    monkeypatch.delenv("X_SECRET")
    assert env.secret("X_SECRET") == kept


def test_processes_that_start_together_agree_on_one_secret(tmp_path: Path) -> None:
    script = "from config import env; print(env.secret('X_SECRET'))"
    environment = {**os.environ, "VAR_DIR": str(tmp_path)}

    def start(_: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    with ThreadPoolExecutor(3) as pool:
        found = set(pool.map(start, range(3)))
    assert len(found) == 1
    assert len(found.pop().strip()) >= 48
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["x_secret"]


def test_an_empty_secret_is_never_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "VAR", tmp_path)
    env.secret("X_SECRET")
    (tmp_path / "secrets" / "x_secret").write_text("\n")
    with pytest.raises(ImproperlyConfigured, match="x_secret is empty: put the secret back"):
        env.secret("X_SECRET")


def test_an_empty_secret_in_a_cluster_is_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "EMBEDDED", False)
    monkeypatch.setenv("X_SECRET", "   ")
    with pytest.raises(ImproperlyConfigured, match="X_SECRET is not set"):
        env.secret("X_SECRET")


def test_a_secret_in_a_cluster_touches_no_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "VAR", tmp_path / "nowhere")
    monkeypatch.setattr(env, "EMBEDDED", False)
    monkeypatch.setenv("X_SECRET", "given")
    assert env.secret("X_SECRET") == "given"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_the_way_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("in the way")
    monkeypatch.setattr(env, "VAR", tmp_path)
    with pytest.raises(ImproperlyConfigured, match=r"cannot be used .* VAR_DIR="):
        env.secret("X_SECRET")
    with pytest.raises(ImproperlyConfigured, match=r"cannot be used .* VAR_DIR="):
        env.own_folder(tmp_path / "secrets" / "deeper")


def test_a_folder_is_made_with_all_above_it_and_again_without_harm(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    assert env.own_folder(folder) == folder
    (folder / "kept").write_text("x")
    assert env.own_folder(folder) == folder
    assert (folder / "kept").read_text() == "x"


@needs_a_user
def test_a_folder_that_may_not_be_written_says_so_at_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(ImproperlyConfigured, match="Permission denied"):
        env.own_folder(tmp_path)
    tmp_path.chmod(0o755)


def test_a_folder_of_somebody_else_is_refused_to_a_plain_user(tmp_path: Path) -> None:
    """The same as above for a run as root, in a process that gives its rights away."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    inner = tmp_path / "var"
    inner.mkdir(mode=0o755)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from config import env\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        f"env.own_folder(Path({str(inner)!r}))"
    )
    tmp_path.chmod(0o755)
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "ImproperlyConfigured" in found.stderr
    assert "cannot be used (Permission denied)" in found.stderr or "VAR_DIR" in found.stderr
