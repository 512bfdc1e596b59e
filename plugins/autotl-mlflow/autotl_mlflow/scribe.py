"""Hand what is to be kept to a process beside the search, which therefore never waits for a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds to wait for the writer when the search is over: what is left then is mostly the model's upload."""

PACE = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # MLflow's own patience with a server that is gone is four minutes a call
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Variables of the writer, unless they are set."""

_left: list[subprocess.Popen[bytes]] = []
"""Writers that are still at it after their search."""


class Scribe:
    """The writer of the search in ``folder``, as the search sees it: it is told, and not waited for.

    The writer reads lines of JSON. When they end, or the process that sent them does, so does the writer.
    """

    def __init__(self, folder: Path) -> None:
        self._faults = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        paths = [os.path.abspath(each) for each in sys.path if each]  # noqa: PTH100 (these are no Paths)
        self._process = subprocess.Popen(
            # -P: a json.py in the folder one happens to be in is not json
            [sys.executable, "-P", "-m", "autotl_mlflow.writer", str(folder.absolute())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._faults,
            env={**PACE, **os.environ, **_of_mlflow(), "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,  # Ctrl-C ends the search, not what is kept of it
        )

    def tell(self, event: str, **facts: Any) -> None:
        """Raises RuntimeError, with the writer's reason, where the writer has given up."""
        line = json.dumps({"event": event, **facts}, default=str).encode() + b"\n"
        try:
            if self._process.poll() is not None:
                raise BrokenPipeError
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            self.close()
            raise  # only where the writer ended without a reason

    def close(self) -> None:
        """Wait until all of it is written. Raises RuntimeError where it could not be."""
        if self._faults.closed:
            return
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            with self._faults:
                if self._process.wait(PATIENCE):
                    self._faults.seek(0)
                    said = self._faults.read().decode(errors="replace").strip().splitlines()
                    raise RuntimeError(said[-1] if said else f"exit status {self._process.returncode}")
        except subprocess.TimeoutExpired:
            _left.append(self._process)
            raise RuntimeError(
                f"MLflow has not taken everything after {PATIENCE:g} seconds. It is still being sent, and "
                "its run is RUNNING until it has been."
            ) from None


def _of_mlflow() -> dict[str, str]:
    """What was set in Python, where MLflow was ever imported: its store, and the run that is open."""
    if (mlflow := sys.modules.get("mlflow")) is None:
        return {}
    found = {}
    active = mlflow.active_run()
    if active or mlflow.is_tracking_uri_set():
        found["MLFLOW_TRACKING_URI"] = str(mlflow.get_tracking_uri())
    if active:
        found["MLFLOW_RUN_ID"] = str(active.info.run_id)
    return found
