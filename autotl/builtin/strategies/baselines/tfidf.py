"""Classify bags of words linearly: the baseline for texts, which transfers nothing."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    VERSION,
    Applies,
    Backbone,
    Beat,
    Cost,
    Machine,
    Params,
    Score,
    Space,
    Task,
    Weights,
    Workbench,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

MAX_WORDS = 1024
"""The most distinct words and pairs of a text that count."""
MIN_WORDS = 32
BUCKETS = (2**16, 2**17, 2**18)
"""Numbers of hashed words, of which the largest with at most MAX_NUMBERS weights is used."""
MAX_NUMBERS = 2**23
C_VALUES = (1.0, 3.0, 10.0, 30.0, 100.0)
DEFAULT_C = 10.0
MAX_STEPS = 200
ABSENT = 10.0
"""How much lower the output of a class is that no training text has."""
SECONDS_PER_NUMBER = 2e-8
"""Seconds of a fit for each word of a text, each class and each step, on common hardware."""
ORIGIN = "words and pairs of words of the training texts, nothing learned elsewhere"


class Tfidf:
    """Logistic regression on the TF-IDF of words and pairs of neighbouring words.

    It is often the strongest model of long texts and of many training texts. Counts are binary. Words are
    numbered by hashing, so that the model needs no vocabulary.
    """

    name = "tfidf"
    summary = "logistic regression on words and pairs of words (TF-IDF): transfers nothing, for texts"
    reference = "Wang & Manning, Baselines and Bigrams, ACL 2012"
    baseline = True
    api = VERSION
    deterministic = True

    def networks(self, task: Task) -> Sequence[Weights]:
        """See :class:`autotl.api.OwnNetworks`."""
        width = task.target.outputs
        fitting = [each for each in BUCKETS if each * width <= MAX_NUMBERS]
        buckets = max(fitting, default=BUCKETS[0])
        size = MIN_WORDS
        while size < min(MAX_WORDS, 2 * task.typical_size):
            size *= 2
        return [
            Weights(
                name="bag_of_words",
                timm_name="tfidf",
                origin=ORIGIN,
                pretrained=False,
                args={
                    "arguments": {"vocabulary": buckets, "width": width},
                    "input": {"input_size": size, "encoder": f"ngrams:{buckets}", "fixed": True},
                },
                modality="text",
            )
        ]

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        if task.target.kind == "regression":
            return Applies(False, "its logistic regression predicts classes and labels, and no numbers")
        return Applies(True, "a linear classifier of words takes seconds")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {"C": DEFAULT_C}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {"C": space.suggest_categorical("C", C_VALUES)}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        numbers = task.train_rows * min(backbone.input_size, 2 * task.typical_size) * task.target.outputs
        return Cost(SECONDS_PER_NUMBER * MAX_STEPS * numbers, 8 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> _TfidfLearner:
        return _TfidfLearner(float(params["C"]), workbench)


class _TfidfLearner:
    def __init__(self, c: float, workbench: Workbench) -> None:
        self._c, self._workbench = c, workbench
        self._model: Any = workbench.model(pretrained=False)

    def fit(self) -> Generator[Beat | Score, None, None]:
        import torch  # not needed to list the plugins

        from autotl.backbone import set_head

        workbench, model = self._workbench, self._model
        size = workbench.backbone.input_size
        inputs = workbench.inputs(input_size=size).train
        numbers = torch.as_tensor(inputs[: len(inputs)]).numpy()
        idf = inverse_frequencies(numbers, len(model.body.idf))
        yield Beat()
        weight, bias = self._regression(numbers, idf)
        with torch.no_grad():
            model.body.idf.copy_(torch.from_numpy(idf))
            model.body.weight.copy_(weight.T)
        set_head(model, torch.eye(len(bias)), bias)
        yield workbench.score(model, input_size=size)

    def _regression(self, numbers: NDArray[np.int32], idf: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
        """Return weights (k, buckets) and biases (k,) of a logistic regression."""
        import numpy as np
        import torch  # not needed to list the plugins

        workbench, k = self._workbench, self._workbench.task.target.outputs
        matrix, used = weighted_counts(numbers, idf)
        targets, weights = workbench.targets().train.numpy(), workbench.weights()
        rows = None if weights is None else weights.numpy()
        fit = _fit_classes if targets.ndim == 1 else _fit_labels
        coefficients, bias = fit(matrix, targets, k=k, c=self._c, rows=rows)
        weight = np.zeros((k, len(idf)), np.float32)
        weight[:, used] = coefficients
        return torch.from_numpy(weight), torch.from_numpy(bias.astype(np.float32))


def _fit_classes(
    matrix: Any, targets: NDArray[Any], *, k: int, c: float, rows: NDArray[Any] | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return coefficients (k, columns) and biases (k,) of classes that exclude each other.

    Args:
        matrix: The texts, (texts, columns).
        targets: The class of each text.
        k: The number of classes.
        c: The inverse regularisation.
        rows: The weights of the texts; None if all are equal.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    coefficients, bias = np.zeros((k, matrix.shape[1])), np.full(k, -ABSENT)
    present = np.unique(targets)
    if len(present) < 2:
        bias[present] = ABSENT
        return coefficients, bias
    with threadpool_limits(1):  # threads cost more than they save on a sparse matrix
        found = LogisticRegression(C=c, max_iter=MAX_STEPS).fit(matrix, targets, sample_weight=rows)
    of_two = len(present) == 2  # the outputs of two classes have opposite signs
    coefficients[present] = np.concatenate([-found.coef_, found.coef_]) / 2 if of_two else found.coef_
    shifts = np.concatenate([-found.intercept_, found.intercept_]) / 2 if of_two else found.intercept_
    bias[present] = shifts
    bias[np.setdiff1d(np.arange(k), present)] += shifts.min()
    return coefficients, bias


def _fit_labels(
    matrix: Any, targets: NDArray[Any], *, k: int, c: float, rows: NDArray[Any] | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return coefficients (k, columns) and biases (k,) of labels, each by itself.

    Args:
        matrix: The texts, (texts, columns).
        targets: 0 or 1 for each text and label, (texts, k).
        k: The number of labels.
        c: The inverse regularisation.
        rows: The weights of the texts; None if all are equal.
    """
    import numpy as np

    coefficients, bias = np.zeros((k, matrix.shape[1])), np.zeros(k)
    for number in range(k):
        two, shift = _fit_classes(matrix, targets[:, number].astype(np.int64), k=2, c=c, rows=rows)
        coefficients[number], bias[number] = two[1] - two[0], shift[1] - shift[0]
    return coefficients, bias


