"""Build the section that compares all arms."""

from __future__ import annotations

from autotl.clock import format_duration
from autotl.report import figures, format
from autotl.report.document.report import Report
from autotl.report.document.trials import ArmRow
from autotl.report.section import Cell, Figure, Section, Table


def section(report: Report) -> Section:
    """Compare the arms by validation and test score."""
    return Section(
        name="arms",
        title="Every arm",
        link="Arms",
        sentences=tuple(filter(None, _sentences(report))),
        tables=(_leaderboard(report),),
        figures=(
            Figure(
                "arms",
                "Test score of each arm with its 95% interval. Overlapping intervals do not prove equality, "
                "and the order of the dots is no ranking.",
                lambda width: figures.arms(_scores(report), measure=report.measure, width=width),
            ),
        ),
    )


def _sentences(report: Report) -> list[str]:
    if not report.arms:
        return ["No arm was recorded."]
    return [
        _counts(report),
        _beside_baseline(report),
        _training_images(report),
        _choice(report),
    ]


def _choice(report: Report) -> str:
    chosen = report.adaptation and report.adaptation.chosen
    if not chosen:
        return "The winner was chosen by validation score. The test set was not used for the choice."
    return (
        "The best trial was chosen by validation score. Its model was then replaced by "
        f"{format.name(chosen)}, which adapts to the place of use. The test set was used for neither choice."
    )


def _ran(arm: ArmRow) -> bool:
    return bool(arm.trials) or arm.test is not None


def _counts(report: Report) -> str:
    ran = sum(map(_ran, report.arms))
    text = f"{format.count(ran, 'arm')} (a strategy with a backbone) ran"
    if left := len(report.arms) - ran:
        text += f"; {left} did not, for the {'reason' if left == 1 else 'reasons'} in the table"
    return text + "."


def _beside_baseline(report: Report) -> str:
    tested = [arm for arm in report.arms if arm.test is not None]
    baselines = [arm for arm in tested if arm.strategy == report.baseline]
    winners = [arm for arm in tested if report.is_winner(arm)]
    if not baselines or not winners or report.is_winner(baselines[0]):
        return ""
    theirs, ours = (report.measure.value(each[0].test) for each in (baselines, winners))
    return f"{format.name(baselines[0].strategy)} scores {theirs} on the test images, the winner {ours}."


def _training_images(report: Report) -> str:
    more = report.when.n_train_by_network
    if not more:
        return "Each arm is tested with its network of the first fold. All were trained on the same images."
    trained = [f"{format.name(name)} was trained on {images:,} images" for name, images in more.items()]
    return (
        f"Each arm is tested with its network of the first fold. {', '.join(trained)}, the others on fewer."
    )


def _leaderboard(report: Report) -> Table:
    ranked = report.ranked_arms
    headings = (
        "strategy",
        "backbone",
        "trials",
        "default, val.",
        "best, val.",
        "test",
        "95% interval",
        "time",
        "remarks",
    )
    strong = 0 if ranked and report.is_winner(ranked[0]) else None
    rows = tuple(_row(report, arm) for arm in ranked)
    return Table(headings, rows, frozenset(range(2, 8)), strong, style="arms")


def _row(report: Report, arm: ArmRow) -> tuple[Cell, ...]:
    measure = report.measure
    state = "" if arm.state in {None, "complete"} else format.value(arm.state)
    remarks = [
        "baseline" if arm.strategy == report.baseline else "",
        ": ".join(filter(None, [state, format.value(arm.reason or "")])),
    ]
    return (
        format.name(arm.strategy),
        format.name(arm.backbone),
        format.value(arm.trials),
        measure.value(arm.best_val_default),
        measure.value(arm.best_val),
        measure.value(arm.test),
        measure.span(arm.ci95),
        format_duration(arm.seconds) if arm.trials and arm.seconds is not None else format.DASH,
        "; ".join(filter(None, remarks)),
    )


def _scores(report: Report) -> list[figures.ArmScore]:
    return [
        figures.ArmScore(
            format.value(arm.strategy),
            format.value(arm.backbone),
            arm.test,
            arm.ci95,
            "winner" if report.is_winner(arm) else "baseline" if arm.strategy == report.baseline else "",
        )
        for arm in report.ranked_arms
        if arm.test is not None
    ]
