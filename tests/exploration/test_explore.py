"""The call from Python, with the embedded backbone."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autotl
from autotl.errors import ArgumentError, DataError, RunError, UnknownName
from autotl.exploration.images import features
from autotl.exploration.result import Exploration
from autotl.exploration.table import TABLE
from autotl.testing import tiny_images
from tests.support.planted import photos

FAST: dict[str, Any] = {"backbone": "tiny", "clusters": 2, "projection": "pca", "device": "cpu"}


def test_the_folder_has_all_files_and_nothing_else(explored: Exploration) -> None:
    names = {each.name for each in explored.folder.iterdir()}
    assert names == {"explore.html", "explore.json", "clusters.csv", "cluster_labels.csv", "features.npy"}
    assert np.load(explored.features).shape[0] == 60
    document = json.loads((explored.folder / "explore.json").read_text())
    assert document == explored.document
    assert document["format"] == 1
    assert document["images"]["distinct"] == 60


def test_the_result_has_clusters_positions_and_stability(explored: Exploration) -> None:
    assert explored.k == 3
    assert sorted(set(explored.clusters.tolist())) == [0, 1, 2]
    assert explored.embedding.shape == (60, 2)
    assert explored.stability is not None
    assert {"mean", "spread", "null_mean", "k"} <= explored.stability.keys()
    assert explored.sentence in explored._repr_html_()


def test_the_first_rows_of_the_table_are_the_representatives(explored: Exploration) -> None:
    table = explored.table()
    assert table["rank"].tolist()[:6] == [1, 1, 1, 2, 2, 2]
    assert table["cluster"].tolist()[:6] == [0, 1, 2, 0, 1, 2]
    assert all(Path(path).is_absolute() and Path(path).is_file() for path in table["path"])
    assert table["label"].tolist() == [""] * 60
    assert explored.clusters[table["row"]].tolist() == table["cluster"].tolist()
    best = table[(table["rank"] == 1) & (table["cluster"] == 0)]["distance"].item()
    assert best == table[table["cluster"] == 0]["distance"].min()


def test_the_written_table_is_the_table(explored: Exploration) -> None:
    written = pd.read_csv(explored.folder / TABLE, keep_default_na=False)
    assert written.columns.tolist() == explored.table().columns.tolist()
    assert written["path"].tolist() == explored.table()["path"].tolist()


def test_save_copies_the_folder_and_refuses_a_full_one(explored: Exploration, tmp_path: Path) -> None:
    assert (explored.save(tmp_path / "copy") / "explore.html").is_file()
    with pytest.raises(RunError, match="not empty"):
        explored.save(tmp_path / "copy")


def test_without_out_the_folder_lives_as_long_as_the_result(pictures: Path) -> None:
    found = autotl.explore(pictures, **FAST)
    folder = found.folder
    assert folder.is_dir()
    del found
    assert not folder.exists()


def zipped(folder: Path, here: Path) -> Path:
    with zipfile.ZipFile(here / "photos.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"deep/{file.name}")
    return here / "photos.zip"


def table_of(folder: Path, here: Path) -> Path:
    names = sorted(folder.iterdir())
    pd.DataFrame({"picture": names, "label": "x"}).to_csv(here / "table.csv", index=False)
    return here / "table.csv"


@pytest.mark.parametrize(
    "form",
    [
        zipped,
        table_of,
        lambda folder, here: sorted(folder.iterdir()),
        lambda folder, here: [Image.open(each) for each in sorted(folder.iterdir())],
        lambda folder, here: np.stack([np.asarray(Image.open(each)) for each in sorted(folder.iterdir())]),
    ],
    ids=["zip", "table", "paths", "PIL", "array"],
)
def test_every_form_of_images_gives_the_same_clusters(
    form: Callable[[Path, Path], Any], pictures: Path, explored: Exploration, tmp_path: Path
) -> None:
    found = autotl.explore(form(pictures, tmp_path), **(FAST | {"clusters": 3}))
    assert found.clusters.tolist() == explored.clusters.tolist()


def test_folders_and_columns_of_labels_are_noted_and_not_used(pictures: Path, tmp_path: Path) -> None:
    for file in pictures.iterdir():
        target = tmp_path / "sorted" / file.stem.partition("-")[2] / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    notes = autotl.explore(tmp_path / "sorted", **FAST).document["notes"]
    assert notes[0] == "The images lie in 3 folders (bars, rings, spots). Their names are not used as labels."
    notes = autotl.explore(table_of(pictures, tmp_path), **FAST).document["notes"]
    assert notes[0] == "The column 'label' is not used: exploring needs no labels."


def test_copies_and_unreadable_files_are_counted_and_listed(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", each=8)
    first, second = sorted(folder.iterdir())[:2]
    (folder / "copy.png").write_bytes(first.read_bytes())
    Image.open(second).resize((48, 48)).save(folder / "larger.jpg", quality=95)
    (folder / "broken.png").write_bytes(b"no")
    found = autotl.explore(folder, **FAST)
    assert found.document["images"] | {"typical_size": 0} == {
        "given": 27, "distinct": 25, "exact_copies": 1, "unreadable": 1, "typical_size": 0,
    }  # fmt: skip
    table = found.table().set_index("path")
    assert table.loc[str(first.absolute()), "copy"] == ""
    assert table.loc[str(folder / "copy.png"), ["copy", "copy_of"]].tolist() == ["exact", str(first)]
    assert [each["image"] for each in found.document["unreadable"]] == [str(folder / "broken.png")]
    assert found.table()["copy"].tolist().index("exact") >= 24  # copies are last


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            np.zeros((30, 8, 8, 3), np.uint8),
            "20 different images or more to explore .got 1; 29 others are exact copies",
        ),
        (np.random.default_rng(0).integers(0, 255, (7, 8, 8, 3), dtype=np.uint8), "got 7"),
        ([b"no image"] * 30, "got 0; unreadable: image 0"),
        (None, "must not be None"),
        ("/nowhere/at/all", "There is no"),
    ],
    ids=["identical", "few", "broken", "None", "path"],
)
def test_what_cannot_be_explored_is_refused_in_a_sentence(images: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        autotl.explore(images, **FAST)


def test_a_mistyped_folder_leaves_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOTL_RUNS", str(tmp_path / "runs"))
    with pytest.raises(DataError, match="There is no"):
        autotl.explore(tmp_path / "phtos", **FAST)
    assert list(tmp_path.iterdir()) == []


def test_images_of_one_pixel_are_explored() -> None:
    colours = np.random.default_rng(0).integers(0, 255, (30, 1, 1, 3), dtype=np.uint8)
    found = autotl.explore([Image.fromarray(each) for each in colours], **FAST)
    assert len(found.clusters) == len(np.unique(colours.reshape(30, 3), axis=0))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"clusters": 1}, ArgumentError),
        ({"clusters": True}, ArgumentError),
        ({"clusters": 40}, DataError),
        ({"max_clusters": 1000}, ArgumentError),
        ({"projection": "cube"}, UnknownName),
        ({"backbone": "nonsense"}, UnknownName),
        ({"backbone": ["tiny", "tiny"]}, DataError),
        ({"image_size": 0}, ArgumentError),
        ({"device": "abacus"}, UnknownName),
    ],
    ids=lambda each: str(each) if isinstance(each, dict) else "",
)
def test_wrong_options_are_refused(options: dict[str, Any], error: type[Exception], pictures: Path) -> None:
    with pytest.raises(error):
        autotl.explore(pictures, **(FAST | options))


def test_an_interrupted_exploration_resumes_with_the_next_block(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "BLOCK", 16)
    forward, calls = features.forward_in_batches, []

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(len(arguments[1]))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return forward(*arguments, **options)

    monkeypatch.setattr(features, "forward_in_batches", counted)
    with pytest.raises(KeyboardInterrupt):
        autotl.explore(pictures, out=tmp_path / "out", **FAST)
    assert {each.name for each in (tmp_path / "out").iterdir()} == {".explore"}
    resumed = autotl.explore(pictures, out=tmp_path / "out", **FAST)
    assert calls == [16, 16, 16, 16, 12]  # the third block is computed again, the first two are not
    whole = autotl.explore(pictures, **FAST)
    assert resumed.clusters.tolist() == whole.clusters.tolist()
    assert np.array_equal(np.load(resumed.features), np.load(whole.features))
    with pytest.raises(RunError, match="finished exploration"):
        autotl.explore(pictures, out=tmp_path / "out", **FAST)


def test_a_name_that_is_a_formula_is_no_formula_in_the_tables(tmp_path: Path) -> None:
    class Named(io.BytesIO):
        name = "=HYPERLINK(1)"

    files: list[Any] = []
    for number, image in enumerate(tiny_images(each=10)[0]):
        file = Named() if number == 0 else io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        files.append(file)
    found = autotl.explore(files, out=tmp_path / "out", **FAST)
    assert "=HYPERLINK(1)" in set(found.table()["path"])
    written = (found.folder / TABLE).read_text()
    assert "'=HYPERLINK(1)" in written
    assert "\n=" not in written


def test_two_backbones_are_compared(pictures: Path, tmp_path: Path) -> None:
    weights = tmp_path / "other"
    shutil.copytree(Path(autotl.__file__).parent / "builtin" / "weights" / "tiny", weights)
    found = autotl.explore(pictures, **(FAST | {"backbone": ["tiny", weights], "image_size": 32}))
    assert len(found.document["backbones"]) == 2
    assert found.document["margin"] is not None
    assert found.document["method"] in {"TURTLE", "k-means"}
    assert "TURTLE's labels with a kappa" in " ".join(found.document["notes"])


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled source images: tiny textures of other random draws, in class folders."""
    folder = tmp_path_factory.mktemp("labelled")
    images, names = tiny_images(each=12, noise=0.3)
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        (folder / str(name)).mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / str(name) / f"{number}.png")
    return folder


