"""`manage.py serve`: refuses in words, holds its folder, tells its address, and starts what is needed."""

import fcntl
import http.server
import io
import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from classroom.people.demo import DEMO_ACCOUNTS, DEMO_PASSWORD
from config import engines
from config.management.commands import serve
from config.stack import free_port
from config.supervisor import Supervisor

DOWN = {"ok": False, "engines": {"database": {"ok": True, "detail": "sqlite"}, "worker": {"ok": False, "detail": "no worker serves: media"}}}  # fmt: skip
WELL = {"ok": True, "engines": {"database": {"ok": True, "detail": "sqlite"}, "worker": {"ok": True, "detail": "default, media"}}}  # fmt: skip


@pytest.fixture
def command(settings: Any, tmp_path: Path) -> serve.Command:
    settings.VAR = tmp_path / "var"
    found = serve.Command(stdout=io.StringIO())
    found.begin = time.monotonic()
    return found


def said(command: serve.Command) -> str:
    return str(command.stdout._out.getvalue())


class TestRefusals:
    def test_a_taken_port_is_named_with_another_one(self, command: serve.Command) -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            with pytest.raises(
                CommandError, match=rf"^Port {port} is taken\. Choose another: PORT=8080 make run$"
            ):
                command._claim(port)

    def test_the_other_port_is_another_one(
        self, monkeypatch: pytest.MonkeyPatch, command: serve.Command
    ) -> None:
        def taken(*args: object) -> None:
            raise OSError(98, "in use")

        monkeypatch.setattr(socket.socket, "bind", taken)
        with pytest.raises(CommandError, match="PORT=8090"):
            command._claim(8080)

    def test_a_port_of_the_system_is_not_called_taken(
        self, monkeypatch: pytest.MonkeyPatch, command: serve.Command
    ) -> None:
        def refused(*args: object) -> None:
            raise PermissionError(13, "no")

        monkeypatch.setattr(socket.socket, "bind", refused)
        with pytest.raises(CommandError, match="Port 80 is kept for the system"):
            command._claim(80)

    @pytest.mark.parametrize("port", [0, -1, 65536, 99999])
    def test_what_is_no_port_is_refused(self, command: serve.Command, port: int) -> None:
        with pytest.raises(CommandError, match=f"^{port} is no port"):
            command._claim(port)

    def test_a_port_that_was_in_use_a_moment_ago_is_free(self, command: serve.Command) -> None:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", 0))
            server.listen()
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):
                server.accept()[0].close()
        command._claim(port)

    def test_nothing_is_started_where_the_port_is_taken(
        self, command: serve.Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[object] = []
        monkeypatch.setattr(Supervisor, "start", lambda self, program: started.append(program))
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            with pytest.raises(CommandError, match="is taken"):
                call_command(command, port=holder.getsockname()[1])
        assert started == []

    def test_no_broker_at_all_says_what_to_do(
        self, command: serve.Command, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
        monkeypatch.setattr(engines, "redis_server", lambda: None)
        with pytest.raises(CommandError, match="set BROKER_URL, or install redis-server"):
            command._programs(8000, False)


class TestTheFolder:
    def test_a_second_start_is_told_where_the_first_one_is(self, command: serve.Command) -> None:
        other = serve.Command(stdout=io.StringIO())
        with command._lock(8123), pytest.raises(CommandError) as caught, other._lock(8124):
            pass
        assert f"at http://127.0.0.1:8123 (process {os.getpid()})" in str(caught.value)
        assert "VAR_DIR=" in str(caught.value)
        assert "PORT=" in str(caught.value)

    def test_the_refused_one_does_not_spoil_what_the_first_one_wrote(self, command: serve.Command) -> None:
        with command._lock(8123):
            for _ in range(2):
                with pytest.raises(CommandError, match=r"127\.0\.0\.1:8123"), serve.Command()._lock(9999):
                    pass

    def test_the_folder_is_free_after_the_end_and_after_a_kill(
        self, command: serve.Command, settings: Any
    ) -> None:
        with command._lock(8123):
            pass
        path = Path(settings.VAR) / "run" / "serve.lock"
        script = (
            "import fcntl, os, time\n"
            f"lock = open({str(path)!r}, 'a')\n"
            "fcntl.flock(lock, fcntl.LOCK_EX)\n"
            "print('held', flush=True); time.sleep(60)"
        )
        holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(CommandError, match="already runs"), command._lock(8123):
            pass
        holder.kill()
        holder.wait()
        with command._lock(8124):
            assert path.read_text().startswith("http://127.0.0.1:8124 ")

    def test_what_an_earlier_run_wrote_is_replaced_whole(self, command: serve.Command, settings: Any) -> None:
        path = Path(settings.VAR) / "run" / "serve.lock"
        path.parent.mkdir(parents=True)
        path.write_text("http://127.0.0.1:65000 (process 4194304) and a long tail")
        with command._lock(80):
            assert path.read_text() == f"http://127.0.0.1:80 (process {os.getpid()})"

    def test_a_process_that_it_starts_does_not_hold_the_folder(
        self, command: serve.Command, settings: Any
    ) -> None:
        with command._lock(8123):
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
        try:
            with (Path(settings.VAR) / "run" / "serve.lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            child.kill()
            child.wait()

    def test_a_file_where_the_folder_should_be_is_told(self, command: serve.Command, settings: Any) -> None:
        Path(settings.VAR).parent.mkdir(exist_ok=True)
        Path(settings.VAR).write_text("in the way")
        with pytest.raises(ImproperlyConfigured, match="cannot be used"), command._lock(8123):
            pass


class TestPrograms:
    @pytest.fixture(autouse=True)
    def machine(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
        """Settings of one machine with nothing of its own, whatever engines the tests run on."""
        at = tmp_path / "run" / "redis.sock"
        found = SimpleNamespace(
            BROKER_SOCKET=at,
            CELERY_BROKER_URL=f"redis+socket://{at}?virtual_host=0",
            CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        )
        monkeypatch.setattr(serve, "settings", found)
        return found

    def test_one_machine_gets_a_broker_first_and_the_demo_last(self, command: serve.Command) -> None:
        names = [program.name for program in command._programs(8123, True)]
        assert names == ["broker", "web", "worker", "encoder", "scheduler", "demo"]
        assert [p.name for p in command._programs(8123, False)][-1] == "scheduler"

    def test_only_the_broker_is_what_others_stand_on_and_only_the_demo_ends_by_itself(
        self, command: serve.Command
    ) -> None:
        programs = command._programs(8123, True)
        assert [program.name for program in programs if program.is_ground] == ["broker"]
        assert [program.name for program in programs if program.is_task] == ["demo"]

    def test_all_processes_of_one_machine_share_one_cache(
        self, command: serve.Command, machine: SimpleNamespace
    ) -> None:
        for program in command._programs(8123, True):
            assert program.environment["CACHE_URL"] == f"unix://{machine.BROKER_SOCKET}?db=1"
            assert program.environment["PORT"] == "8123"

    def test_a_cache_that_was_given_is_kept(self, command: serve.Command, machine: SimpleNamespace) -> None:
        machine.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
        assert all("CACHE_URL" not in program.environment for program in command._programs(8123, False))

    def test_a_broker_that_was_given_is_used_and_none_started(
        self, command: serve.Command, machine: SimpleNamespace
    ) -> None:
        machine.CELERY_BROKER_URL = "redis://broker.example/0"
        programs = command._programs(8123, False)
        assert [program.name for program in programs] == ["web", "worker", "encoder", "scheduler"]
        assert all("CACHE_URL" not in program.environment for program in programs)

    def test_each_queue_has_a_worker_of_its_own(self, command: serve.Command, settings: Any) -> None:
        queues = {}
        for program in command._programs(8123, False):
            words = list(program.command)
            if "-Q" in words:
                queues[words[words.index("-Q") + 1]] = program.name
        routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
        assert queues == {"default": "worker", "media": "encoder"}
        assert set(queues) == routed | {settings.CELERY_TASK_DEFAULT_QUEUE}

    def test_the_site_listens_on_loopback_only(self, command: serve.Command) -> None:
        web = next(p for p in command._programs(8123, False) if p.name == "web")
        words = list(web.command)
        assert words[words.index("--bind") + 1] == "127.0.0.1:8123"
        assert "--no-control-socket" in words

    def test_a_worker_has_longer_to_end_than_a_page(self, command: serve.Command) -> None:
        grace = {program.name: program.grace_s for program in command._programs(8123, False)}
        assert grace["worker"] == grace["encoder"] >= 30 > grace["web"] >= 10

    def test_a_socket_that_a_dead_broker_left_is_cleared_away(
        self, command: serve.Command, machine: SimpleNamespace
    ) -> None:
        machine.BROKER_SOCKET.parent.mkdir()
        machine.BROKER_SOCKET.write_text("")
        command._programs(8123, False)
        assert not machine.BROKER_SOCKET.exists()
        assert stat.S_ISDIR(machine.BROKER_SOCKET.parent.stat().st_mode)

    def test_a_folder_of_another_user_is_no_place_for_the_broker(
        self, command: serve.Command, machine: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("config.engines.os.getuid", lambda: 4_000_000)
        with pytest.raises(ImproperlyConfigured, match="belongs to another user"):
            command._programs(8123, False)

    def test_a_broker_that_does_not_come_up_is_told_with_its_log(
        self, command: serve.Command, machine: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        with pytest.raises(CommandError, match=str(machine.BROKER_SOCKET.parent / "redis.log")):
            command._await_broker()


@pytest.fixture
def site() -> Iterator[dict[str, Any]]:
    """A site whose `/healthz` answers what the test says."""
    state: dict[str, Any] = {"found": WELL, "asked": 0}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["asked"] += 1
            found = state["found"]
            if isinstance(found, list):
                found = found.pop(0) if len(found) > 1 else found[0]
            self.send_response(200 if found["ok"] else 503)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *args: object) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state["port"] = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


class TestAnnouncement:
    def announce(self, command: serve.Command, port: int, **options: Any) -> None:
        supervisor = Supervisor([], command.say)
        threading.Timer(options.pop("stop_after", 20), supervisor.stopping.set).start()
        command._announce(supervisor, port, {"demo": False, "ready_file": "", **options})

    def test_the_address_is_told_when_every_engine_answers(
        self, command: serve.Command, site: dict[str, Any], tmp_path: Path
    ) -> None:
        ready = tmp_path / "ready"
        self.announce(command, site["port"], ready_file=str(ready))
        assert f"http://127.0.0.1:{site['port']}" in said(command)
        assert "worker    ok  default, media" in said(command)
        assert "DOWN" not in said(command)
        assert ready.read_text() == str(site["port"])

    def test_nobody_is_told_an_address_before_that(
        self, command: serve.Command, site: dict[str, Any], tmp_path: Path
    ) -> None:
        site["found"] = DOWN
        ready = tmp_path / "ready"
        self.announce(command, site["port"], ready_file=str(ready), stop_after=0.3)
        assert said(command) == ""
        assert not ready.exists()

    def test_what_is_late_is_named_and_the_rest_follows(
        self, command: serve.Command, site: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(serve, "_PATIENCE_S", 0)
        site["found"] = [DOWN, WELL]
        self.announce(command, site["port"])
        before, _, after = said(command).partition("检验检测云课堂")
        assert "not everything answers yet" in before
        assert "worker    DOWN  no worker serves: media" in before
        assert f"http://127.0.0.1:{site['port']}" in after

    def test_a_site_that_does_not_answer_at_all_is_named_too(
        self, command: serve.Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(serve, "_PATIENCE_S", 0)
        self.announce(command, free_port(), stop_after=1.2)
        assert "web       DOWN  does not answer" in said(command)

    def test_the_demo_tells_an_account_for_each_role(
        self, command: serve.Command, site: dict[str, Any]
    ) -> None:
        self.announce(command, site["port"], demo=True)
        for account in DEMO_ACCOUNTS:
            assert account.email in said(command)
        assert DEMO_PASSWORD in said(command)

    def test_without_the_demo_no_password_is_printed(
        self, command: serve.Command, site: dict[str, Any]
    ) -> None:
        self.announce(command, site["port"])
        assert DEMO_PASSWORD not in said(command)


def test_a_terminal_that_is_gone_does_not_end_the_platform(command: serve.Command) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    serve.Command(stdout=Gone()).say("nobody reads this")


def in_a_process_of_its_own(work: Callable[[], object]) -> threading.Thread:
    """Run with a connection of its own, as another machine would; the work closes it."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.mark.django_db
class TestMigrations:
    def test_a_database_that_is_up_to_date_is_left_alone(self, command: serve.Command) -> None:
        in_a_process_of_its_own(command._migrate).join(20)
        assert said(command) == ""

    def test_who_stops_it_meanwhile_is_told_that_nothing_is_lost(
        self, command: serve.Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stopped() -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(command, "_migrate", stopped)
        with pytest.raises(CommandError, match="the next start goes on"):
            call_command(command, port=free_port())

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL is shared by machines")
    def test_machines_that_start_together_wait_for_each_other(self, command: serve.Command) -> None:
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [serve._MIGRATING])
            waiting = in_a_process_of_its_own(command._migrate)
            waiting.join(0.8)
            assert waiting.is_alive()
            other.close()
            waiting.join(20)
            assert not waiting.is_alive()
        finally:
            other.close()

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL is shared by machines")
    def test_the_lock_is_given_back(self, command: serve.Command) -> None:
        in_a_process_of_its_own(command._migrate).join(20)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [serve._MIGRATING])
            assert cursor.fetchone() == (True,)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [serve._MIGRATING])
