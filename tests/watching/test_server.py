"""The server answers this machine alone, and GET alone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autotl.watching import PageServer, RunPage
from autotl.watching.run_content import RunContent
from tests.support.run_pages import Fixed, Get

Serve = Callable[[Any], PageServer]


@pytest.fixture
def server(served: Serve) -> PageServer:
    return served(Fixed(RunContent(name="photos")))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:9999", "LOCALHOST:80"])
def test_names_of_this_machine_are_answered(server: PageServer, get: Get, host: str) -> None:
    status, _, text = get(server.port, host=host)
    assert status == 200
    assert "photos" in text


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8420", "127.0.0.1.evil.example", "localhost:80@evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/state.json", "/report.html"])
def test_other_hosts_are_refused(server: PageServer, get: Get, host: str, path: str) -> None:
    status, _, text = get(server.port, path, host=host)
    assert status == 403
    assert "photos" not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_other_methods_than_get_are_refused(server: PageServer, get: Get, method: str) -> None:
    assert get(server.port, method=method)[0] == 501


@pytest.mark.parametrize("path", ["/../run.json", "/run.json", "//etc/passwd", "/report.html/../run.json"])
def test_no_path_leads_to_a_file(served: Serve, get: Get, tmp_path: Path, path: str) -> None:
    (tmp_path / "run.json").write_text("secret")
    (tmp_path / "report.html").write_text("the report")
    source = Fixed(RunContent(state="finished", folder=tmp_path, report=tmp_path / "report.html"))
    port = served(source).port
    status, _, text = get(port, path)
    assert status == 404
    assert "secret" not in text
    assert get(port, "/report.html")[2] == "the report"


def test_a_report_that_is_not_written_is_not_found(server: PageServer, get: Get) -> None:
    assert get(server.port, "/report.html")[0] == 404


def test_no_other_site_may_frame_or_read_the_page(server: PageServer, get: Get) -> None:
    _, headers, text = get(server.port)
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Server"].strip() == "autotl"  # no version of Python
    assert "connect-src 'self'" in text


def test_a_taken_port_is_followed_by_the_next_free_one(served: Serve) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = PageServer(RunPage(Fixed(RunContent())), port=port)
        server.start()
        try:
            assert server.port != port
            assert server.url == f"http://127.0.0.1:{server.port}/"
        finally:
            server.stop()


def test_the_port_is_free_after_the_end(get: Get) -> None:
    server = PageServer(RunPage(Fixed(RunContent())), port=0)
    server.start()
    port = server.port
    assert get(port)[0] == 200
    server.stop(wait=60)  # no page is open, so this does not wait
    with pytest.raises(ConnectionRefusedError):
        get(port)


def test_an_open_page_gets_the_last_state_and_the_report_before_the_end(get: Get, tmp_path: Path) -> None:
    source = Fixed(RunContent())
    server = PageServer(RunPage(source), port=0)
    server.start()
    get(server.port, "/state.json")
    (tmp_path / "report.html").write_text("the report")
    source.now = RunContent(state="finished", report=tmp_path / "report.html")
    ending = threading.Thread(target=server.stop, kwargs={"wait": 60.0})
    ending.start()
    assert '"ended": true' in get(server.port, "/state.json")[2]
    assert ending.is_alive()
    assert get(server.port, "/report.html")[2] == "the report"
    ending.join(20)
    assert not ending.is_alive()


def test_an_error_of_the_source_ends_a_request_alone(served: Serve, get: Get) -> None:
    class Broken(Fixed):
        fails = True

        def content(self) -> RunContent:
            if self.fails:
                raise RuntimeError("made up")
            return super().content()

    source = Broken(RunContent(name="photos"))
    port = served(source).port
    with pytest.raises(ConnectionError):
        get(port)
    source.fails = False
    assert get(port)[0] == 200
