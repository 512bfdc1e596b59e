"""The main sentence names the method that its figures belong to."""

from __future__ import annotations

import numpy as np

from autotl.exploration.document import key_sentence
from autotl.exploration.grouping.choose import Grouping
from autotl.exploration.grouping.stability import Stability

CLEAR = Stability(2, 0.95, 0.02, 0.01, 0.2, 0.0, 0.8, 0.2, 0.01)


def test_with_labels_of_turtle_the_stability_is_that_of_k_means() -> None:
    ids = np.array([0] * 6 + [1] * 4)
    found = [
        key_sentence(Grouping(ids, method, "net", CLEAR, {"net": [CLEAR]}), 10)
        for method in ("TURTLE", "k-means")
    ]
    assert "form 2 clear clusters (stability of k-means 0.95 ± 0.02; 0.20 without any clusters)" in found[0]
    assert "form 2 clear clusters (stability 0.95 ± 0.02; 0.20 without any clusters)" in found[1]
