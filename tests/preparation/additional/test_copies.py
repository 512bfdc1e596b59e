"""Additional images that are copies of labelled ones are found, those of test images above all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autotl.api import ROLES
from autotl.errors import RunError
from autotl.jsonio import plain
from autotl.pipeline.prepare import Prepared
from autotl.preparation.additional.roles import given_roles, learnable, users_of
from autotl.preparation.record import NEW_RUN, read_record
from autotl.testing import tiny_images
from tests.support.additional import Heard, Taught, ready_with
from tests.support.settings import settings

CLASSES, EACH = 3, 30


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, list[str]]:
    return tiny_images(classes=CLASSES, each=EACH, side=48, noise=0.1)


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory: pytest.TempPathFactory, images: Any) -> Prepared:
    return ready_with(tmp_path_factory.mktemp("plain"), images)


def own_row(ready: Prepared, row: int) -> int:
    """Return the number of an array image in the given data."""
    return int(str(ready.dataset.table["item"].iloc[row]).split()[1])


def unlabelled_with(copies: list[np.ndarray], *, seed: int = 50) -> np.ndarray:
    """Return new images, followed by copies of labelled ones."""
    fresh = tiny_images(classes=CLASSES, each=10, side=48, noise=0.1, seed=seed)[0]
    return np.concatenate([fresh, np.stack(copies)]) if copies else fresh


def smaller(pixels: np.ndarray) -> np.ndarray:
    """Return a near copy: resized, and back to its size."""
    return np.asarray(Image.fromarray(pixels).resize((40, 40)).resize((48, 48)))


def test_copies_of_test_and_training_images_are_left_out_and_counted(
    plain_run: Prepared, images: Any, tmp_path: Path
) -> None:
    tested = [own_row(plain_run, row) for row in plain_run.splits.test[:4]]
    learned = [own_row(plain_run, row) for row in plain_run.splits.train[:3]]
    exact = [images[0][i] for i in (*tested[:2], *learned[:2])]
    near = [smaller(images[0][i]) for i in (*tested[2:], *learned[2:])]
    heard = Heard()
    given = unlabelled_with([*exact, *near])
    ready = ready_with(tmp_path, images, watch=heard, unlabelled=given)
    found = ready.additional["unlabelled"]
    assert (found.given, len(found.dataset)) == (len(given), len(given))
    left = {str(found.dataset.table["item"].iloc[row]) for row in range(len(given))} - {
        str(found.dataset.table["item"].iloc[row]) for row in found.used
    }
    assert {f"image {i}" for i in range(30, 37)} <= left
    assert len(left) <= 9  # images of one texture may look alike
    note = next(each for each in ready.notes if "left out as copies" in each)
    assert "of test images" in note
    assert note in heard.said
    assert ready.task.additional["unlabelled"].images == len(found.used)
    assert ready.task.additional["unlabelled"].classes == ()


def test_nothing_is_left_out_of_other_images(images: Any, tmp_path: Path) -> None:
    ready = ready_with(tmp_path, images, unlabelled=unlabelled_with([]))
    assert ready.additional["unlabelled"].copies <= 1
    assert not ready.additional.keys() - {"unlabelled"}


def test_source_images_that_are_test_images_are_left_out(
    plain_run: Prepared, images: Any, tmp_path: Path
) -> None:
    tested = [own_row(plain_run, row) for row in plain_run.splits.test[:3]]
    others, names = tiny_images(classes=5, each=8, side=48, noise=0.1, seed=60)
    given = np.concatenate([others, images[0][tested]]), [*names, *(images[1][i] for i in tested)]
    ready = ready_with(tmp_path, images, source=given)
    found = ready.additional["source"]
    assert found.copies >= 3
    assert ready.task.additional["source"].classes == ("bars", "rings", "spots", "steps", "waves")
    targets = found.targets
    assert targets is not None
    assert len(targets) == len(found.used)


def test_images_that_no_strategy_learns_from_are_not_read(images: Any, tmp_path: Path) -> None:
    ready = ready_with(tmp_path, images, strategies={}, unlabelled=unlabelled_with([]))
    assert ready.additional == {}
    assert ready.task.additional == {}


def test_a_resumed_run_keeps_the_images_and_refuses_others(
    plain_run: Prepared, images: Any, tmp_path: Path
) -> None:
    copied = own_row(plain_run, plain_run.splits.test[0])
    given = unlabelled_with([images[0][copied]])
    first = ready_with(tmp_path / "a", images, unlabelled=given)
    known = read_record(plain(first.record))
    assert known.additional["unlabelled"].left_out
    again = ready_with(tmp_path / "b", images, record=known, unlabelled=given)
    assert np.array_equal(again.additional["unlabelled"].used, first.additional["unlabelled"].used)
    assert again.record.additional == first.record.additional
    with pytest.raises(RunError, match=r"the unlabelled images differ: there were 31 and are 30"):
        ready_with(tmp_path / "c", images, record=known, unlabelled=given[:-1])
    other = given.copy()
    other[0] = 255 - other[0]
    with pytest.raises(RunError, match="their number is the same, but some have other pixels"):
        ready_with(tmp_path / "d", images, record=known, unlabelled=other)


def test_a_run_that_started_without_such_images_does_not_learn_from_them(
    plain_run: Prepared, images: Any, tmp_path: Path
) -> None:
    known = read_record(plain(plain_run.record))
    ready = ready_with(tmp_path, images, record=known, unlabelled=unlabelled_with([]))
    assert ready.additional == {}


def test_a_strategy_is_searched_only_with_its_images() -> None:
    strategies: Any = {"taught": Taught(), "plain": object()}
    assert set(learnable(strategies, [])) == {"plain"}
    assert set(learnable(strategies, ["unlabelled", "source"])) == {"taught", "plain"}
    assert users_of("unlabelled", strategies) == {"taught"}
    given = settings(data="photos", unlabelled="more").data
    assert given_roles(given) == ("unlabelled",)
    assert set(ROLES) == {"unlabelled", "source", "deploy"}


def test_the_record_of_a_version_without_additional_images_is_read(plain_run: Prepared) -> None:
    document = plain(plain_run.record)
    del document["additional"]
    assert read_record(document).additional == {}
    assert NEW_RUN.additional == {}
