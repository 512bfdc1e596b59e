"""The bag of words: a sparse logistic regression in the form of a network."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from autotl.api import Strategy, Task, Weights
from autotl.backbone import create
from autotl.builtin.strategies.baselines import tfidf
from autotl.modalities.text.ngrams import ngram_numbers
from autotl.testing import tiny_task
from tests.support.texts import sentences


def test_it_offers_one_network_for_texts_with_few_weights():
    (weights,) = tfidf.Tfidf().networks(tiny_task({"a": 10, "b": 10}))
    assert weights.modality == "text"
    assert not weights.pretrained
    many = Task(tiny_task({str(k): 5 for k in range(200)}).target, {"0": 5}, 20)
    (wide,) = tfidf.Tfidf().networks(many)
    assert isinstance(tfidf.Tfidf(), Strategy)
    assert wide.args["arguments"]["vocabulary"] < weights.args["arguments"]["vocabulary"]


def test_its_matrix_has_rows_of_length_1_and_rare_words_count_more():
    numbers = np.array([[1, 2, 0], [1, 3, 0], [1, 0, 0]], dtype=np.int32)
    idf = tfidf.inverse_frequencies(numbers, 5)
    assert idf[1] == 1
    assert idf[2] == idf[3] > idf[1]
    matrix, used = tfidf.weighted_counts(numbers, idf)
    assert used.tolist() == [1, 2, 3]
    np.testing.assert_allclose(np.sqrt(matrix.multiply(matrix).sum(1)).ravel(), 1.0)


def test_the_network_gives_the_outputs_of_the_regression():
    texts, labels = sentences(20)
    targets = np.unique(labels, return_inverse=True)[1]
    buckets, size = 4096, 32
    numbers = np.zeros((len(texts), size), np.int32)
    for row, text in enumerate(texts):
        found = ngram_numbers(text, buckets=buckets, most=size)
        numbers[row, : len(found)] = found
    idf = tfidf.inverse_frequencies(numbers, buckets)
    matrix, used = tfidf.weighted_counts(numbers, idf)
    coefficients, bias = tfidf._fit_classes(matrix, targets, k=3, c=10.0, rows=None)
    arguments = {"vocabulary": buckets, "width": 3}
    form = {"arguments": arguments, "input": {"input_size": size, "encoder": f"ngrams:{buckets}"}}
    network = create(Weights("bag", "tfidf", "test", pretrained=False, args=form, modality="text"), classes=3)
    with torch.no_grad():
        network.body.idf.copy_(torch.from_numpy(idf))
        network.body.weight[torch.from_numpy(used)] = torch.from_numpy(coefficients.T).float()
        network.head.weight.copy_(torch.eye(3))
        network.head.bias.copy_(torch.from_numpy(bias))
    found = network(torch.from_numpy(numbers).long()).detach().numpy()
    regression = LogisticRegression(C=10.0, max_iter=200).fit(matrix, targets)
    np.testing.assert_allclose(found, regression.decision_function(matrix), atol=1e-4)


def test_two_classes_and_missing_classes_have_outputs_too():
    texts = np.eye(6)
    two, bias = tfidf._fit_classes(texts, np.array([0, 0, 0, 2, 2, 2]), k=3, c=10.0, rows=None)
    outputs = texts @ two.T + bias
    assert outputs.argmax(1).tolist() == [0, 0, 0, 2, 2, 2]
    assert (outputs[:, 1] < outputs.min(1).clip(max=0) + 1e-9).all()
    labels, shifts = tfidf._fit_labels(texts, np.array([[1, 0]] * 3 + [[0, 0]] * 3), k=2, c=10.0, rows=None)
    predicted = texts @ labels.T + shifts
    assert (predicted[:3, 0] > 0).all()
    assert (predicted[:, 1] < 0).all()
