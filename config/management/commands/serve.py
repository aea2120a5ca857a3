"""`manage.py serve`: everything that one machine needs, in one process tree."""

import fcntl
import json
import socket
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config import engines
from config.supervisor import Program, Supervisor, python

# A number of this command's own among the advisory locks of the database.
_MIGRATING = 0x6D696772


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
        run = Path(settings.VAR) / "run"
        run.mkdir(parents=True, exist_ok=True)
        lock = (run / "serve.lock").open("w")
        self._claim(lock, options["port"])
        self._migrate()
        programs = self._programs(options["port"], options["demo"])
        supervisor = Supervisor(programs, self.say)
        for program in programs:
            supervisor.start(program)
            if program.name == "broker":
                self._await_broker()
        self._await_web(options["port"], supervisor)
        if options["ready_file"]:
            Path(options["ready_file"]).write_text(str(options["port"]))
        code = supervisor.run()
        self.say("stopped. Everything is kept; `make run` goes on from here.")
        sys.exit(code)

    def say(self, line: str) -> None:
        """Print one line at once."""
        self.stdout.write(line)
        self.stdout.flush()

    def _claim(self, lock: TextIO, port: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError("It already runs from this folder.") from error
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CommandError(f"Port {port} is taken. Choose another: PORT=8080 make run") from error

    def _migrate(self) -> None:
        """Bring the database up to date; several machines that start at once do it one after another."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if plan:
                self.say(f"preparing the database ({len(plan)} steps)")
                call_command("migrate", verbosity=0)
        # The lock goes with the connection.
        connection.close()

    def _programs(self, port: int, demo: bool) -> list[Program]:
        celery = python("-m", "celery", "-A", "config", "--quiet")
        programs = [
            Program(
                "web",
                [
                    *python("-m", "gunicorn", "config.wsgi:application"),
                    *("--bind", f"127.0.0.1:{port}"),
                    *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
                    *("--preload", "--timeout", "120", "--graceful-timeout", "8", "--log-level", "warning"),
                ],
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
            at.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            at.unlink(missing_ok=True)
            programs.insert(0, Program("broker", engines.redis_command(program, at, at.parent)))
            if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
                # All processes of this machine share one cache: the broker's second database.
                environment["CACHE_URL"] = f"unix://{at}?db=1"
        return [
            Program(p.name, p.command, p.stop_signal, p.grace_s, p.is_task, environment) for p in programs
        ]

    def _await_broker(self) -> None:
        for _ in range(200):
            if Path(settings.BROKER_SOCKET).exists():
                return
            time.sleep(0.02)
        raise CommandError("The embedded broker did not start; its lines above say why.")

    def _await_web(self, port: int, supervisor: Supervisor) -> None:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        found: dict[str, Any] = {"ok": False}
        while not found["ok"] and time.monotonic() < deadline and not supervisor.stopping.is_set():
            time.sleep(0.5)
            found = self._health(address)
        for name, engine in found.get("engines", {}).items():
            self.say(f"  {name:9} {'ok' if engine['ok'] else 'DOWN'}  {engine['detail']}")
        self.say(
            f"\n检验检测云课堂 · Cloud Classroom\n  {address}   ({time.monotonic() - self.begin:.1f} s)\n"
        )

    @staticmethod
    def _health(address: str) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:  # noqa: S310 - loopback
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except OSError:
            return {"ok": False}
