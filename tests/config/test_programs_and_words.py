"""What a setup puts beside the code: shims of programs, compiled words, hashed assets, pages of journeys."""

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import polib
import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from config import programs, words
from config.journeys import FACTS, STOPS, Stop
from config.static import StaticFiles
from tests.environment import ROOT


class TestShims:
    def test_node_and_npm_are_those_of_the_wheel_and_run(self, tmp_path: Path) -> None:
        programs.node(tmp_path)
        found = {name: (tmp_path / name).read_text() for name in ("node", "npm", "npx")}
        assert all(text.startswith("#!/bin/sh\nexec ") for text in found.values())
        version = subprocess.run(
            [str(tmp_path / "node"), "-p", "process.version + ' ' + process.argv.length", "a b"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert re.match(r"v\d+\.", version)

    def test_arguments_go_through_whole(self, tmp_path: Path) -> None:
        programs.node(tmp_path)
        odd = ["a b", "", "$HOME", "'", '"']
        answer = subprocess.run(
            [str(tmp_path / "node"), "-e", "console.log(JSON.stringify(process.argv.slice(1)))", "--", *odd],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert json.loads(answer) == odd

    def test_a_second_setup_writes_the_same(self, tmp_path: Path) -> None:
        programs.node(tmp_path)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        programs.node(tmp_path)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
        assert all(os.access(path, os.X_OK) for path in tmp_path.iterdir())


CATALOGUE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Lecture"\nmsgstr "%s"\n'


class TestWords:
    @pytest.fixture
    def room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A catalogue of a house of its own."""
        real = words.catalogues
        monkeypatch.setattr(words, "catalogues", lambda: real(tmp_path))
        path = tmp_path / "media" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True)
        path.write_text(CATALOGUE % "讲")
        return path

    def test_a_catalogue_is_compiled_beside_its_source(self, room: Path) -> None:
        words.main()
        assert {entry.msgid: entry.msgstr for entry in polib.mofile(str(room.with_suffix(".mo")))} == {
            "Lecture": "讲"
        }

    def test_what_is_up_to_date_is_left_alone_and_what_is_older_is_not(self, room: Path) -> None:
        words.main()
        compiled = room.with_suffix(".mo")
        compiled.write_bytes(b"mark")
        os.utime(compiled, (time.time() + 10, time.time() + 10))
        words.main()
        assert compiled.read_bytes() == b"mark"
        room.write_text(CATALOGUE % "课")
        os.utime(room, (time.time() + 20, time.time() + 20))
        words.main()
        assert [entry.msgstr for entry in polib.mofile(str(compiled))] == ["课"]

    def test_every_room_that_speaks_is_found(self) -> None:
        found = {path.relative_to(ROOT).parts[:-4] for path in words.catalogues()}
        for room in ("config", "media"):
            assert (room,) in found
        for app in ("people", "institutions", "exams", "learning", "reports", "certificates"):
            assert ("classroom", app) in found
        assert all("zh_Hans" in str(path) for path in words.catalogues())

    def test_a_compiled_word_is_what_a_reader_sees(self) -> None:
        from django.utils import translation

        catalogue = polib.pofile(str(ROOT / "config" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))
        plain = next(e for e in catalogue if e.msgstr and not e.msgid_plural and not e.msgctxt)
        with translation.override("zh-hans"):
            assert translation.gettext(plain.msgid) != ""


class TestAssets:
    def test_one_machine_compresses_only_what_learners_load(self, settings: Any, tmp_path: Path) -> None:
        settings.STATIC_ROOT = str(tmp_path)
        for name in ("build/site.css", "wagtailadmin/core.css"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("body { color: #1b6b5a }\n" * 200)
        paths = ["build/site.css", "wagtailadmin/core.css"]
        settings.EMBEDDED = True
        made = {name for name, _ in StaticFiles(location=str(tmp_path)).compress_files(paths)}
        assert made == {"build/site.css"}
        settings.EMBEDDED = False
        made = {name for name, _ in StaticFiles(location=str(tmp_path)).compress_files(paths)}
        assert made == set(paths)

    def test_every_entry_of_the_front_end_is_named_by_a_template_and_the_other_way_round(self) -> None:
        entries = {path.parent.name for path in ROOT.glob("*/static_src/*/index.ts")}
        entries |= {path.parent.name for path in ROOT.glob("*/*/static_src/*/index.ts")}
        named: set[str] = set()
        for top in ("config", "classroom", "courses", "media"):
            for path in [*(ROOT / top).rglob("*.html"), *(ROOT / top).rglob("*.py")]:
                named |= set(re.findall(r"build/([\w-]+)\.(?:js|css)", path.read_text()))
        assert named == entries


# In the place of what the demo tells.
FOUND = {
    **dict.fromkeys(re.findall(r'"(\w+)":', FACTS.split("json.dumps", 1)[1]), 1),
    **dict.fromkeys(("lesson", "reading"), "00000000-0000-4000-8000-000000000000"),
}


class TestJourneys:
    def test_every_stop_has_a_name_of_its_own(self) -> None:
        assert len({stop.name for stop in STOPS}) == len(STOPS)

    @pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
    def test_a_stop_leads_to_a_page_of_the_site(self, stop: Stop) -> None:
        address = stop.path.format(**FOUND).partition("?")[0]
        try:
            match = resolve(address)
        except Resolver404:
            pytest.fail(f"{address} leads nowhere")
        # What the tree of pages serves must be the home page, the catalogue or a course of the demo.
        if match.url_name == "wagtail_serve":
            assert address in {"/", "/courses/", "/courses/b1/"}

    def test_a_stop_asks_only_for_facts_that_are_told(self) -> None:
        told = set(re.findall(r'"(\w+)":', FACTS.split("json.dumps", 1)[1]))
        asked = {name for stop in STOPS for name in re.findall(r"{(\w+)}", stop.path)}
        assert asked == told

    def test_every_role_that_opens_a_page_has_an_account(self) -> None:
        from classroom.people.demo import DEMO_ACCOUNTS

        assert {stop.role for stop in STOPS} - {None} <= {account.key for account in DEMO_ACCOUNTS}

    @pytest.mark.django_db
    @pytest.mark.parametrize("stop", [stop for stop in STOPS if stop.role], ids=lambda stop: stop.name)
    def test_a_page_of_a_role_is_not_for_a_visitor(self, client: Client, stop: Stop) -> None:
        if stop.path in {"/", "/courses/b1/"}:
            pytest.skip("the same page, seen by a learner")
        response = client.get(stop.path.format(**FOUND))
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/?next=")
