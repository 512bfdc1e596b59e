"""Refuse requests that do not name this machine."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from autotl.loopback import names_this_machine
from autotl.serving.application.schemas import Problem
from autotl.serving.refusal import shown

MUST = "the Host must be localhost or the address of this machine; a proxy must send one of these"


class LocalOnly:
    """A layer around the application of a service for this machine."""

    def __init__(self, app: ASGIApp) -> None:
        """Keep the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on.

        Args:
            scope: The request.
            receive: Returns its body.
            send: Sends the answer.
        """
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else None
        if host is None or names_this_machine(host):
            await self._app(scope, receive, send)
            return
        problem = Problem(error="wrong_host", given=f"the Host {shown(host)!r}", must=MUST)
        await JSONResponse(problem.model_dump(), 403)(scope, receive, send)
