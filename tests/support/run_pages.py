"""A source that a test sets, and requests to the page of a run."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection

from autotl.api import Arm
from autotl.watching.run_content import RunContent, RunMoment

PROBE, TUNE = Arm("linear_probe", "net"), Arm("finetune", "net")
Get = Callable[..., tuple[int, dict[str, str], str]]


class Fixed:
    """A source that returns what a test has set."""

    def __init__(self, content: RunContent) -> None:
        self.now, self.time = content, RunMoment("trial 3", 60.0, 240.0)

    def content(self) -> RunContent:
        return self.now

    def moment(self) -> RunMoment:
        return self.time


def request(
    port: int, path: str = "/", *, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], str]:
    """Return the status, the headers and the text of an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {} if host is None else {"Host": host}
        connection.putrequest(method, path, skip_host=host is not None)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()
