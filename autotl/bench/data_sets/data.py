"""Describe a data set of a suite, and check its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from autotl.api import DEPLOY, ROLES, ModalityName, TargetKind
from autotl.bench.generated.from_files import MAKERS
from autotl.errors import UnknownName
from autotl.metrics import METRICS_OF
from autotl.targets import TARGET_NAMES, kind_named

REST = "rest"
"""Stands for the training images that are not among the labelled ones."""
MESSAGES = "messages"
"""The generator of the messages that come with autotl."""
MAX_TEST = 0.9
"""The largest fraction of a class for testing."""
RESERVED = ("image", "part", "path", "error", "text")
"""Columns of tables and predictions, which a number must not be named after."""
DEFAULT_METRICS: Mapping[TargetKind, str] = {
    "single_label": "accuracy",
    "multi_label": "mean_average_precision",
    "regression": "mae",
}
"""The metrics of data sets whose target the suite's metric cannot score."""


@dataclass(frozen=True, slots=True)
class Data:
    """A data set of a suite.

    It has either ``generator``, ``file`` or ``huggingface``. A generator of
    :data:`autotl.bench.generated.from_files.MAKERS` comes together with the file whose images it changes.

    Attributes:
        name: Name of the data set.
        generator: "digits", "messages", a family of :func:`autotl.bench.generated.draw`, or a maker.
        settings: Further arguments of the generator or of ``load_dataset``.
        file: Name of a file or folder in the folder of data files.
        test_file: Name of the file whose test part replaces that of ``file``, such as another domain with the
            same classes.
        huggingface: Name on the Hugging Face hub.
        image: Column of the images.
        text: Column of the texts, if the inputs are texts.
        label: Column of the labels; several columns hold a label or a number each.
        train_cap: The largest number of training images per class; 0 for no limit.
        test_cap: The largest number of test images per class; 0 for no limit.
        test: Fraction of each class for testing, in (0, 0.9], if the data has no test part.
        image_size: Input size in pixels or tokens for every entrant; None if each chooses its own.
        target: Kind of target. Limits of images per class are limits of all images if it is not one class.
        metric: Name of the metric; None for the suite's, or for that of the target.
        shots: Training images per class in place of the suite's; 0 for all, None for the suite's.
        strategies: Names of strategies in place of the suite's; empty for the suite's.
        additional: Images besides the labelled ones: a file, or "rest", by the role in
            :data:`autotl.api.ROLES`. In the suite's file, each role is a separate key.
    """

    name: str
    generator: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    test_file: str | None = None
    huggingface: str | None = None
    image: str | None = None
    text: str | None = None
    label: str | tuple[str, ...] | None = None
    train_cap: int = 0
    test_cap: int = 0
    test: float = 0.3
    image_size: int | None = None
    target: TargetKind = "single_label"
    metric: str | None = None
    shots: int | None = None
    strategies: tuple[str, ...] = ()
    additional: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_made(self) -> bool:
        """Whether a maker changes the images of a file."""
        return self.file is not None and self.generator is not None

    @property
    def modality(self) -> ModalityName:
        """The kind of the inputs."""
        return "text" if self.text is not None or self.generator == MESSAGES else "image"


KEYS = (*(each.name for each in fields(Data) if each.name != "additional"), *ROLES)
"""The keys of a data set in a suite's file."""


def parse_data(table: Mapping[str, Any]) -> Data:
    """Return the data set of a table with known keys.

    Raises:
        UnknownName: If there is no target of a name.
    """
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    if "target" in given:
        given["target"] = kind_named(str(given["target"]))
    given["additional"] = {role: str(given.pop(role)) for role in ROLES if role in given}
    return Data(**given)


def data_faults(table: Mapping[str, Any], data: Data) -> Iterator[str]:
    """Yield the faults of a data set, in sentences without its name.

    Args:
        table: Its table in the suite's file.
        data: The data set.
    """
    forms = [key for key in ("generator", "file", "huggingface") if table.get(key)]
    made = forms == ["generator", "file"] and data.generator in MAKERS
    if len(forms) != 1 and not made:
        yield f"must have one of generator, file and huggingface (got {len(forms)})."
    if data.generator in MAKERS and not made:
        yield f"must have the file whose images the generator {data.generator} changes."
    if made and (due := MAKERS[str(data.generator)].target) != data.target:
        short = next(name for name, kind in TARGET_NAMES.items() if kind == due)
        yield f"must have the target {short!r}, because it has the generator {data.generator}."
    if data.test_file is not None and (data.file is None or made):
        yield "must have a file without a generator, because it has a test_file."
    if not 0 < float(data.test) <= MAX_TEST:
        yield f"must have a test in (0, {MAX_TEST}] (got {data.test})."
    yield from _text_faults(data)
    yield from _target_faults(data)


def _text_faults(data: Data) -> Iterator[str]:
    given = {"image": data.image, "test_file": data.test_file, **data.additional}
    if data.is_made:
        given["generator"] = data.generator
    if data.modality == "text" and (wrong := [key for key, value in given.items() if value]):
        yield f"must have no {wrong[0]}, because its inputs are texts."


def _target_faults(data: Data) -> Iterator[str]:
    if data.metric is not None and data.metric not in (known := METRICS_OF[data.target]):
        yield f"must have a metric of its target: {UnknownName('metric', data.metric, known)}"
    if isinstance(data.shots, bool) or not (data.shots is None or isinstance(data.shots, int)):
        yield f"must have an integer as shots (got {data.shots!r})."
    elif data.shots is not None and data.shots < 0:
        yield f"must have shots of at least 0 (got {data.shots})."
    if data.target != "single_label" and data.shots:
        yield f"must have shots = 0, because its images have no single class (got {data.shots})."
    if data.target != "single_label" and DEPLOY in data.additional:
        yield "must have one class for each image, because it has images of the place of use (deploy)."
    if data.target == "regression" and not data.is_made and not data.label:
        yield "must have a label, the column of the numbers."
    if taken := sorted({*label_columns(data)} & {*RESERVED}):
        yield f"must have a label with another name than {', '.join(RESERVED)} (got {taken[0]})."


def label_columns(data: Data) -> Sequence[str]:
    """Return the columns of the labels, if they are named."""
    if data.label is None:
        return ()
    return (data.label,) if isinstance(data.label, str) else data.label
