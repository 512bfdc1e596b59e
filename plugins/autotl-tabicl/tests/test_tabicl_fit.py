import pytest
import torch
from autotl_tabicl.fit import draw_rows, fit_context, principal_components
from sklearn.decomposition import PCA


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_components_are_those_of_scikit_learn():
    x = torch.randn(200, 12, generator=generator()) @ torch.randn(12, 12, generator=generator(1))
    mean, projection = principal_components(x, 5)
    expected = torch.from_numpy(PCA(5).fit_transform(x.double().numpy())).float()
    expected = expected / expected.std(0, correction=0)
    found = (x - mean) @ projection
    signs = (found * expected).sum(0).sign()
    torch.testing.assert_close(found * signs, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("rows", "width", "expected"), [(4, 20, 3), (50, 6, 6), (2, 3, 1)])
def test_there_are_no_more_components_than_the_rows_have(rows, width, expected):
    x = torch.randn(rows, width, generator=generator())
    mean, projection = principal_components(x, 64)
    assert projection.shape == (width, expected)
    torch.testing.assert_close(((x - mean) @ projection).std(0, correction=0), torch.ones(expected))


def test_features_that_depend_on_others_add_no_component():
    x = torch.randn(100, 3, generator=generator())
    assert principal_components(torch.cat([x, x], 1), 64)[1].shape == (6, 3)


def test_equal_rows_give_finite_components():
    mean, projection = principal_components(torch.ones(5, 4), 2)
    assert ((torch.ones(5, 4) - mean) @ projection).abs().max() == 0


def test_drawn_rows_keep_each_class_and_the_proportions():
    labels = torch.tensor([0] * 80 + [1] * 19 + [2])
    drawn = draw_rows(labels, 20, generator())
    assert torch.equal(drawn, drawn.unique())
    assert labels[drawn].bincount().tolist() == [16, 3, 1]
    assert not torch.equal(drawn, draw_rows(labels, 20, generator(1)))


def test_few_rows_are_all_drawn():
    assert draw_rows(torch.tensor([1, 0, 1]), 3, generator()).tolist() == [0, 1, 2]


def test_members_see_other_orders_and_numbers():
    x, labels = torch.randn(30, 9, generator=generator()), torch.arange(30) % 3 + 4
    context = fit_context(x, labels, components=6, members=4, rows=20, generator=generator())
    assert context.orders[0].tolist() == list(range(6))
    assert len({tuple(order.tolist()) for order in context.orders}) == 4
    assert all(order.sort().values.tolist() == list(range(6)) for order in context.orders)
    assert context.shifts.tolist() == [0, 1, 2, 0]
    assert context.present.tolist() == [4, 5, 6]
    assert context.arguments() == {"rows": 18, "components": 6, "members": 4, "classes": 3}
