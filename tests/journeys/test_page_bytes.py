"""What `make bench-loop` counts of a page: whatever a browser loads for it, as it comes over the wire."""

import gzip
import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from config.bench_loop.walker import Walker

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PAGE = '<!doctype html><link rel="stylesheet" href="/a.css"><script type="module" src="/entry.js"></script>'
FILES = {
    "/": ("text/html", PAGE.encode()),
    "/a.css": ("text/css", b"body{color:#000}" * 40),
    "/entry.js": ("text/javascript", b'import "/shared.js"; setTimeout(() => import("/later.js"), 300);'),
    "/shared.js": ("text/javascript", b"//" + b"s" * 500),
    "/later.js": ("text/javascript", b'import "/deepest.js";'),
    "/deepest.js": ("text/javascript", b"//" + b"d" * 700),
    "/nobody-asks.js": ("text/javascript", b"//" + b"n" * 900),
}


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the files compressed, with what each cost the server."""

    def do_GET(self) -> None:
        kind, body = FILES.get(self.path, ("text/plain", b""))
        sent = gzip.compress(body, mtime=0)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("Server-Timing", 'app;dur=12.5, db;dur=3.1;desc="4"')
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """A site of these files."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def wire(*paths: str) -> int:
    """Return the bytes of files as they are sent."""
    return sum(len(gzip.compress(FILES[path][1], mtime=0)) for path in paths)


def test_scripts_that_scripts_import_are_counted_and_others_are_not(browser: Browser, address: str) -> None:
    found = Walker(browser, address).weigh(None, "/")
    assert found["js"] == wire("/entry.js", "/shared.js", "/later.js", "/deepest.js")
    assert found["css"] == wire("/a.css")


def test_a_page_is_weighed_as_one_sees_it_first(browser: Browser, address: str) -> None:
    walker = Walker(browser, address)
    assert walker.weigh(None, "/") == walker.weigh(None, "/"), "nothing comes from a cache"


def test_what_an_answer_cost_is_what_the_server_says(browser: Browser, address: str) -> None:
    walker = Walker(browser, address)
    assert walker.cost(None, "/") == (12.5, 4)
    with pytest.raises(ValueError, match="/nowhere: 404"):
        walker.cost(None, "/nowhere")
