"""The top of the page names the model with its score, and the faults of the data."""

from __future__ import annotations

from typing import Any

from autotl.report import html, parse
from autotl.report.head.headline import extremes, headline
from autotl.report.sections.summary import summary


def test_the_heading_names_the_model_once_with_its_score(sample: dict[str, Any]) -> None:
    found = headline(parse(sample))
    assert found == ("`finetune` on `mobilenetv2_100.in1k`: 86.7% test accuracy (95% interval 80.0 – 91.7%)")
    assert extremes(parse(sample)) == (
        "Best class: `sunflower`, 95.8% recognised. Worst: `dandelion`, 79.2%, most often taken for `daisy`."
    )
    sample["how"]["ensemble"] = {"kept": True, "trials": [3, 5, 3], "shares": [0.4, 0.3, 0.3]}
    assert headline(parse(sample)).startswith("An ensemble of 2 networks led by `finetune`")


def test_a_report_without_a_score_has_its_verdict_as_heading(sample: dict[str, Any]) -> None:
    sample["test"]["value"] = None
    assert headline(parse(sample)) == ""
    assert "<h1>Transfer helps:" in html(parse(sample))


def test_a_lower_score_is_named_as_better(sample: dict[str, Any]) -> None:
    sample["test"] |= {
        "metric": "log_loss", "value": 0.274, "ci95": [0.2, 0.35],
        "higher_is_better": False, "percent": False, "per_class": [],
    }  # fmt: skip
    assert headline(parse(sample)).endswith(
        ": 0.274 test log loss (lower is better) (95% interval 0.200 – 0.350)"
    )
    assert extremes(parse(sample)) == ""


def test_faults_of_the_data_lead_to_their_pictures(sample: dict[str, Any]) -> None:
    sample["quality"] |= {
        "near_leakage": {"images": 6, "compared": 120, "examples": [["a.jpg", "b.jpg"]]},
        "label_issues": [{"item": "c.jpg", "given": "rose", "suggested": "tulip", "confidence": 0.1}],
        "near_duplicates": None,
    }
    faults = summary(parse(sample)).faults
    assert [each.text for each in faults] == [
        "5.0% of the test images leak",
        "1 doubtful label",
        "1 set of copies with different labels",
        "7 training images with copies",
        "1 unreadable file",
    ]
    assert [each.severe for each in faults] == [True] + [False] * 4
    page = html(parse(sample))
    for fault in faults:
        assert f'<a href="#{fault.anchor}">{fault.text}</a>' in page
        assert f'id="{fault.anchor}"' in page


def test_faults_without_pictures_lead_to_the_section_on_the_data(sample: dict[str, Any]) -> None:
    sample["pictures"] = None
    page = html(parse(sample))
    assert '<a href="#data">1 set of copies with different labels</a>' in page
    assert '<a href="#issue-unreadable">1 unreadable file</a>' in page


def test_clean_data_has_no_strip() -> None:
    clean = {"quality": {"duplicates": {"images": 0}, "leakage": {"images": 0}, "unreadable": {}}}
    assert summary(parse(clean)).faults == ()
    assert 'class="faults"' not in html(parse(clean))
