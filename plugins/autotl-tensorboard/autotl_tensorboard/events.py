"""Write TensorBoard's event files, without a thread: what was told is on disk."""

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
"""TensorBoard knows an event file by the middle of its name, and reads those of a run in their order.

Each process that works on a search has files of its own: a record that a killed one left half written would
end what is read of a file.
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
    """Add to the run in ``folder``, which is made where it is missing; numbers that are None are left out.

    ``settings`` make the run a row of TensorBoard's HParams page. Only the first ones of a run count there.
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
    """How many processes have written below ``folder``."""
    found = (int(name[1]) for each in folder.rglob("*") if (name := PART.fullmatch(each.name)))
    return max((number + 1 for number in found), default=0)


def last_step(folder: Path) -> int | None:
    """The last step of the scalars of a run; None where it has none. What is torn is passed over."""
    steps = []
    for file in sorted(each for each in folder.glob("*") if PART.fullmatch(each.name)):
        for event in LegacyEventFileLoader(str(file)).Load():
            if any(value.WhichOneof("value") == "simple_value" for value in event.summary.value):
                steps.append(event.step)
    return max(steps, default=None)


def _text(tag: str, text: str) -> Summary.Value:
    """Markdown, as the Text page shows it."""
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    # names of folders may hold bytes that are no Unicode
    content = TensorProto(dtype=DT_STRING, string_val=[text.encode(errors="replace")], tensor_shape=shape)
    return Summary.Value(tag=tag, tensor=content, metadata=create_summary_metadata(tag, ""))


def _session(settings: Settings, failed: bool) -> list[Summary.Value]:
    """A finished session of the HParams page.

    No experiment is declared: TensorBoard then makes a column of every setting that any session has.
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
    about: SummaryMetadata = metadata.create_summary_metadata(content)
    return Summary.Value(tag=tag, tensor=metadata.NULL_TENSOR, metadata=about)
