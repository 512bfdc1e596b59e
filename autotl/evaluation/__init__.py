"""Evaluate on the test part: scores with intervals, gain, verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.evaluation.calibration import Temperature, calibrate
    from autotl.evaluation.cautions import Leaks
    from autotl.evaluation.findings import (
        Answers,
        ArmFinding,
        ClassGain,
        Ensemble,
        Findings,
        Soup,
        TransferSummary,
    )
    from autotl.evaluation.gain import Gain, gain, gain_of_training
    from autotl.evaluation.mixture import mixture
    from autotl.evaluation.negative_transfer import harmed_classes
    from autotl.evaluation.plateau import Plateau, plateau_of
    from autotl.evaluation.scores import ClassScore, Evaluation, calibration_error, evaluate
    from autotl.evaluation.selection_bias import SelectionBias, selection_bias
    from autotl.evaluation.validation_gap import (
        Compared,
        FoldCopies,
        GapReasons,
        Selection,
        by_copies,
        by_selection,
        gap_reasons,
    )
    from autotl.evaluation.verdict import Verdict, judge

__all__ = [
    "Answers",
    "ArmFinding",
    "ClassGain",
    "ClassScore",
    "Compared",
    "Ensemble",
    "Evaluation",
    "Findings",
    "FoldCopies",
    "Gain",
    "GapReasons",
    "Leaks",
    "Plateau",
    "Selection",
    "SelectionBias",
    "Soup",
    "Temperature",
    "TransferSummary",
    "Verdict",
    "by_copies",
    "by_selection",
    "calibrate",
    "calibration_error",
    "evaluate",
    "gain",
    "gain_of_training",
    "gap_reasons",
    "harmed_classes",
    "judge",
    "mixture",
    "plateau_of",
    "selection_bias",
]

lazy_package(__name__)
