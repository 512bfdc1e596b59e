"""Draw figures as SVG text, without links and scripts."""

from autotl.report.figures.arms import ArmScore, arms
from autotl.report.figures.canvas import HALF, NARROW, STYLE, WIDE, Draw
from autotl.report.figures.confusion import MOST_CLASSES, MOST_MAPPED, confusion
from autotl.report.figures.gain import gain
from autotl.report.figures.gains.class_gains import ClassGainBar, class_gains
from autotl.report.figures.gains.learning import SizePoint, learning
from autotl.report.figures.histogram import histogram
from autotl.report.figures.labels import LabelBar, labels
from autotl.report.figures.model.network import StageBar, network
from autotl.report.figures.model.reliability import Bin, reliability
from autotl.report.figures.scatter import scatter
from autotl.report.figures.search import TrialScore, search
from autotl.report.figures.similarity import SimilarityRow, similarity
from autotl.report.figures.size import Spot, size
from autotl.report.figures.timeline import Spent, timeline
from autotl.report.figures.trials.curves import TrainingCurve, curves
from autotl.report.figures.trials.depth import DepthPoint, depth
from autotl.report.figures.trials.forecasts import ArmForecast, forecasts
from autotl.report.figures.trials.importance import importance
from autotl.report.figures.trials.pareto import TrialCost, pareto

__all__ = [
    "HALF",
    "MOST_CLASSES",
    "MOST_MAPPED",
    "NARROW",
    "STYLE",
    "WIDE",
    "ArmForecast",
    "ArmScore",
    "Bin",
    "ClassGainBar",
    "DepthPoint",
    "Draw",
    "LabelBar",
    "SimilarityRow",
    "SizePoint",
    "Spent",
    "Spot",
    "StageBar",
    "TrainingCurve",
    "TrialCost",
    "TrialScore",
    "arms",
    "class_gains",
    "confusion",
    "curves",
    "depth",
    "forecasts",
    "gain",
    "histogram",
    "importance",
    "labels",
    "learning",
    "network",
    "pareto",
    "reliability",
    "scatter",
    "search",
    "similarity",
    "size",
    "timeline",
]
