"""Run a forward pass through OpenVINO, if that is faster."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from threading import local
from typing import Any

import torch
from torch import Tensor, nn

from autotl.progress.timeline import spent_on
from autotl.training.machine.threads import MAX_PARALLEL, map_in_torch_threads

LOGGER = logging.getLogger(__name__)
CONVERSION_SECONDS = 2.0
"""Seconds that importing OpenVINO and converting a small network take together, on common hardware."""
EXPECTED_GAIN = 0.4
"""Share of the time that a compiled pass saves. Measured on two cores: 0.4 to 0.6 for EfficientNet-Lite0."""
COMPARED_PER_THREAD = 8
"""Images on which both ways are compared and timed, for each piece that runs at once."""
TOLERANCE = 1e-4
"""Largest difference of a feature, relative to the largest feature; likewise of further outputs."""
Forward = Callable[[Tensor], Tensor]


class AdaptiveForward:
    """A forward pass that is compiled if that saves time.

    The first batch runs as it is, and is timed. If a compiled pass would save more than its conversion takes,
    the pass is converted, and compared on some images. It is used only if its outputs are equal to TOLERANCE
    and it is faster. Without OpenVINO, and on other devices than the CPU, nothing changes.
    """

    def __init__(
        self,
        forward: Forward,
        model: nn.Module,
        *,
        rows: int | None,
        features: int | None = None,
        device: str,
    ) -> None:
        """Begin with the pass as it is.

        Args:
            forward: Runs ``model``, and may return further outputs: (n, 3, h, w) to (n, k).
            model: The network, in eval mode.
            rows: Images of the whole work; None if unknown. At any time, as many as before are then expected.
            features: Columns of the features, which come first; None for all.
            device: Runs the network.
        """
        self.forward = forward
        self._model, self._left, self._features = model, rows, features
        self._spent = 0.0
        self._decided = not device.startswith("cpu")

    def __call__(self, x: Tensor) -> Tensor:
        """Run the pass."""
        return self.forward(x)

    def finished(self, images: int, seconds: float, inputs: Callable[[int], Tensor]) -> None:
        """Convert the pass if that saves time in the remaining work.

        The first batch decides. If the number of images is unknown, every batch does until the conversion.
        Batches of few images do not: a service that predicts single images would stall.

        Args:
            images: Images of the batch.
            seconds: The time of the batch.
            inputs: Returns the network's inputs for so many of the images, (n, 3, h, w), on the CPU.
        """
        if self._decided or not images or (self._left is None and images <= workers()):
            return
        self._spent += seconds
        if self._left is None:
            expected = self._spent
        else:
            expected, self._decided = (self._left - images) * seconds / images, True
        if EXPECTED_GAIN * expected > CONVERSION_SECONDS:
            self._decided = True
            # the pieces differ in size: a network that works for one size only is then found
            compared = inputs(min(images, workers() * COMPARED_PER_THREAD + 1))
            self.forward = faster_forward(self.forward, self._model, compared, features=self._features)


def workers() -> int:
    """Return how many pieces of a batch run at once."""
    return min(MAX_PARALLEL, torch.get_num_threads())


@spent_on("compile")
def faster_forward(forward: Forward, model: nn.Module, batch: Tensor, *, features: int | None) -> Forward:
    """Return the compiled pass if it is equal and faster.

    Otherwise the given pass is returned. Both are timed as they are used: in pieces, several at once.

    Args:
        forward: Runs ``model``: (n, 3, h, w) to (n, k).
        model: The network, in eval mode.
        batch: Inputs for the comparison, on the CPU.
        features: Columns of the features, which come first; None for all.
    """
    try:
        compiled = _compiled(forward, model, batch)
        if compiled is None:
            return forward
        _timed(compiled, batch)  # the first call prepares the kernels of this shape
        found, compiled_seconds = _timed(compiled, batch)
    except Exception as error:  # OpenVINO fails in many ways, and the plain pass is always there
        LOGGER.info("OpenVINO is not used: it cannot run the network (%s).", str(error)[:200])
        return forward
    expected, plain_seconds = _timed(forward, batch)
    blocks = [slice(features)] if features is None else [slice(features), slice(features, None)]
    difference = max(_difference(found[:, block], expected[:, block]) for block in blocks)
    if not difference <= TOLERANCE:
        LOGGER.info("OpenVINO is not used: an output differs by %.2g.", difference)
        return forward
    speedup = plain_seconds / max(compiled_seconds, 1e-9)
    LOGGER.info("A pass through OpenVINO is %.1f times as fast, difference %.1g.", speedup, difference)
    return compiled if speedup > 1 else forward


def _difference(found: Tensor, expected: Tensor) -> float:
    """Return the largest difference, relative to the largest output."""
    if not expected.numel():
        return 0.0
    scale = max(float(expected.abs().max()), torch.finfo(torch.float32).tiny)
    # max() of Python drops a NaN, which must not count as equal
    difference = float((found - expected).abs().max()) / scale
    return difference if difference == difference else float("inf")


def _timed(forward: Forward, batch: Tensor) -> tuple[Tensor, float]:
    """Run a batch in as many pieces as run at once; return the outputs and the seconds."""
    started, pieces = time.perf_counter(), min(workers(), len(batch))
    found = torch.cat(map_in_torch_threads(forward, batch.tensor_split(pieces), pieces))
    return found, time.perf_counter() - started


def _compiled(forward: Forward, model: nn.Module, batch: Tensor) -> Forward | None:
    """Return the pass through OpenVINO; None if it is not installed."""
    try:
        import openvino
    except ImportError:
        return None
    network = openvino.Core().compile_model(
        _converted(_Traceable(forward, model).eval(), batch[:2].contiguous()),
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": "f32",  # bf16 is faster, and wrong by percents
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": workers(),  # each piece of a batch has a request, and a share of the threads
        },
    )
    return _CompiledForward(network)


def _converted(module: nn.Module, example: Tensor) -> Any:
    """Return a module as a model of OpenVINO, for any number of images of the example's size.

    ``openvino.convert_model`` does the same and takes 4 to 17 times as long: it traces twice, and converts
    the parameters of each layer one by one. A frozen trace holds them as constants.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO still reads traces, which torch deprecates
        jit: Any = torch.jit  # untyped
        frozen = jit.freeze(jit.trace(module, example, check_trace=False))
        decoder = TorchScriptPythonDecoder(frozen, example_input=(example,))
    frontend: Any = FrontEndManager().load_by_framework("pytorch")
    converted = frontend.convert(frontend.load(decoder))
    converted.reshape([-1, *example.shape[1:]])
    return converted


class _Traceable(nn.Module):
    """A pass as a module, so that the converter can trace it."""

    def __init__(self, forward: Forward, model: nn.Module) -> None:
        super().__init__()
        self.model, self._pass = model, forward

    def forward(self, x: Tensor) -> Tensor:
        return self._pass(x)


class _CompiledForward:
    """A compiled network, which several threads may call at once."""

    def __init__(self, network: Any) -> None:
        self._network, self._requests = network, local()

    def __call__(self, x: Tensor) -> Tensor:
        request = getattr(self._requests, "request", None)
        if request is None:
            request = self._requests.request = self._network.create_infer_request()
        request.infer([x.contiguous().numpy()], share_inputs=True)
        return torch.from_numpy(request.get_output_tensor(0).data.copy())
