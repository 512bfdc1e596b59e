"""Serve the page of a run on this machine alone."""

from __future__ import annotations

import json
import os
import socketserver
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from autotl.watching.page import RunPage

HOST = "127.0.0.1"
PORT = 8420
TRIED_PORTS = 20
"""Ports that are tried one after the other, before the system chooses one."""
NAMES = frozenset({HOST, "localhost"})
"""Names of this machine in the Host header; by others a foreign site could read the page (DNS rebinding)."""
WATCHED_SECONDS = 3.0
"""Seconds after its last question for which a page counts as open."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageServer:
    """A server for the page of a run, in separate threads.

    It answers GET at two fixed addresses and at that of the report. No path in a request is opened.

    Raises:
        OSError: No port is free.
    """

    def __init__(self, page: RunPage, *, port: int = PORT) -> None:
        """``port`` is the first one to try, from 1 to 65,535; 0 lets the system choose."""
        self.page, self.wanted = page, port
        self._server = _bound(self, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.25,), name="autotl-page", daemon=True
        )
        self._asked: float | None = None
        self._has_end, self._has_report = threading.Event(), threading.Event()

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.port}/"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, *, wait: float = 0.0) -> None:
        """Stop, after an open page has got the last state.

        Args:
            wait: The longest time to wait for that, in seconds.
        """
        until = time.monotonic() + wait
        try:
            if self._is_watched() and self._has_end.wait(max(0.0, until - time.monotonic())):
                report = self.page.report()
                if report is not None:
                    self._has_report.wait(max(0.0, until - time.monotonic()))
        finally:
            self._server.shutdown()
            self._server.server_close()

    def state(self, known: int) -> bytes:
        """Return an update as JSON; ``known`` is the version of the page."""
        self._asked, found = time.monotonic(), self.page.update(known)
        if found["ended"]:
            self._has_end.set()
        return json.dumps(found).encode()

    def report(self) -> bytes | None:
        """Return the report; None if it is not written."""
        path = self.page.report()
        if path is None:
            return None
        found = path.read_bytes()
        self._has_report.set()
        return found

    def _is_watched(self) -> bool:
        return self._asked is not None and time.monotonic() - self._asked < WATCHED_SECONDS


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server with a thread for each request."""

    daemon_threads, block_on_close = True, False
    allow_reuse_address = os.name != "nt"  # elsewhere this only allows ports that were closed just now
    request_queue_size = 16

    def __init__(self, port: int, owner: PageServer) -> None:
        self.owner = owner
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a browser may go away at any time."""


class _Handler(BaseHTTPRequestHandler):
    """Answers GET requests that name this machine."""

    server: _Server
    server_version, sys_version, timeout = "autotl", "", 10.0

    def do_GET(self) -> None:
        """Answer a request."""
        if not _names_this_machine(self.headers.get("Host", "")):
            self._send(HTTPStatus.FORBIDDEN, "text/plain", b"The Host must be 127.0.0.1 or localhost.\n")
            return
        owner, parts = self.server.owner, urlsplit(self.path)
        if parts.path == "/":
            self._send(HTTPStatus.OK, "text/html", owner.page.html().encode("utf-8", "backslashreplace"))
        elif parts.path == "/state.json":
            self._send(HTTPStatus.OK, "application/json", owner.state(_version(parts.query)))
        elif parts.path == "/report.html" and (found := owner.report()) is not None:
            self._send(HTTPStatus.OK, "text/html", found)
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"There is no such page.\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the terminal shows the run."""

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _bound(owner: PageServer, port: int) -> _Server:
    """Return a server at the first free port."""
    for candidate in range(port, min(port + TRIED_PORTS, 2**16)) if port else ():
        with suppress(OSError):  # the port is taken, or needs rights
            return _Server(candidate, owner)
    return _Server(0, owner)


def _names_this_machine(host: str) -> bool:
    """Return whether a Host header has a name of this machine, with any port: a tunnel may use another."""
    name, _, port = host.strip().lower().partition(":")
    return name in NAMES and (not port or (port.isascii() and port.isdigit()))


def _version(query: str) -> int:
    given = parse_qs(query).get("version", [""])[0]
    return int(given) if given.isascii() and given.isdigit() and len(given) < 20 else -1
