import json
import math

from autotl.leaderboard import document


def test_the_document_is_json_and_contains_the_board(suite):
    found = document(suite)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["format"] == 1
    assert list(found)[1:] == [
        "board",
        "tests",
        "rules",
        "selection",
        "cases",
        "caveats",
        "contributions",
        "adaptations",
    ]
    assert found["board"]["standings"][0]["entrant"] == "autotl"
    assert found["cases"][0]["case"] == {
        "dataset": "eurosat",
        "shots": 0,
        "backbone": "mobilenetv2_100",
        "budget_seconds": 60.0,
        "suite": "small",
    }


def test_one_row_gives_a_document(row):
    found = document([row()])
    assert found["tests"]["together"] is None
    assert math.isclose(found["board"]["standings"][0]["test"], 0.5)