def inverse_frequencies(numbers: NDArray[np.int32], buckets: int) -> NDArray[np.float32]:
    """Return the smoothed inverse document frequency of each number, (buckets,).

    Args:
        numbers: The distinct numbers of each text, (texts, words); 0 for none.
        buckets: How many numbers there are.
    """
    import numpy as np

    counts = np.bincount(numbers.ravel(), minlength=buckets)
    found: NDArray[np.float32] = (np.log((1 + len(numbers)) / (1 + counts)) + 1).astype(np.float32)
    found[0] = 0.0
    return found


def weighted_counts(numbers: NDArray[np.int32], idf: NDArray[np.float32]) -> tuple[Any, NDArray[np.int64]]:
    """Return the TF-IDF of texts, sparse, and the numbers of its columns.

    Args:
        numbers: The distinct numbers of each text, (texts, words); 0 for none.
        idf: The inverse document frequency of each number.

    Returns:
        Rows of length 1, (texts, used numbers), and the used numbers, rising.
    """
    import numpy as np
    from scipy.sparse import csr_matrix

    used: NDArray[np.int64] = np.setdiff1d(numbers, [0]).astype(np.int64)
    rows, places = np.nonzero(numbers)
    found = numbers[rows, places]
    weights = idf[found].astype(np.float64)
    lengths = np.sqrt(np.bincount(rows, weights**2, minlength=len(numbers)))
    columns = np.searchsorted(used, found)
    shape = len(numbers), len(used)
    values = (weights / np.maximum(lengths[rows], 1e-12)).astype(np.float32)
    return csr_matrix((values, (rows, columns)), shape=shape), used


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Tfidf()]
