"""`manage.py serve`: everything that one machine needs, in one process tree."""

import contextlib
import fcntl
import json
import os
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor

from classroom.people.demo import DEMO_ACCOUNTS, DEMO_PASSWORD
from config import engines, env
from config.supervisor import Program, Supervisor, python

# A number of this command's own among the advisory locks of the database.
_MIGRATING = 0x6D696772
# How often a machine that starts asks whether another has done with the database.
_TURN_S = 0.3
# How long engines may take before it is said which one does not answer.
_PATIENCE_S = 60


def accounts() -> str:
    """Return the demo's accounts, one a role, as they are printed at the start."""
    lines = [f"    {account.email:24} {account.role}" for account in DEMO_ACCOUNTS]
    return "\n".join(
        [
            f"  Sign in as one of these, each with the password {DEMO_PASSWORD}:",
            *lines,
            "",
            "  On the first start the courses appear one by one, the last line is `the demo is whole`. Ctrl-C ends it.",
            "",
        ]
    )


class Command(BaseCommand):
    """Prepares the data, then runs broker, web, worker, encoder and scheduler until Ctrl-C."""

    help = "Run the whole platform on this machine."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port and whether to fill in the demo."""
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--demo", action="store_true", help="fill in the demo where it is missing")
        parser.add_argument("--ready-file", default="", help="written when all engines answer")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; raise `CommandError` where another one runs or the port is taken."""
        self.begin = time.monotonic()
        port = options["port"]
        with self._lock(port):
            self._claim(port)
            try:
                self._migrate()
            except KeyboardInterrupt:
                raise CommandError(
                    "Stopped while the database was prepared; the next start goes on."
                ) from None
            programs = self._programs(port, options["demo"])
            supervisor = Supervisor(programs, self.say)
            supervisor.listen()
            code = self._run(supervisor, port, options)
        if code == 0:
            self.say("stopped. Everything is kept; `make run` goes on from here.")
        sys.exit(code)

    def say(self, line: str) -> None:
        """Print one line at once. Where nobody reads any more the platform goes on all the same."""
        with contextlib.suppress(OSError):
            self.stdout.write(line)
            self.stdout.flush()

    def _run(self, supervisor: Supervisor, port: int, options: dict[str, Any]) -> int:
        try:
            for program in supervisor.programs:
                supervisor.start(program)
                if program.name == "broker":
                    self._await_broker()
        except BaseException:
            supervisor.stop()
            raise
        # Beside the supervisor, which restarts what crashes and hears Ctrl-C from the first moment.
        threading.Thread(target=self._announce, args=(supervisor, port, options), daemon=True).start()
        return supervisor.run()

    @contextlib.contextmanager
    def _lock(self, port: int) -> Iterator[None]:
        """Hold the folder; the lock ends with this process, however that ends."""
        path = env.own_folder(Path(settings.VAR) / "run") / "serve.lock"
        with path.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                where = lock.read().strip() or "an address of its own"
                raise CommandError(
                    f"It already runs from this folder, at {where}. End that one first, "
                    "or give this one a folder and a port: VAR_DIR=var/second PORT=8001 make run"
                ) from error
            lock.truncate(0)
            lock.write(f"http://127.0.0.1:{port} (process {os.getpid()})")
            lock.flush()
            yield

    @staticmethod
    def _claim(port: int) -> None:
        other = "Choose another: PORT=8080 make run" if port != 8080 else "Choose another: PORT=8090 make run"
        if not 0 < port < 65536:
            raise CommandError(f"{port} is no port. Choose one from 1024 to 65535: PORT=8080 make run")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except PermissionError as error:
                raise CommandError(f"Port {port} is kept for the system. {other}") from error
            except OSError as error:
                raise CommandError(f"Port {port} is taken. {other}") from error

    def _migrate(self) -> None:
        """Bring the database up to date; several machines that start at once do it one after another."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # Asked again and again: a migration that makes an index beside the running platform waits for
                # every statement that has begun, also for one that waits for the lock.
                while not self._may_migrate(cursor):
                    time.sleep(_TURN_S)
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if plan:
                self.say(f"preparing the database ({len(plan)} steps)")
                call_command("migrate", verbosity=0)
        # The lock goes with the connection.
        connection.close()

    @staticmethod
    def _may_migrate(cursor: CursorWrapper) -> bool:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_MIGRATING])
        return bool(cursor.fetchone()[0])

    def _programs(self, port: int, demo: bool) -> list[Program]:
        celery = python("-m", "celery", "-A", "config", "--quiet")
        programs = [
            Program(
                "web",
                [
                    *python("-m", "gunicorn", "config.wsgi:application"),
                    *("--bind", f"127.0.0.1:{port}"),
                    *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
                    *("--preload", "--timeout", "120", "--graceful-timeout", "8"),
                    *("--log-level", "warning", "--logger-class", "config.weblog.JsonLogger"),
                    # It would lie in the home folder, one for all platforms of a person.
                    "--no-control-socket",
                ],
                grace_s=15,
            ),
            Program(
                "worker",
                [
                    *celery,
                    "worker",
                    "-Q",
                    "default",
                    "-c",
                    "1",
                    "-n",
                    "worker@%h",
                    "-l",
                    "WARNING",
                    "--without-mingle",
                ],
                grace_s=30,
            ),
            Program(
                "encoder",
                [
                    *celery,
                    "worker",
                    "-Q",
                    "media",
                    "-c",
                    "2",
                    "-n",
                    "encoder@%h",
                    "-l",
                    "WARNING",
                    "--without-mingle",
                ],
                grace_s=30,
            ),
            Program("scheduler", [*celery, "beat", "-l", "WARNING", "--pidfile="]),
        ]
        if demo:
            programs.append(Program("demo", python("manage.py", "demo"), is_task=True))
        # Celery warns root of root at every start; in a container there is nobody else to be.
        environment = {"PORT": str(port), "PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
        if settings.CELERY_BROKER_URL.startswith("redis+socket"):
            program = engines.redis_server()
            if program is None:
                raise CommandError("No Redis for this machine: set BROKER_URL, or install redis-server.")
            at = Path(settings.BROKER_SOCKET)
            engines.prepare(at)
            programs.insert(
                0, Program("broker", engines.redis_command(program, at, at.parent), is_ground=True)
            )
            if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
                # All processes of this machine share one cache: the broker's second database.
                environment["CACHE_URL"] = f"unix://{at}?db=1"
        return [replace(program, environment=environment) for program in programs]

    def _await_broker(self) -> None:
        socket_file = Path(settings.BROKER_SOCKET)
        for _ in range(500):
            if socket_file.exists():
                return
            time.sleep(0.02)
        raise CommandError(f"The embedded broker did not start; {socket_file.parent / 'redis.log'} says why.")

    def _announce(self, supervisor: Supervisor, port: int, options: dict[str, Any]) -> None:
        """Tell the address once all engines answer; until then say each minute which one does not."""
        address = f"http://127.0.0.1:{port}"
        late = time.monotonic() + _PATIENCE_S
        while not (found := self._health(address))["ok"]:
            if supervisor.stopping.wait(0.5):
                return
            if time.monotonic() > late:
                self.say("not everything answers yet; the lines above say why:")
                self._tell(found)
                late = time.monotonic() + _PATIENCE_S
        self._tell(found)
        self.say(
            f"\n检验检测云课堂 · Cloud Classroom\n  {address}   ({time.monotonic() - self.begin:.1f} s)\n"
        )
        if options["demo"]:
            self.say(accounts())
        if options["ready_file"]:
            Path(options["ready_file"]).write_text(str(port))

    def _tell(self, found: dict[str, Any]) -> None:
        for name, engine in found.get("engines", {"web": {"ok": False, "detail": "does not answer"}}).items():
            self.say(f"  {name:9} {'ok' if engine['ok'] else 'DOWN'}  {engine['detail']}")

    @staticmethod
    def _health(address: str) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:  # noqa: S310 - loopback
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with contextlib.suppress(ValueError):
                return dict(json.load(error))
        except (OSError, ValueError):
            pass
        # Nothing answers, or something else on this port does.
        return {"ok": False}
