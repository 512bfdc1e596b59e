import copy
import pickle

import pytest
import torch
from torch import nn

pytest.importorskip("tabicl", reason="the package tabicl is not installed")

from autotl_tabicl import module
from autotl_tabicl.fit import fill, fit_context
from autotl_tabicl.module import TabICLHead

NETWORK = {
    "max_classes": 4,
    "embed_dim": 16,
    "col_num_blocks": 1,
    "col_nhead": 2,
    "col_num_inds": 8,
    "row_num_blocks": 1,
    "row_nhead": 2,
    "row_num_cls": 2,
    "row_rope_interleaved": False,
    "icl_num_blocks": 1,
    "icl_nhead": 2,
    "zero_init": False,
}


class NearestMean(nn.Module):
    """Predicts in context as TabICL does, by the nearest mean of the numbered classes."""

    max_classes = 4

    def __init__(self):
        super().__init__()
        self._cache = None

    def forward_with_cache(self, X_train=None, y_train=None, X_test=None, cache=None, **other):
        if cache is None:
            self._cache = X_train, y_train
            return None
        return self.predict(*cache, X_test)

    def forward(self, table, numbers, **other):
        rows = numbers.shape[1]
        return self.predict(table[:, :rows], numbers, table[:, rows:])

    def predict(self, context, numbers, rows):
        means = [context[0][numbers[0] == each].mean(0) for each in numbers[0].unique()]
        return -torch.cdist(rows, torch.stack(means)[None])

    def clear_cache(self):
        self._cache = None


def data(rows=60, classes=3, width=20, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(rows) % classes
    centres = 3 * torch.randn(classes, width, generator=torch.Generator().manual_seed(9))
    return centres[labels] + torch.randn(rows, width, generator=generator), labels


def head_on(x, labels, *, outputs=3, members=3, network=None):
    draw = torch.Generator().manual_seed(0)
    context = fit_context(x, labels, components=8, members=members, rows=1000, generator=draw)
    torch.manual_seed(5)
    head = TabICLHead({"network": NETWORK, **context.arguments()}, x.shape[1], outputs)
    if network is not None:
        head.network = network
    fill(head, context, head.network.state_dict())
    return head.eval()


def again(head):
    """Return a head that is built from the same arguments, with the same tensors."""
    arguments = {
        "rows": len(head.labels),
        "components": head.projection.shape[1],
        "members": len(head.shifts),
        "classes": len(head.present),
    }
    made = TabICLHead({"network": NETWORK, **arguments}, len(head.mean), head.outputs)
    made.load_state_dict(head.state_dict())
    return made.eval()


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("classes", [3, 6])  # NETWORK knows 4
def test_a_row_is_predicted_alone_and_in_batches(classes, monkeypatch):
    head = head_on(*data(classes=classes), outputs=classes)
    rows = data(classes=classes, rows=20, seed=1)[0]
    whole = head(rows)
    close(torch.cat([head(row[None]) for row in rows]), whole)
    monkeypatch.setattr(module, "BATCH", 7)
    close(head(rows), whole)
    assert whole.shape == (20, classes)
    assert whole.std() > 0


@pytest.mark.parametrize("classes", [3, 6])
def test_members_number_the_classes_and_their_outputs_are_put_back(classes):
    head = head_on(*data(classes=classes), outputs=classes, network=NearestMean())
    rows, labels = data(classes=classes, rows=90, seed=1)
    assert len(head.shifts.unique()) == 3
    assert (head(rows).argmax(1) == labels).float().mean() > 0.95


def test_it_agrees_with_the_classifier_of_tabicl(tmp_path):
    from tabicl import TabICLClassifier

    (x, labels), rows = data(), data(rows=10, seed=1)[0]
    head = head_on(x, labels, members=1)
    torch.save({"config": NETWORK, "state_dict": head.network.state_dict()}, tmp_path / "tabicl.ckpt")
    classifier = TabICLClassifier(
        n_estimators=1,
        norm_methods="none",
        feat_shuffle_method="none",
        class_shuffle_method="none",
        model_path=tmp_path / "tabicl.ckpt",
        allow_auto_download=False,
        device="cpu",
    )
    classifier.fit(head.embed(x).numpy(), labels.numpy())
    expected = torch.from_numpy(classifier.predict_proba(head.embed(rows).numpy())).float()
    close(head(rows).softmax(1), expected)


def test_a_head_with_the_same_tensors_gives_the_same_outputs():
    head, rows = head_on(*data()), data(rows=10, seed=1)[0]
    close(again(head)(rows), head(rows))
    close(pickle.loads(pickle.dumps(head))(rows), head(rows))
    close(copy.deepcopy(head)(rows), head(rows))


def test_loading_another_context_replaces_the_old_one():
    head, other, rows = head_on(*data()), head_on(*data(seed=3)), data(rows=10, seed=1)[0]
    before = head(rows)
    head.load_state_dict(other.state_dict())
    close(head(rows), other(rows))
    assert not torch.allclose(before, head(rows))


def test_moving_the_head_forgets_what_lies_on_the_old_device():
    head, rows = head_on(*data()), data(rows=10, seed=1)[0]
    before = head(rows)
    assert head._caches is not None
    head.double().float()
    assert head._caches is None
    close(head(rows), before)


def test_training_mode_changes_nothing():
    head, rows = head_on(*data()), data(rows=10, seed=1)[0]
    before = head(rows)
    close(head.train()(rows), before)
    assert not any(value.requires_grad for value in head.parameters())


def test_a_class_without_rows_is_the_least_likely():
    x, labels = data()
    head = head_on(x, 2 * (labels % 2), outputs=3)
    assert (head(data(rows=10, seed=1)[0]).argmin(1) == 1).all()


@pytest.mark.parametrize(("name", "value"), [("labels", 3), ("present", 7), ("orders", -1), ("shifts", 9)])
def test_tensors_out_of_range_are_refused(name, value):
    head = head_on(*data())
    state = {key: tensor.clone() for key, tensor in head.state_dict().items()}
    state[name].view(-1)[0] = value
    with pytest.raises(ValueError, match=name):
        head.load_state_dict(state)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"embed_dim": 10**9}, "embed_dim must be from 0 to"),
        ({"activation": ["gelu"]}, "activation must be a number or a text"),
        ({"max_classes": 0}, "max_classes must be 2 or more"),
    ],
)
def test_arguments_that_no_checkpoint_has_are_refused(changed, message):
    arguments = {"network": {**NETWORK, **changed}, "rows": 9, "components": 4, "members": 1, "classes": 3}
    with pytest.raises(ValueError, match=message):
        TabICLHead(arguments, 8, 3)
