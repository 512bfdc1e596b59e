"""The strategy ``tabicl``: predict from frozen features in the context of training images."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from importlib.util import find_spec

from autotl.api import Applies, Backbone, Beat, Cost, HeadSpec, Machine, Params, Score, Task, Workbench
from autotl.errors import TrainingError
from autotl.toolbox import DeclaredStrategy, InputSize, Int, feature_seconds
from autotl_tabicl.kind import NAME
from autotl_tabicl.weights import CONVERT, read_weights, weights_file

NATIVE_CLASSES = 10
"""Classes that TabICLv2 predicts at once; more are divided into a hierarchy."""
MAX_CLASSES = 100
"""Most classes: with more, TabICL has seen nothing like the task, and the hierarchy is slow."""
MAX_COMPONENTS = 128
"""Most components: TabICLv2 was pretrained on up to 100 columns."""
CELL_SECONDS = {"cpu": 7e-5, "cuda": 1e-6}
"""Seconds of a CPU core, or of a GPU, for one component of one row."""
WEIGHT_BYTES = 3 * 110_000_000
"""Bytes of the transformer: as read, in the learner's head, and in the scored head."""
ROW_BYTES = 650_000
"""Bytes for a row of the context: keys and values of 8 members, and embeddings of 128 components."""


class TabICLProbe(DeclaredStrategy):
    """Reduces frozen features to principal components, and predicts with TabICLv2.

    Nothing is trained: the transformer reads the training images as its context. Each member of the ensemble
    sees the components and the classes in another order.
    """

    name = NAME
    summary = "freeze the whole backbone, and predict with TabICL in the context of the training images"
    reference = (
        "Qu et al., TabICLv2, ICML 2026, arXiv 2602.11139; "
        "Qu et al., TabICL: A Tabular Foundation Model for In-Context Learning on Large Data, ICML 2025"
    )
    trained = 0.0
    reads_weights = False
    on_request = True

    def __init__(self) -> None:
        self.settings = {
            "components": Int(64, low=8, high=MAX_COMPONENTS, log=True),
            "members": Int(4, low=1, high=8),
            "context": Int(2000, low=300, high=10_000, log=True),
            "image_size": InputSize(),
        }

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether TabICL and its weights are here, and can predict so many classes."""
        if task.target.kind != "single_label":
            return Applies(False, "TabICL predicts single labels only")
        if task.target.outputs > MAX_CLASSES:
            return Applies(
                False, f"TabICL predicts at most {MAX_CLASSES} classes, and there are {task.target.outputs}"
            )
        if find_spec("tabicl") is None:
            return Applies(False, "the package tabicl is not installed: pip install tabicl")
        if not weights_file().is_file():
            return Applies(False, f"TabICL's weights are not at {weights_file()}: run `{CONVERT}` once")
        return Applies(True, f"{backbone.features} frozen features are reduced, and nothing is trained")

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of reading the context and the validation images, for each member.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size, rows = int(params["image_size"]), task.train_rows
        features = feature_seconds(task, backbone, input_size=size)
        context, width = min(params["context"], rows), min(params["components"], backbone.features)
        passes = 1 if task.target.outputs <= NATIVE_CLASSES else 3  # two digits of a class, then a hierarchy
        cells = (context + rows / 5) * width * params["members"] * passes
        on_cpu = machine.device == "cpu"
        seconds = cells * (CELL_SECONDS["cpu"] / max(1, machine.threads) if on_cpu else CELL_SECONDS["cuda"])
        return Cost(features + seconds, WEIGHT_BYTES + ROW_BYTES * round(context))

    def build(self, params: Params, bench: Workbench) -> _Learner:
        """Return a learner; see :class:`autotl.api.Strategy`."""
        self.check(params)
        return _Learner(params, bench)


@dataclass(frozen=True, slots=True)
class _Learner:
    params: Params
    bench: Workbench

    def fit(self) -> Generator[Beat | Score, None, None]:
        from autotl_tabicl.fit import fill, fit_context  # torch is not needed to list the plugins

        bench, params = self.bench, self.params
        size = int(params["image_size"])
        network, weights = read_weights(weights_file())
        context = fit_context(
            bench.features(input_size=size).train,
            bench.targets().train,
            components=params["components"],
            members=params["members"],
            rows=params["context"],
            generator=bench.generator(NAME),
        )
        spec = HeadSpec(NAME, {"network": network, **context.arguments()})
        head = bench.new_head(spec, input_size=size)
        try:
            fill(head, context, weights)
        except RuntimeError as error:
            raise TrainingError(
                f"The weights of TabICL must fit its version (got {weights_file()}: {error}). "
                f"Convert them again by `{CONVERT}`."
            ) from error
        bench.note(
            f"TabICL predicted from {context.projection.shape[1]} principal components, with "
            f"{len(context.labels)} training images as its context."
        )
        yield bench.beat()
        yield bench.score_custom_head(head, spec, input_size=size)
