from autotl.report import account, story
from autotl.report.lookup import confused_pairs, ranked_arms


def test_the_reports_own_verdict_comes_first(sample):
    said = story.verdict(sample)
    assert said.replace("`", "") == sample["verdict"]["sentence"]
    assert "`finetune` on `mobilenetv2_100.in1k`" in said


def test_a_verdict_is_made_of_numbers_where_none_was_written(sample):
    sample["verdict"]["sentence"] = None
    said = story.verdict(sample)
    assert said == "Transfer helps: `finetune` on `mobilenetv2_100.in1k` reaches 86.7% test accuracy."
    assert story.verdict({}) == "This run has no verdict yet."


def test_a_caveat_stands_beneath_the_gain_it_belongs_to(sample):
    assert not any("from scratch was stopped" in each for each in story.when(sample))
    sample["verdict"]["caveat"] = "Training from scratch was stopped by the end of its time."
    said = story.when(sample)
    assert 0 < said.index(sample["verdict"]["caveat"]) < 4


def test_what_when_how_are_answered_in_sentences(sample):
    for part in (
        story.what,
        story.when,
        story.how,
        story.results,
        story.arms,
        story.search,
        account.data,
        account.cost,
    ):
        said = part(sample)
        assert said
        assert all(sentence[-1] in ".!?" for sentence in said)


def test_a_missing_baseline_is_told(sample):
    sample["when"]["transfer_gain"] = None
    assert "not measured" in story.when(sample)[0]
    assert "always answering the largest class" in {number.label for number in story.key_numbers(sample)}


def test_everything_frozen_reads_differently_from_nothing_frozen(sample):
    what = sample["what"]
    what["frozen_stages"] = what["transferred_stages"]
    assert any("All of that stayed frozen" in sentence for sentence in story.what(sample))
    what["frozen_stages"] = []
    assert any("None of it was frozen" in sentence for sentence in story.what(sample))
    what["transferred_stages"] = []
    assert any("No layer keeps" in sentence for sentence in story.what(sample))


def test_the_winner_leads_even_where_another_arm_has_a_luckier_test_score(sample):
    sample["arms"][1]["test"] = 0.99
    order = [(arm["strategy"], arm["test"]) for arm in ranked_arms(sample)]
    assert order[:2] == [("finetune", 0.8667), ("linear_probe", 0.99)]
    assert order[-1] == ("direct", None)


def test_the_most_frequent_mistake_is_named(sample):
    assert confused_pairs(sample)[0] == ("rose", "tulip", 4, 24)
    assert any("`rose` taken for `tulip` (4 of 24 images)" in sentence for sentence in story.results(sample))


def test_a_leaking_split_is_said_plainly(sample):
    assert any(
        s.startswith("The split leaks: 2 test images also in the training part") for s in account.data(sample)
    )


def test_clean_data_is_said_to_be_clean():
    clean = {
        "duplicates": {"images": 0},
        "leakage": {"images": 0},
        "unreadable": {},
        "imbalance": {"ratio": 1.0},
    }
    assert account.data({"quality": clean}) == [
        "The classes are balanced.",
        "No image occurs twice.",
        "No test image is also in the training part.",
        "Every file could be read.",
    ]
