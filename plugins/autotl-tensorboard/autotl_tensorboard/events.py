"""Write TensorBoard's event files without a thread, so that every event is on disk at once."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.hparams import api_pb2, metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.plugins.text.metadata import create_summary_metadata
from tensorboard.summary.writer.record_writer import RecordWriter

FILE = "events.out.tfevents.{part:010d}.autotl"
"""Name of an event file; TensorBoard reads the files of a run in the order of their names.

Each process of a search has its own files, because TensorBoard stops reading a file at an incomplete record
of a killed process.
"""

PART = re.compile(r"events\.out\.tfevents\.(\d+)\.autotl")

Scalars = Mapping[str, float | None]
Settings = Mapping[str, float | str | bool]


def write(
    folder: Path,
    *,
    part: int = 0,
    step: int = 0,
    scalars: Scalars | None = None,
    texts: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    failed: bool = False,
) -> None:
    """Add events to a run.

    Args:
        folder: Folder of the run; it is created.
        part: Number of the process.
        step: Step of the events.
        scalars: Values by tag; None values are skipped.
        texts: Markdown texts by tag.
        settings: Settings of a row on the HParams page; only the first settings of a run count.
        failed: Whether the row is marked as failed.
    """
    values = [Summary.Value(tag=tag, simple_value=x) for tag, x in (scalars or {}).items() if x is not None]
    values += [_text(tag, text) for tag, text in (texts or {}).items()]
    values += [] if settings is None else _session(settings, failed)
    folder.mkdir(parents=True, exist_ok=True)
    now = time.time()
    with (folder / FILE.format(part=part)).open("ab") as file:
        records = RecordWriter(file)
        if not file.tell():
            records.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
        for value in values:
            event = Event(wall_time=now, step=step, summary=Summary(value=[value]))
            records.write(event.SerializeToString())


def parts(folder: Path) -> int:
    """Return the number of processes that have written to the folder."""
    numbers = (int(name[1]) for each in folder.rglob("*") if (name := PART.fullmatch(each.name)))
    return max((number + 1 for number in numbers), default=0)


def last_step(folder: Path) -> int | None:
    """Return the last step of a run's scalars, or None; incomplete records are skipped."""
    steps = []
    for file in sorted(each for each in folder.glob("*") if PART.fullmatch(each.name)):
        for event in LegacyEventFileLoader(str(file)).Load():
            if any(value.WhichOneof("value") == "simple_value" for value in event.summary.value):
                steps.append(event.step)
    return max(steps, default=None)


def _text(tag: str, text: str) -> Summary.Value:
    """Return a Markdown text for the Text page."""
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    # names of folders can contain bytes that are not Unicode
    content = TensorProto(dtype=DT_STRING, string_val=[text.encode(errors="replace")], tensor_shape=shape)
    return Summary.Value(tag=tag, tensor=content, metadata=create_summary_metadata(tag, ""))


def _session(settings: Settings, failed: bool) -> list[Summary.Value]:
    """Return a finished session of the HParams page.

    No experiment is declared, so TensorBoard shows a column for every setting of any session.
    """
    start = SessionStartInfo(start_time_secs=time.time())
    for name, value in settings.items():
        if isinstance(value, bool):
            start.hparams[name].bool_value = value
        elif isinstance(value, int | float):
            start.hparams[name].number_value = value
        else:
            start.hparams[name].string_value = str(value).encode(errors="replace").decode()
    status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
    end = SessionEndInfo(status=status, end_time_secs=time.time())
    return [
        _hparams(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=start)),
        _hparams(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=end)),
    ]


def _hparams(tag: str, content: HParamsPluginData) -> Summary.Value:
    summary: SummaryMetadata = metadata.create_summary_metadata(content)
    return Summary.Value(tag=tag, tensor=metadata.NULL_TENSOR, metadata=summary)
