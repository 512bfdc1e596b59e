"""Tell a report document in sentences: what was transferred, when it pays, how it was done, at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autotl.clock import format_duration
from autotl.report import foretold, format, headline, rule, worth
from autotl.report.lookup import Report, at, baseline, confused_pairs, is_winner, rows, section
from autotl.report.metric_format import measure_of
from autotl.report.naming import marked


@dataclass(frozen=True, slots=True)
class Figure:
    """One key number: what it is, how much, and the words beside it."""

    label: str
    amount: str
    detail: str


def verdict(report: Report) -> str:
    """The outcome as one sentence: the report's own, or one made of its numbers."""
    if own := format.sentence(at(report, "verdict", "sentence")):
        return (
            own
            if "`" in own
            else marked(own, at(report, "verdict", "strategy"), at(report, "verdict", "backbone"))
        )
    said = format.EFFECTS.get(at(report, "verdict", "transfer") or "")
    strategy, backbone = at(report, "verdict", "strategy"), at(report, "verdict", "backbone")
    if not strategy:
        return "This run has no verdict yet."
    using = f"{format.name(strategy)} on {format.name(backbone)}" if backbone else format.name(strategy)
    score, measure = at(report, "test", "value"), measure_of(report)
    right = f" reaches {measure.value(score)} test {measure.name}{measure.remark}" if score else " won"
    return f"{said}: {using}{right}." if said else f"{using}{right}."


def key_numbers(report: Report) -> list[Figure]:
    """The three or four numbers to read if one reads nothing else."""
    test, gain, cost = (
        section(report, "test"),
        section(report, "when", "transfer_gain"),
        section(report, "cost"),
    )
    figures, measure = [], measure_of(report)
    if format.measured(test.get("value")):
        detail = measure.between(test.get("ci95"))
        figures.append(Figure(f"test {measure.name}{measure.remark}", measure.value(test["value"]), detail))
    if format.measured(gain.get("value")):
        detail = measure.between_gains(gain.get("ci95"))
        label = "points over" if measure.percent else f"better in {measure.name} than"
        figures.append(Figure(f"{label} the best without transfer", measure.gain(gain["value"]), detail))
    elif measure.percent and format.measured(test.get("always_majority")):
        detail = f"the largest class is {format.percent(test['always_majority'])} of the test images"
        figures.append(
            Figure("always answering the largest class", format.percent(test["always_majority"]), detail)
        )
    if format.measured(at(report, "when", "n_train")):
        classes = format.count(at(report, "when", "n_classes"), "class", "classes")
        figures.append(Figure("training images", f"{at(report, 'when', 'n_train'):,}", f"in {classes}"))
    if format.measured(cost.get("seconds")):
        trials = at(report, "search", "trials")
        figures.append(
            Figure(
                "spent in all",
                format_duration(cost["seconds"]),
                format.count(trials, "trial") if trials else "",
            )
        )
    return figures


def what(report: Report) -> list[str]:
    """What was transferred: the source, the stages kept, trained and replaced."""
    facts, said = section(report, "what"), []
    if at(report, "how", "ensemble", "kept"):
        said.append("Several networks answer together; this is of the first of them, the chosen trial's.")
    if facts.get("backbone"):
        kind = "network" if facts.get("transferred_stages") == [] else "backbone"
        text = f"The {kind} is {format.name(facts['backbone'])}"
        if facts.get("architecture"):
            text += f", a {format.name(facts['architecture'])}"
        if format.measured(facts.get("parameters")):
            text += f" with {format.large(facts['parameters'])} parameters"
        said.append(text + ".")
    said.append(format.sentence(facts.get("source")))
    moved, frozen = rows(facts, "transferred_stages"), rows(facts, "frozen_stages")
    if moved:
        said.append(f"Transferred from it: {format.listing(map(format.name, moved), limit=12)}.")
    elif facts.get("transferred_stages") is not None:
        said.append("No layer keeps its pretrained weights.")
    if frozen and set(map(str, frozen)) >= set(map(str, moved)):
        said.append("All of that stayed frozen; only what was replaced was trained.")
    elif frozen:
        rest = [format.name(stage) for stage in moved if stage not in frozen]
        trained = f"; {format.listing(rest, limit=12)} went on learning" if rest else ""
        said.append(f"{format.listing(map(format.name, frozen), limit=12)} stayed frozen{trained}.")
    elif moved and facts.get("frozen_stages") is not None:
        said.append("None of it was frozen: every layer went on learning.")
    if replaced := rows(facts, "replaced"):
        said.append(f"Replaced: {format.listing(map(str, replaced))}.")
    said.append(format.sentence(facts.get("bn_policy")))
    return list(filter(None, said))


