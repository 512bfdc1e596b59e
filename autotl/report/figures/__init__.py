"""Draw figures as SVG text, without links and scripts."""

from autotl.report.figures.arms import ArmScore, arms
from autotl.report.figures.canvas import HALF, NARROW, STYLE, WIDE, Draw
from autotl.report.figures.confusion import MOST_CLASSES, confusion
from autotl.report.figures.gain import gain
from autotl.report.figures.histogram import histogram
from autotl.report.figures.labels import LabelBar, labels
from autotl.report.figures.scatter import scatter
from autotl.report.figures.search import TrialScore, search
from autotl.report.figures.similarity import SimilarityRow, similarity
from autotl.report.figures.size import Spot, size
from autotl.report.figures.timeline import Spent, timeline

__all__ = [
    "HALF",
    "MOST_CLASSES",
    "NARROW",
    "STYLE",
    "WIDE",
    "ArmScore",
    "Draw",
    "LabelBar",
    "SimilarityRow",
    "Spent",
    "Spot",
    "TrialScore",
    "arms",
    "confusion",
    "gain",
    "histogram",
    "labels",
    "scatter",
    "search",
    "similarity",
    "size",
    "timeline",
]
