"""Run the application in this process."""

from __future__ import annotations

import socket
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from autotl.errors import ServingError

PACKAGES = ("fastapi", "uvicorn", "python_multipart")
SHUTDOWN_SECONDS = 10
"""How long requests may take to end after Ctrl-C."""


def check_installed() -> None:
    """Check that the packages of a service are installed.

    Raises:
        ServingError: A package is missing.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ServingError(f"A service needs {', '.join(missing)}: pip install 'autotl[serve]'.")


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    An address in use is then an error before the model is loaded.

    Args:
        host: The address or name to listen at.
        port: The port; 0 for a free one.

    Raises:
        ServingError: The address is in use, or is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:  # UnicodeError: for names that are too long
        why = getattr(error, "strerror", None) or str(error)
        raise ServingError(
            f"host and port must be a free address of this machine (got {host}:{port}: {why}). "
            "Give another --port or --host."
        ) from error


def run_server(app: Any, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C; requests in progress are then finished.

    Args:
        app: The application.
        listening: The socket of :func:`listen`, which is closed at the end.
    """
    import uvicorn  # an optional package

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=SHUTDOWN_SECONDS
    )
    with listening, suppress(KeyboardInterrupt):  # uvicorn raises it again after its shutdown
        uvicorn.Server(config).run(sockets=[listening])
