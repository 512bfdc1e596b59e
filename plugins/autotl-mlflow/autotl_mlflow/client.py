"""Send events to a writer process, so that the search never waits for a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

TIMEOUT = 60.0
"""Seconds to wait for the writer after the search, mostly for the upload of the model."""

DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # MLflow's own timeout for an unreachable server is four minutes per call
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Environment variables of the writer, if they are not set."""

_running: list[subprocess.Popen[bytes]] = []
"""Writers that still run after their search."""


class WriterClient:
    """The connection to the writer process of a search.

    The writer reads lines of JSON from standard input. It ends when the input ends, for example with this
    process.

    Args:
        folder: The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        paths = [os.path.abspath(each) for each in sys.path if each]  # noqa: PTH100 (these are strings)
        self._process = subprocess.Popen(
            # -P, so that a json.py in the working directory is not imported
            [sys.executable, "-P", "-m", "autotl_mlflow.writer", str(folder.absolute())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env={**DEFAULTS, **os.environ, **_mlflow_variables(), "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,  # so that Ctrl-C does not end the writer
        )

    def send(self, event: str, **values: Any) -> None:
        """Send an event.

        Raises:
            RuntimeError: If the writer has failed, with its error.
        """
        line = json.dumps({"event": event, **values}, default=str).encode() + b"\n"
        try:
            if self._process.poll() is not None:
                raise BrokenPipeError
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            self.close()
            raise  # the writer ended without an error

    def close(self) -> None:
        """Wait until all events are written.

        Raises:
            RuntimeError: If the writer failed or needs more time.
        """
        if self._errors.closed:
            return
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            with self._errors:
                if self._process.wait(TIMEOUT):
                    self._errors.seek(0)
                    lines = self._errors.read().decode(errors="replace").strip().splitlines()
                    raise RuntimeError(lines[-1] if lines else f"exit status {self._process.returncode}")
        except subprocess.TimeoutExpired:
            _running.append(self._process)
            raise RuntimeError(
                f"The upload to MLflow takes more than {TIMEOUT:g} seconds. It continues; the run has the "
                "status RUNNING until it ends."
            ) from None


def _mlflow_variables() -> dict[str, str]:
    """Return variables for the store and the active run that were set in Python."""
    if (mlflow := sys.modules.get("mlflow")) is None:
        return {}
    found = {}
    active = mlflow.active_run()
    if active or mlflow.is_tracking_uri_set():
        found["MLFLOW_TRACKING_URI"] = str(mlflow.get_tracking_uri())
    if active:
        found["MLFLOW_RUN_ID"] = str(active.info.run_id)
    return found