def test_the_page_and_the_document_say_what_the_source_contributed(pictures: Path, labelled: Path) -> None:
    found = autotl.explore(pictures, source=labelled, **(FAST | {"clusters": 3}))
    source = found.document["source"]
    assert (source["images"], source["classes"], source["left_out"]) == (36, 3, 0)
    assert source["data"] == labelled.name
    (compared,) = source["by_backbone"].values()
    assert compared["kept"] == source["kept"]
    used = compared["with" if source["kept"] else "without"]
    assert found.stability == used
    assert source["sentence"].startswith("The 36 source images of 3 classes ")
    assert source["sentence"] in found.document["notes"]
    page = (found.folder / "explore.html").read_text()
    assert source["sentence"] in page
    assert page.count("Source images</th>") == 1


def test_without_a_source_nothing_is_said_of_it(explored: Exploration) -> None:
    assert explored.document["source"] is None
    assert "source images" not in (explored.folder / "explore.html").read_text()


def test_source_images_that_are_explored_are_left_out(pictures: Path, labelled: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(labelled, copied)
    shutil.copy(sorted(pictures.iterdir())[0], next(copied.iterdir()) / "copy.png")
    found = autotl.explore(pictures, source=copied, **FAST)
    assert (found.document["source"]["images"], found.document["source"]["left_out"]) == (36, 1)
    assert "1 source image is left out as copies of explored images." in found.document["notes"]


def test_a_source_without_labels_is_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="source must be labelled images of two classes or more"):
        autotl.explore(pictures, source=photos(tmp_path / "unlabelled", each=5), **FAST)
