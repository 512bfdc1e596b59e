"""What searching was worth is said in every report, and in one sentence."""

from autotl.report import delivered, flattered, gained, html, markdown, together


def test_the_gain_of_searching_is_one_sentence_in_every_form(sample):
    said = gained(sample)
    assert said.startswith("Search gained +1.7 ± 2.1 points over the best default")
    assert said in markdown(sample)
    assert said in html(sample)


def test_a_default_that_won_and_a_default_that_is_missing_are_said(sample):
    sample["search"]["winner_is_default"] = True
    assert gained(sample) == "The default was best: searching gained nothing."
    sample["search"] |= {"winner_is_default": False, "gain_over_best_default": None}
    assert "not measured" in gained(sample)
    assert gained({}) == ""


def test_optimism_has_an_interval_and_says_what_chance_explains(sample):
    said = flattered(sample)
    assert "1.4 points above its test accuracy" in said
    assert "95% interval −1.0 to 3.9" in said
    assert said.endswith("so chance can explain this.")
    assert said in markdown(sample)
    sample["search"]["optimism_ci95"] = [0.002, 0.026]
    assert "chance" not in flattered(sample)
    del sample["search"]["optimism_ci95"]  # as in older reports
    assert "1.4 points above" in flattered(sample)
    sample["search"]["optimism"] = None
    assert flattered(sample) == ""


def test_what_was_kept_and_what_was_not_is_told(sample):
    assert delivered(sample) == []
    sample["how"]["temperature"] = {"value": 2.0, "kept": True, "gain": 0.1, "se": 0.01, "n": 90, "why": ""}
    sample["how"]["soup"] = {"kept": True, "trials": [3, 5], "tried": 4, "gain": 0.02, "se": 0.01, "due": 0.0}
    soup, temperature = delivered(sample)
    assert "trials 3 and 5" in soup
    assert "temperature 2.00" in temperature
    assert "less sure of itself" in temperature
    sample["how"]["temperature"] = {"value": 1.0, "kept": False, "why": "it does not help"}
    sample["how"]["soup"] = {"kept": False, "tried": 4, "why": "none was better"}
    soup, temperature = delivered(sample)
    assert "none was kept: none was better." in soup
    assert "no temperature, it does not help." in temperature


def test_who_answers_together_is_told_and_why_nobody_does(sample):
    assert together(sample) == ""
    first, second = (trial["number"] for trial in sample["trials"][:2])
    facts = {
        "kept": True,
        "trials": [second, first],
        "shares": [0.75, 0.25],
        "tried": 4,
        "gain": 0.02,
        "se": 0.01,
    }
    sample["how"]["ensemble"] = facts | {"images": 90, "over": "trial", "why": ""}
    said = together(sample)
    assert f"trial {second} (`{sample['trials'][1]['strategy']}` on" in said
    assert "75" in said
    assert "on 90 validation images it scores +2.0 ± 1.0" in said
    assert said in delivered(sample)
    assert said in markdown(sample)
    assert "Several networks answer together" in markdown(sample)
    sample["how"]["ensemble"] |= {"kept": False, "over": "soup", "why": "it leads by too little"}
    assert f"trials {second} and {first} is not delivered" in together(sample)
    assert "against the average of weights" in together(sample)
    assert together(sample).endswith("it leads by too little.")
    sample["how"]["ensemble"] = {"kept": False, "trials": [], "why": "nobody helps"}
    assert together(sample) == "An ensemble was asked for, and none is delivered: nobody helps."