def when(report: Report) -> list[str]:
    """When transfer pays: the measured gain, the size of the data, its likeness, the rule of thumb."""
    facts = section(report, "when")
    gain = section(facts, "transfer_gain")
    said = [format.gain(gain) if measure_of(report).percent else _gain(report)]
    if format.measured(gain.get("value")):
        said += [format.meaning(gain), format.trainings(gain)]
        said.append(headline.caveat(report))
        said.append(format.sentence(at(report, "verdict", "cost")))
    if format.measured(facts.get("n_train")):
        more = section(facts, "n_train_by_network")
        learned = more.get(str(at(report, "verdict", "backbone")), facts["n_train"])
        text = f"It learned from {format.count(learned, 'image')}"
        if format.measured(facts.get("n_classes")):
            text += f" of {format.count(facts['n_classes'], 'class', 'classes')}"
        if format.measured(facts.get("min_per_class")):
            text += f", {facts['min_per_class']:,} in the smallest"
        if format.measured(facts.get("image_side")):
            text += f"; a typical image is {format.value(facts['image_side'])} pixels on its shorter side"
        said.append(text + ".")
    backbone = str(at(report, "verdict", "backbone") or at(report, "what", "backbone"))
    said += [foretold.likeness(report, backbone)]
    said += [foretold.departure(report, backbone), foretold.overlap(report, backbone)]
    said.append(format.sentence(at(facts, "choice", "sentence")))
    said.append(format.sentence(at(facts, "rule_of_thumb", "sentence")))
    said.append(rule.told(report))
    said.append(foretold.experience(report))
    curve = section(report, "when", "learning_curve")
    if curve.get("sentence"):
        said.append(f"By the learning curve of the linear probe, {curve['sentence']}")
    said.append(format.sentence(at(facts, "catch_up", "sentence")))
    if hurt := [each for each in rows(facts, "negative_transfer_classes") if isinstance(each, Mapping)]:
        each_class = [f"{format.name(c.get('class'))} ({format.points(c.get('gain'))} points)" for c in hurt]
        noun = "one class does" if len(hurt) == 1 else f"{len(hurt):,} classes do"
        said.append(f"Taken alone, {noun} worse with transfer: {format.listing(each_class)}.")
    return list(filter(None, said))


def _gain(report: Report) -> str:
    """The transfer gain of a metric that is no share."""
    gain, measure = section(report, "when", "transfer_gain"), measure_of(report)
    if not format.measured(gain.get("value")):
        return format.gain(gain)
    images = f"On the same {format.count(gain['n'], 'test image')}, " if gain.get("n") else ""
    by = measure.gain(gain["value"])
    way = "higher" if measure.higher_is_better else "lower"
    interval = measure.between_gains(gain.get("ci95"))
    said = f"transfer is {by} better in {measure.name} than the best model without it; {way} is better"
    return format.sentence(images + said + (f" (95% interval: {interval})" if interval else ""))


def how(report: Report) -> list[str]:
    """How it was done: the strategy, its phases, what the images went through."""
    facts, said = section(report, "how"), []
    if facts.get("strategy"):
        said.append(f"The strategy is {format.name(facts['strategy'])}.")
    said += [format.sentence(phase) for phase in rows(facts, "phases")]
    said += worth.delivered(report)
    if format.measured(facts.get("epochs")) and facts["epochs"] > 0:
        said.append(f"Training took {format.count(facts['epochs'], 'epoch')}.")
    seen = []
    if format.measured(facts.get("image_size")):
        seen.append(f"at {format.value(facts['image_size'])} pixels")
    if isinstance(facts.get("augmentation"), bool):
        seen.append("augmented at random" if facts["augmentation"] else "not augmented")
    elif facts.get("augmentation") is not None:
        seen.append(f"with augmentation: {format.value(facts['augmentation'])}")
    if seen:
        said.append(f"Images were seen {', '.join(seen)}.")
    where = [f"on {format.value(facts['device'])}"] if facts.get("device") else []
    where += [f"in {format.value(facts['precision'])}"] if facts.get("precision") else []
    return list(filter(None, [*said, f"It ran {' '.join(where)}." if where else ""]))


