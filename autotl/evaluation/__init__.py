"""Evaluate on the test part: scores with intervals, gain, verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.evaluation.cautions import Leaks
    from autotl.evaluation.details.calibration_bins import ReliabilityBin, calibration_error, reliability
    from autotl.evaluation.details.multi_label import LabelScore, MultiLabelScores
    from autotl.evaluation.details.regression import ColumnScore, RegressionScores
    from autotl.evaluation.details.single_label import ClassScore, SingleLabelScores
    from autotl.evaluation.findings import (
        ArmFinding,
        ClassGain,
        Contribution,
        Ensemble,
        FinalPredictions,
        Findings,
        Soup,
        StageChange,
        TransferSummary,
        Tta,
    )
    from autotl.evaluation.gain import Gain, gain, training_gain
    from autotl.evaluation.negative_transfer import harmed, harmed_classes, target_gains
    from autotl.evaluation.number_text import metric_name, significant
    from autotl.evaluation.plateau import Plateau, forecast_plateau
    from autotl.evaluation.scores import Evaluation, evaluate
    from autotl.evaluation.selection_bias import SelectionBias, selection_bias
    from autotl.evaluation.trainings.paired import paired_training_gain
    from autotl.evaluation.trainings.several_tests import holm
    from autotl.evaluation.validation_gap import (
        ComparedImages,
        FoldCopies,
        GapReasons,
        Selection,
        gap_reasons,
        judge_copies,
        judge_selection,
    )
    from autotl.evaluation.verdict import Verdict, judge

__all__ = [
    "ArmFinding",
    "ClassGain",
    "ClassScore",
    "ColumnScore",
    "ComparedImages",
    "Contribution",
    "Ensemble",
    "Evaluation",
    "FinalPredictions",
    "Findings",
    "FoldCopies",
    "Gain",
    "GapReasons",
    "LabelScore",
    "Leaks",
    "MultiLabelScores",
    "Plateau",
    "RegressionScores",
    "ReliabilityBin",
    "Selection",
    "SelectionBias",
    "SingleLabelScores",
    "Soup",
    "StageChange",
    "TransferSummary",
    "Tta",
    "Verdict",
    "calibration_error",
    "evaluate",
    "forecast_plateau",
    "gain",
    "gap_reasons",
    "harmed",
    "harmed_classes",
    "holm",
    "judge",
    "judge_copies",
    "judge_selection",
    "metric_name",
    "paired_training_gain",
    "reliability",
    "selection_bias",
    "significant",
    "target_gains",
    "training_gain",
]

lazy_package(__name__)
