import json

from autotl_kit.card import Card

from autotl.testing import ReporterChecks
from autotl.testing.reporter import REPORT


class TestCard(ReporterChecks):
    reporter = Card()


def written(tmp_path, report=REPORT):
    (path,) = Card().write(report, tmp_path)
    assert path == tmp_path / "model" / "README.md"
    return path.read_text(encoding="utf-8")


def front_matter(text):
    lines = text.split("---\n")[1].splitlines()
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in lines)}


def test_the_front_matter_has_the_score(tmp_path):
    meta = front_matter(written(tmp_path))
    assert meta["library_name"] == "timm"
    (result,) = meta["model-index"][0]["results"]
    assert result["metrics"] == [{"type": "accuracy", "value": 0.8}]
    assert result["dataset"]["name"] == REPORT["name"]


def test_the_score_has_its_interval_and_number_of_images(tmp_path):
    assert "Accuracy **0.800** (95 % interval 0.600 to 0.950) on 20 test images" in written(tmp_path)


def test_names_are_escaped(tmp_path):
    text = written(tmp_path, {**REPORT, "name": "a\n---\n# b <script>", "classes": ["<b>", "x|y"]})
    assert text.count("\n---\n") == 1
    assert "<script>" not in text.split("\n---\n")[1]
    assert "\\<b\\>, x\\|y" in text


def test_a_report_without_score_gives_no_score(tmp_path):
    meta = front_matter(written(tmp_path, {**REPORT, "test": None}))
    assert "model-index" not in meta


def test_an_ensemble_is_loaded_by_autotl(tmp_path):
    text = written(
        tmp_path, {**REPORT, "how": {"ensemble": {"kept": True}}, "classes": list(map(str, range(101)))}
    )
    assert 'autotl.load("RUN")' in text
    assert "local-dir:FOLDER" not in text
    assert "1 more, in `ensemble.json`" in text
    assert front_matter(text)["library_name"] == "autotl"
