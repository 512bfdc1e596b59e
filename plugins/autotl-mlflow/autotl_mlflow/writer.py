"""The process that writes: read events from standard input until they end, and keep each in MLflow."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import warnings
from pathlib import Path
from typing import Any


def main() -> int:
    """0 when all is kept. Else 1, with the reason as the last line on standard error."""
    events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    # read at once, however slow the server: a full pipe would hold up the search
    threading.Thread(target=_read, args=(events,), daemon=True).start()
    # about MLflow's own dependencies: nobody who runs a search can act on them
    warnings.simplefilter("ignore")
    search = None
    try:
        # seconds long, which a search does not wait for
        from autotl_mlflow.runs import Search

        while (event := events.get()) is not None:
            kind = event.pop("event")
            if kind == "begin":
                search = Search.begin(Path(sys.argv[1]), **event)
            elif search is not None:
                getattr(search, kind)(**event)
        if search is not None:
            search.leave()
    except Exception as error:  # a server, a disk, a store of another version: anything may come out of it
        told = str(error).split("\n")[0]
        print(f"\n{type(error).__name__}: {told}", file=sys.stderr)
        return 1
    return 0


def _read(events: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    for line in sys.stdin.buffer:
        if line.endswith(b"\n"):  # else whoever wrote it was killed
            events.put(json.loads(line))
    events.put(None)


if __name__ == "__main__":
    failed = main()
    sys.stderr.flush()
    # not sys.exit: Python aborts where it ends while a thread waits for standard input
    os._exit(failed)
