"""Baselines with their own networks fulfil the contract, and timm opens their models."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.decomposition import PCA

import autotl
from autotl.api import Backbone, Task, Workbench
from autotl.builtin.strategies.baselines.pixels import COMPONENTS, SIDE, Moments, Pixels
from autotl.builtin.strategies.baselines.scratch_small import MIN_EPOCHS_OF_LARGER, NETWORKS, ScratchSmall
from autotl.pipeline.prepare import Prepared
from autotl.results import Result
from autotl.terminal import Silence
from autotl.testing import StrategyChecks, tiny_images
from autotl.training import epoch_seconds, predict_outputs
from autotl.workbench.trial_workbench import TrialWorkbench

pytestmark = pytest.mark.usefixtures("few_epochs")

TIMM_ALONE = """
import json, sys
sys.modules["autotl"] = None  # every import of it fails
import timm, torch
from PIL import Image
model = timm.create_model("local-dir:" + sys.argv[1], pretrained=True).eval()
transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
with torch.no_grad():
    x = torch.stack([transform(Image.open(path).convert("RGB")) for path in sys.argv[2:]])
    print(json.dumps(model(x).tolist()))
"""


def scored_and_computed(
    strategy: Pixels | ScratchSmall, bench: Workbench
) -> tuple[torch.Tensor, torch.Tensor]:
    """The validation logits that were scored, and those of the network that comes out."""
    learner = strategy.build(strategy.defaults(bench.task, bench.backbone), bench)
    scored = list(learner.fit())[-1].outputs
    result = bench.result  # type: ignore[attr-defined]
    return scored, predict_outputs(result.model, bench.inputs(input_size=result.input_size).val, bench)


def sized(task: Task, images: int) -> Task:
    """The task with about so many training images."""
    each = round(images / 0.8 / task.target.outputs)
    return replace(task, strata_counts=dict.fromkeys(task.target.names, each))


class TestScratchSmall(StrategyChecks):
    strategy = ScratchSmall()

    def test_the_network_computes_what_was_scored(self, ready: Prepared) -> None:
        scored, computed = scored_and_computed(self.strategy, self.bench(ready))
        torch.testing.assert_close(computed, scored, atol=1e-3, rtol=1e-3)

    def test_more_images_bring_larger_networks(self, ready: Prepared) -> None:
        offered = [
            [weights.name for weights in self.strategy.networks(sized(ready.task, images))]
            for images in (100, 10_000, 30_000)
        ]
        assert [len(names) for names in offered] == [1, 2, 3]
        assert offered[-1] == [network.name for network in NETWORKS]
        sizes = [
            sum(each.numel() for each in _built(weights.args).parameters())
            for weights in self.strategy.networks(sized(ready.task, 30_000))
        ]
        assert sizes == sorted(sizes)

    def test_a_larger_network_is_taken_if_enough_epochs_fit_and_the_smallest_always(
        self, ready: Prepared, backbone: Backbone
    ) -> None:
        larger = replace(backbone, name="a larger one")
        enough = MIN_EPOCHS_OF_LARGER * epoch_seconds(
            ready.task, backbone, input_size=min(backbone.input_sizes), trained=1.0
        )
        for seconds, taken in ((2 * enough, True), (0.2 * enough, False)):
            task = replace(ready.task, trial_seconds=seconds, folds=1)
            assert bool(self.strategy.applies(task, larger)) == taken
            assert self.strategy.applies(task, backbone)
        assert "do not fit" in self.strategy.applies(task, larger).why

    def test_large_images_with_detail_are_seen_larger(self, ready: Prepared) -> None:
        input_sizes = []
        for input_size in (32, 300):
            (weights,) = self.strategy.networks(replace(ready.task, typical_size=input_size))
            assert weights.config is not None
            input_sizes.append(weights.config.input_size)
        assert input_sizes[0] < input_sizes[1]

    def test_less_time_means_smaller_images_and_fewer_epochs(
        self, ready: Prepared, backbone: Backbone
    ) -> None:
        both = replace(backbone, input_sizes=(32, 64), input_size=64)
        large = epoch_seconds(ready.task, both, input_size=64, trained=1.0)
        small = epoch_seconds(ready.task, both, input_size=32, trained=1.0)
        task = replace(ready.task, folds=1)
        long, short, tiny = (
            self.strategy.defaults(replace(task, trial_seconds=seconds), both)
            for seconds in (600 * large, 200 * small, 2.5 * small)
        )
        assert (long["image_size"], short["image_size"], tiny["image_size"]) == (64, 32, 32)
        assert 1 <= tiny["epochs"] < short["epochs"]


def _built(args: object) -> torch.nn.Module:
    import timm

    return timm.create_model("resnet18", num_classes=3, **dict(args))  # type: ignore[call-overload, no-any-return]


class TestPixels(StrategyChecks):
    strategy = Pixels()

    def test_the_network_computes_what_was_scored(self, ready: Prepared) -> None:
        scored, computed = scored_and_computed(self.strategy, self.bench(ready))
        torch.testing.assert_close(computed, scored, atol=1e-3, rtol=1e-3)
        assert computed.std(0).min() > 0.1  # not a constant answer

    def test_the_components_are_scikit_learns(self, ready: Prepared) -> None:
        pixels = torch.rand(40, 30, generator=torch.Generator().manual_seed(0)) * torch.linspace(0.1, 1, 30)
        moments = Moments(30)
        for part in pixels.split(15):
            moments.add(part)
        matrix, shift = moments.principal(5)
        ours = (pixels @ matrix.T + shift).numpy()
        assert ours.mean(0) == pytest.approx(np.zeros(5), abs=1e-4)
        assert (ours**2).mean() == pytest.approx(1, abs=1e-3)
        theirs = PCA(5, svd_solver="full").fit_transform(pixels.numpy())[:, ::-1]  # largest first there
        across = np.corrcoef(ours.T, theirs.T)[:5, 5:]
        assert np.abs(np.diag(across)) == pytest.approx(np.ones(5), abs=1e-3)
        scale = ours.std(0) / theirs.std(0)
        assert scale == pytest.approx(np.full(5, scale[0]), rel=1e-3)  # one factor for all

    def test_few_images_have_fewer_components(self, ready: Prepared) -> None:
        widths = [self.strategy.networks(sized(ready.task, n))[0].args["embed_dim"] for n in (40, 5000)]
        assert widths[0] < 40
        assert widths[1] == COMPONENTS

    def test_rows_without_weight_change_nothing(self, ready: Prepared) -> None:
        plain, bench = self.bench(ready), self.bench(ready)
        wrong = torch.zeros(len(plain.targets().train), dtype=torch.bool)
        wrong[::4] = True
        classes = ready.task.target.outputs

        class Doubted(TrialWorkbench):
            """A quarter of the labels are wrong."""

            known: torch.Tensor | None = None

            def targets(self):  # type: ignore[no-untyped-def]
                rows = super().targets()
                return replace(rows, train=torch.where(wrong, (rows.train + 1) % classes, rows.train))

            def weights(self) -> torch.Tensor | None:
                return self.known

        doubted = Doubted(ready.run_cache, ready.task, bench.backbone, ready.splits.folds[0], seed=0)
        right = (~wrong).float() / (~wrong).float().mean()
        truth = plain.targets().val

        def score(bench: Workbench) -> tuple[float, torch.Tensor]:
            found = list(self.strategy.build({"C": 1.0}, bench).fit())[-1].outputs
            return float((found.argmax(1) == truth).float().mean()), found

        misled = score(doubted)[1]
        doubted.known = right
        weighted = score(doubted)[1]

        class Other(Doubted):
            """The same labels, wrong in another way: without weight they cannot matter."""

            def targets(self):  # type: ignore[no-untyped-def]
                rows = TrialWorkbench.targets(self)
                return replace(rows, train=torch.where(wrong, (rows.train + 2) % classes, rows.train))

        other = Other(ready.run_cache, ready.task, bench.backbone, ready.splits.folds[0], seed=0)
        other.known = right
        torch.testing.assert_close(score(other)[1], weighted, atol=1e-3, rtol=1e-3)
        assert not torch.allclose(misled, weighted, atol=0.1)

    def test_it_learns_classes_that_pixels_tell_apart(self, ready: Prepared) -> None:
        """Images that are dark or bright: a linear classifier is enough."""
        epochs = list(self.strategy.build({"C": 1.0}, _dark_or_bright(self.bench(ready))).fit())
        assert epochs[-1].value == 1.0


def _dark_or_bright(bench: TrialWorkbench) -> TrialWorkbench:
    """The bench with pictures of noise, darker for the first class than for the others."""
    labels, rng = bench.targets(), np.random.default_rng(0)

    def images(rows: torch.Tensor) -> torch.Tensor:
        level = (
            60 + 80 * (rows > 0).numpy()[:, None, None, None] + 40 * (rows > 1).numpy()[:, None, None, None]
        )
        noisy = level + rng.integers(-30, 30, (len(rows), 3, SIDE, SIDE))
        return torch.from_numpy(noisy.astype(np.uint8))

    shown = replace(labels, train=images(labels.train), val=images(labels.val))
    bench.inputs = lambda **asked: shown  # type: ignore[method-assign, assignment]
    return bench


@pytest.fixture(scope="module")
def grey() -> tuple[np.ndarray, list[str]]:
    """Grey images of three classes."""
    images, labels = tiny_images(classes=3, each=20, noise=0.2)
    return images.mean(axis=3).astype(np.uint8), labels


@pytest.fixture(scope="module", params=["pixels", "scratch_small"])
def run(
    request: pytest.FixtureRequest,
    grey: tuple[np.ndarray, list[str]],
    few_epochs: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Result:
    return autotl.fit(
        grey,
        out=tmp_path_factory.mktemp("run") / "RUN",
        backbone="tiny",
        trials=1,
        strategies=[request.param],
        watch=Silence(),
    )


def test_timm_alone_opens_the_final_model_and_gives_the_same_probabilities(
    run: Result, grey: tuple[np.ndarray, list[str]], tmp_path: Path
) -> None:
    paths = []
    for number, image in enumerate(grey[0][::15]):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(image).save(paths[-1])
    command = [sys.executable, "-W", "ignore", "-c", TIMM_ALONE, str(run.folder / "model"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = torch.tensor(json.loads(done.stdout)).softmax(1).numpy()
    table = run.predict(paths, top=3).sort_values(["path", "label"])
    names = sorted(run.predictor.classes)
    order = [run.predictor.classes.index(name) for name in names]
    ours = table["probability"].to_numpy().reshape(len(paths), 3)
    np.testing.assert_allclose(theirs[:, order], ours, atol=1e-4)
    assert ours.std(0).max() > 1e-3  # the predictions differ between images


def test_a_baseline_alone_has_no_comparison(run: Result) -> None:
    assert run.verdict["transfer"] is None
    assert "not measured: no transfer strategy finished a trial" in run.verdict["sentence"]
    assert run.verdict["cost"] == ""
    (arm,) = run.report["arms"]
    assert arm["backbone"] in {"pixels_16", NETWORKS[0].name}
    assert arm["test"] is not None
