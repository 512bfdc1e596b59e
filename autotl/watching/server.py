"""Serve the page of a run on this machine alone."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from autotl.loopback import LOOPBACK, names_this_machine
from autotl.watching.page import RunPage
from autotl.watching.visits import Part, Visits

PORT = 8420
TRIED_PORTS = 20
"""Ports that are tried one after the other, before the system chooses one."""
POLL_SECONDS = 0.1
"""How often the server looks whether it is to end, which bounds the time of :meth:`PageServer.stop`."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageServer:
    """A server for the page of a run, in separate threads.

    It answers GET at fixed addresses. No path in a request is opened.

    Raises:
        OSError: No port is free.
    """

    def __init__(self, page: RunPage, *, port: int = PORT) -> None:
        """``port`` is the first one to try, from 1 to 65,535; 0 lets the system choose."""
        self.page, self.visits = page, Visits()
        self._server = _bound(self, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="autotl-page", daemon=True
        )

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{LOOPBACK}:{self.port}/"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, *, wait: float = 0.0) -> None:
        """Stop, after an open page has the last state and the report.

        Args:
            wait: The longest time to wait for that, in seconds.
        """
        try:
            parts: list[Part] = ["last state"]
            if self.page.report() is not None:
                parts.append("report")
            self.visits.await_sent(parts, seconds=wait)
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server with a thread for each request."""

    daemon_threads, block_on_close = True, False
    allow_reuse_address = os.name != "nt"  # elsewhere this only allows ports that were closed just now
    request_queue_size = 16

    def __init__(self, port: int, owner: PageServer) -> None:
        self.owner = owner
        super().__init__((LOOPBACK, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a browser may go away at any time."""


class _Handler(BaseHTTPRequestHandler):
    """Answers GET requests that name this machine."""

    server: _Server
    server_version, sys_version, timeout = "autotl", "", 10.0

    def do_GET(self) -> None:
        """Answer a request."""
        if not names_this_machine(self.headers.get("Host", "")):
            self._send(HTTPStatus.FORBIDDEN, "text/plain", b"The Host must be 127.0.0.1 or localhost.\n")
            return
        page, visits, parts = self.server.owner.page, self.server.owner.visits, urlsplit(self.path)
        if parts.path == "/":
            self._send(HTTPStatus.OK, "text/html", page.html().encode("utf-8", "backslashreplace"))
        elif parts.path == "/state.json":
            with visits.question():
                self._send_state(_version(parts.query))
        elif parts.path == "/report.html" and (report := page.report()) is not None:
            with visits.question():
                self._send_report(report)
        elif parts.path == "/left":  # by a page that is closed
            visits.left()
            self._send(HTTPStatus.OK, "text/plain", b"")
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"There is no such page.\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the terminal shows the run."""

    def _send_state(self, known: int) -> None:
        """Send an update as JSON; ``known`` is the version of the page."""
        found = self.server.owner.page.update(known)
        self._send(HTTPStatus.OK, "application/json", json.dumps(found).encode())
        if found["ended"]:  # only now: the process may end as soon as a page has the end
            self.server.owner.visits.sent("last state")

    def _send_report(self, report: Path) -> None:
        self._send(HTTPStatus.OK, "text/html", report.read_bytes())
        self.server.owner.visits.sent("report")

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


def _version(query: str) -> int:
    given = parse_qs(query).get("version", [""])[0]
    return int(given) if given.isascii() and given.isdigit() and len(given) < 20 else -1
