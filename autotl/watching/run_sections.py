"""Build the sections of the page of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from autotl.api import Arm, Record
from autotl.report import Measure, Section, Table, format
from autotl.report.document.trials import Search, TrialRow
from autotl.report.section_figures.trials import score_figure
from autotl.report.sections.search import trial_counts, trial_table
from autotl.watching.run_content import RunContent

MAX_TRIALS = 200
"""Trials in the table, the last ones; ``trials.csv`` has all."""


def run_sections(content: RunContent) -> list[Section]:
    """Return the sections that have content: scores, arms, trials and notes."""
    found = (_scores(content), _arms(content), _trials(content), _notes(content))
    return [section for section in found if section]


def headline(content: RunContent) -> str:
    """Return the verdict, or the best trial so far."""
    if content.verdict:
        return format.sentence(content.verdict)
    if (best := best_trial(content.records)) is None:
        return "No trial has a score yet." if content.state == "running" else "No trial has a score."
    arm = f"{format.name(best.arm.strategy)} on {format.name(best.arm.backbone)}"
    measure = content.measure
    shown = measure.value(_own(best, measure))
    return f"Best so far: {arm} with {shown} validation {measure.name}{measure.remark}."


def best_trial(records: Sequence[Record]) -> Record | None:
    """Return the trial with the highest score; None without any."""
    scored = [(record.score, -record.number, record) for record in records if record.score is not None]
    return max(scored, key=lambda each: each[:2])[2] if scored else None


def best_score(content: RunContent) -> str:
    """Return the best validation score in words; a dash without any."""
    best = best_trial(content.records)
    return content.measure.value(None if best is None else _own(best, content.measure))


def _own(record: Record, measure: Measure) -> float | None:
    """Return the score as reports show it."""
    return None if record.score is None else measure.merit(record.score)


def _scores(content: RunContent) -> Section:
    records = content.records
    states = Counter(record.state for record in records)
    counts = Search(
        trials=len(records),
        failed=states["failed"],
        pruned=states["pruned"],
        stopped=states["stopped"],
        gone_on=sum(record.gone_on for record in records),
    )
    rows = [_row(record, content.measure) for record in records]
    return Section(
        name="scores",
        title="Scores so far" if content.state == "running" else "Scores",
        link="Scores",
        sentences=(trial_counts(counts),) if records else (),
        figures=(replace(score_figure(rows, content.measure), place="below"),),
    )


def _row(record: Record, measure: Measure) -> TrialRow:
    return TrialRow(
        number=record.number,
        strategy=record.arm.strategy,
        backbone=record.arm.backbone,
        params=record.params,
        default=record.default,
        state=record.state,
        score=_own(record, measure),
        seconds=record.seconds,
        finished_at=record.finished_at,
        why=record.why,
    )


def _arms(content: RunContent) -> Section:
    left_out = tuple(
        (format.name(arm.strategy), format.name(arm.backbone), why) for arm, why in content.skipped
    )
    return Section(
        name="arms",
        title="Arms",
        link="Arms",
        tables=(
            _arm_table(content),
            Table(
                ("strategy", "backbone", "reason"),
                left_out,
                title=f"Arms that are not searched ({len(left_out)})",
                folded=True,
            ),
        ),
    )


def _arm_table(content: RunContent) -> Table:
    """Return the arms with their best scores, the best arm first."""
    measure = content.measure
    by_arm: dict[Arm, list[Record]] = {arm: [] for arm in content.arms}
    for record in content.records:
        by_arm.setdefault(record.arm, []).append(record)
    best = {arm: best_trial(found) for arm, found in by_arm.items()}

    def rank(arm: Arm) -> tuple[bool, float]:
        leader = best[arm]
        return leader is None or leader.score is None, -(leader.score or 0.0) if leader else 0.0

    ordered = sorted(by_arm, key=rank)
    rows = tuple(
        (
            format.name(arm.strategy),
            format.name(arm.backbone),
            measure.value(None if (leader := best[arm]) is None else _own(leader, measure)),
            format.value(len(by_arm[arm])),
            _remarks(by_arm[arm]),
        )
        for arm in ordered
    )
    strong = 0 if ordered and best[ordered[0]] is not None else None
    headings = ("strategy", "backbone", "best validation", "trials", "remarks")
    return Table(headings, rows, frozenset({2, 3}), strong, style="arms")


def _remarks(records: Sequence[Record]) -> str:
    if not records:
        return "not reached yet"
    states = Counter(record.state for record in records if record.state != "complete")
    return ", ".join(f"{count:,} {state}" for state, count in states.items())


def _trials(content: RunContent) -> Section:
    last = sorted(content.records, key=lambda record: -record.finished_at)[:MAX_TRIALS]
    rows = [_row(record, content.measure) for record in last]
    more = len(content.records) - len(rows)
    title = f"The last {len(rows):,} of {len(content.records):,} trials" if more else ""
    return Section(
        name="trials",
        title="Trials, the last one first",
        link="Trials",
        tables=(trial_table(rows, content.measure, title=title),),
    )


def _notes(content: RunContent) -> Section:
    return Section(
        name="notes",
        title="Notes",
        link="Notes",
        sentences=tuple(format.sentence(note) for note in content.notes if note.strip()),
    )
