"""The embedded broker's place and command."""

import stat
import subprocess
import time
from pathlib import Path

import redis

from config import engines


def test_the_socket_lies_in_var_where_its_path_is_short() -> None:
    assert engines.socket_path(Path("/srv/var")) == Path("/srv/var/run/redis.sock")


def test_a_long_path_moves_the_socket_and_stays_the_same() -> None:
    deep = Path("/" + "x" * 120)
    found = engines.socket_path(deep)
    assert len(str(found)) < 108
    assert found == engines.socket_path(deep)
    assert found != engines.socket_path(deep / "y")


def test_the_broker_keeps_its_queue_over_a_kill(tmp_path: Path) -> None:
    program = engines.redis_server()
    assert program is not None
    socket = engines.socket_path(tmp_path)
    socket.parent.mkdir(parents=True)
    for expected in (None, b"kept"):
        server = subprocess.Popen(engines.redis_command(program, socket, socket.parent))
        try:
            client = redis.Redis(unix_socket_path=str(socket))
            for _ in range(200):
                try:
                    assert client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.02)
            assert client.get("job") == expected
            assert stat.S_IMODE(socket.stat().st_mode) == 0o700
            client.set("job", "kept")
            time.sleep(1.2)  # appendfsync everysec
            client.close()
        finally:
            server.kill()
            server.wait()