def results(report: Report) -> list[str]:
    """What the locked test part says of the final model."""
    test, said, measure = section(report, "test"), [], measure_of(report)
    if format.measured(test.get("value")):
        copies, of = headline.leaked(report)
        unseen = f" ({copies:,} of {of:,} are copies of training images)" if copies else " that it never saw"
        images = f" on {format.count(test['n'], 'test image')}{unseen}" if test.get("n") else ""
        interval = measure.between(test.get("ci95"))
        sure = "the 95% interval, which takes none of them for a copy, lies" if copies else ""
        sure = sure or "with 95% confidence the truth lies"
        interval = f"; {sure} {interval}" if interval else ""
        score = f"{measure.name} is {measure.value(test['value'])}{measure.remark}"
        said.append(f"The {score}{images}{interval}.")
    balanced = at(test, "metrics", "balanced_accuracy")
    plain = at(test, "metrics", "accuracy")
    if format.measured(balanced) and format.measured(plain) and abs(balanced - plain) >= 0.01:
        said.append(
            f"With every class counting the same (balanced accuracy) it is {format.percent(balanced)}; "
            f"plain accuracy is {format.percent(plain)}."
        )
    if format.measured(test.get("always_majority")):
        plainly = (
            "Always answering the largest class"
            if measure.percent
            else "Knowing the share of each class and nothing of the images"
        )
        said.append(f"{plainly} would score {measure.value(test['always_majority'])}.")
    if format.measured(test.get("calibration_error")):
        off = f"{100 * test['calibration_error']:.1f} points"
        before, after = test.get("calibration_error_before"), test["calibration_error"]
        was = ""
        if format.measured(before) and before is not None and f"{before:.3f}" != f"{after:.3f}":
            was = f"; before its temperature it was {100 * before:.1f}"
        said.append(f"Its stated confidence is off by {off} on average (expected calibration error){was}.")
    for name, why in section(test, "undefined").items():
        said.append(format.sentence(f"{format.metric(name)} is undefined on these labels: {why}"))
    if pairs := confused_pairs(report):
        true, answered, images_, total = pairs[0]
        share = f"{images_:,} of {format.count(total, 'image')}"
        said.append(
            f"The most frequent mistake: {format.name(true)} taken for {format.name(answered)} ({share})."
        )
    return said


def arms(report: Report) -> list[str]:
    """How many arms ran, and how the winner stands against the plain choices."""
    every = [arm for arm in rows(report, "arms") if isinstance(arm, Mapping)]
    if not every:
        return ["No arm was recorded."]
    ran = [arm for arm in every if arm.get("trials") or format.measured(arm.get("test"))]
    text = f"{format.count(len(ran), 'arm')} (a strategy with a backbone) ran"
    if left := len(every) - len(ran):
        text += f"; {left} did not, for the {'reason' if left == 1 else 'reasons'} given"
    said = [text + "."]
    tested = [arm for arm in ran if format.measured(arm.get("test"))]
    scratch = [arm for arm in tested if arm.get("strategy") == baseline(report)]
    best = [arm for arm in tested if is_winner(report, arm)]
    if scratch and best and not is_winner(report, scratch[0]):
        theirs, ours = (measure_of(report).value(each[0]["test"]) for each in (scratch, best))
        said.append(
            f"{format.name(scratch[0]['strategy'])} reaches {theirs} on the test images, the winner {ours}."
        )
    more = section(section(report, "when"), "n_train_by_network")
    learned = [f"{format.name(name)} has learned from {number:,}" for name, number in more.items()]
    said.append(
        f"Arms are tested as trained on the first fold: {', '.join(learned)} images, the others from fewer."
        if learned
        else "Arms are tested as trained on the first fold: all have learned from the same images."
    )
    said.append("The winner was chosen on validation images; the test part had no say in it.")
    return said


def search(report: Report) -> list[str]:
    """What the search tried, and what it was worth beyond the best defaults."""
    facts, said = section(report, "search"), []
    if format.measured(facts.get("trials")):
        endings = [
            ("failed", "failed"),
            ("pruned", "were pruned for want of hope"),
            ("stopped", "ran out of time"),
            ("gone_on", "had been stopped early and were gone on with"),
        ]
        ended = [
            f"{facts[key]:,} {verb}"
            for key, verb in endings
            if format.measured(facts.get(key)) and facts[key]
        ]
        said.append(
            f"{format.count(facts['trials'], 'trial')} ran"
            + (f"; {format.listing(ended)}." if ended else ".")
        )
    if isinstance(facts.get("stopped"), str):
        said.append(format.sentence(facts["stopped"]))
    return [*said, *filter(None, (worth.gained(report), worth.flattered(report)))]
