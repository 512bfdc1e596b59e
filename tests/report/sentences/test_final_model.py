"""The report describes the final model: temperature, model soup and ensemble."""

from autotl.report import markdown, parse
from autotl.report.sentences.final_model import ensemble, final_model


def test_kept_and_rejected_steps_are_reported(sample):
    assert final_model(parse(sample)) == []
    sample["how"]["temperature"] = {"value": 2.0, "kept": True, "gain": 0.1, "se": 0.01, "n": 90, "why": ""}
    sample["how"]["soup"] = {"kept": True, "trials": [3, 5], "tried": 4, "gain": 0.02, "se": 0.01, "due": 0.0}
    soup, temperature = final_model(parse(sample))
    assert "trials 3 and 5" in soup
    assert "Temperature scaling by 2.00" in temperature
    assert "less confident" in temperature
    sample["how"]["temperature"] = {"value": 1.0, "kept": False, "why": "it does not help"}
    sample["how"]["soup"] = {"kept": False, "tried": 4, "why": "none was better"}
    soup, temperature = final_model(parse(sample))
    assert "none was kept: none was better." in soup
    assert "not rescaled by a temperature: it does not help." in temperature


def test_an_interpolation_with_the_pretrained_network_is_reported(sample):
    facts = {"kept": True, "trials": [3], "tried": 1, "gain": 0.02, "se": 0.01, "pretrained_share": 0.25}
    facts["share_tried"] = 0.25
    sample["how"]["soup"] = facts
    (sentence,) = final_model(parse(sample))
    assert "an interpolation (WiSE-FT)" in sentence
    assert "trial 3 (75.0%) and the pretrained network with the linear probe's head (25.0%)" in sentence
    sample["how"]["soup"] = facts | {"trials": [3, 5], "tried": 2}
    (sentence,) = final_model(parse(sample))
    assert "trials 3 and 5, interpolated with the pretrained network" in sentence
    sample["how"]["soup"] = facts | {"kept": False, "why": "it leads by too little"}
    (sentence,) = final_model(parse(sample))
    assert sentence.endswith("was tried, but not kept: it leads by too little.")


def test_an_interpolation_that_did_not_score_higher_is_reported(sample):
    facts = {"kept": False, "tried": 1, "share_tried": 0.5, "why": "it leads by too little"}
    sample["how"]["soup"] = facts
    (sentence,) = final_model(parse(sample))
    assert sentence.startswith(
        "An interpolation with the pretrained network (WiSE-FT) was tried, but not kept"
    )
    sample["how"]["soup"] = facts | {"tried": 3}
    (sentence,) = final_model(parse(sample))
    assert sentence.startswith("Model soups of 3 networks and an interpolation with the pretrained network")
    kept = {"kept": True, "trials": [3, 5], "gain": 0.02, "se": 0.01, "pretrained_share": 0.0}
    sample["how"]["soup"] = facts | kept
    (sentence,) = final_model(parse(sample))
    assert "is a model soup: the averaged weights of trials 3 and 5. " in sentence
    assert (
        "The soup's interpolation with the pretrained network (WiSE-FT) was tried, but not kept" in sentence
    )


def test_the_members_of_an_ensemble_or_its_rejection_are_reported(sample):
    assert ensemble(parse(sample)) == ""
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
    found = ensemble(parse(sample))
    assert f"trial {second} (`{sample['trials'][1]['strategy']}` on" in found
    assert "75" in found
    assert "over the chosen trial on 90 validation images is +2.0 ± 1.0 points" in found
    assert found in final_model(parse(sample))
    assert found in markdown(parse(sample))
    assert "The model is an ensemble." in markdown(parse(sample))
    sample["how"]["ensemble"] |= {"kept": False, "over": "soup", "why": "it leads by too little"}
    assert f"trials {second} and {first} was not kept" in ensemble(parse(sample))
    assert "over the model soup" in ensemble(parse(sample))
    assert ensemble(parse(sample)).startswith(
        f"An ensemble of trials {second} and {first} was not kept: it leads by too little."
    )
    sample["how"]["ensemble"] = {"kept": False, "trials": [], "why": "no trial helps"}
    assert ensemble(parse(sample)) == "An ensemble was requested, but none was kept: no trial helps."
