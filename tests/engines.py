"""Private servers for a test run: PostgreSQL and Redis, on loopback and in a folder of their own."""

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from config.stack import free_port


def postgresql_folder() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest first; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    program = shutil.which("initdb")
    return Path(program).parent if program else None


@dataclass
class PostgreSQL:
    """A server without durability, for tests. Started by root, it runs as another user."""

    folder: Path
    programs: Path

    def start(self) -> str:
        """Make the cluster, start it and return its `DATABASE_URL`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._as: list[str] = []
        if os.geteuid() == 0:
            user = (
                "postgres"
                if subprocess.run(["id", "postgres"], capture_output=True).returncode == 0
                else "nobody"
            )
            shutil.chown(self.folder, user)
            group = subprocess.run(["id", "-gn", user], capture_output=True, text=True).stdout.strip()
            self._as = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        data = self.folder / "data"
        self._run(
            "initdb",
            "-D",
            str(data),
            "-U",
            "classroom",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
            " -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
        )
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        return f"postgresql://classroom@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        """End the server at once; its data is thrown away."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as, str(self.programs / program), *arguments],
            check=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
        )


@dataclass
class Redis:
    """A Redis on a port of its own, without a disk."""

    program: str

    def start(self) -> str:
        """Start it and return its URL without a database number."""
        port = free_port()
        self.process = subprocess.Popen(
            [self.program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"redis://127.0.0.1:{port}"
            time.sleep(0.05)
        raise RuntimeError("Redis did not start")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
