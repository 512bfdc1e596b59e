"""Run the writer process: write events from standard input to MLflow until the input ends."""

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
    """Write all events; return 1 after an error, which is the last line on standard error."""
    events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    # read in a thread, because a full pipe would block the search
    threading.Thread(target=_read, args=(events,), daemon=True).start()
    # warnings about MLflow's own dependencies do not help users of autotl
    warnings.simplefilter("ignore")
    search = None
    try:
        # the import takes seconds
        from autotl_mlflow.runs import Search

        while (event := events.get()) is not None:
            kind = event.pop("event")
            if kind == "start":
                search = Search.start(Path(sys.argv[1]), **event)
            elif search is not None:
                getattr(search, kind)(**event)
        if search is not None:
            search.close()
    except Exception as error:  # servers, disks and stores of other versions can raise any exception
        message = str(error).split("\n")[0]
        print(f"\n{type(error).__name__}: {message}", file=sys.stderr)
        return 1
    return 0


def _read(events: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    for line in sys.stdin.buffer:
        if line.endswith(b"\n"):  # otherwise the sender was killed
            events.put(json.loads(line))
    events.put(None)


if __name__ == "__main__":
    failed = main()
    sys.stderr.flush()
    # not sys.exit, because Python aborts at exit while a thread reads standard input
    os._exit(failed)
