"""What a plugin author sees: the contracts, and nothing else."""

from autotl.api.backbone import (
    Backbone,
    BackboneSource,
    DataConfig,
    Pace,
    Reference,
    SourceClass,
    Stage,
    Weights,
)
from autotl.api.dataset import Columns, Dataset, Fold, Item, Listing, Part, Reader, Splits
from autotl.api.executor import WHOLE, Executor, FoldScore, Go, Job, Outcome, Said, State, Work
from autotl.api.learner import Cut, Epoch, HeadSetting, Images, Learner, Rows, Workbench
from autotl.api.report import Arm, Plan, Record, Reporter, Watch
from autotl.api.similarity import (
    AnySimilarity,
    LayerLikeness,
    LayerSimilarity,
    Likeness,
    Similarity,
    SimilarityWithTest,
)
from autotl.api.strategy import Cost, Machine, Params, Space, Strategy
from autotl.api.task import Applies, Task
from autotl.api.transferability import LabelledFeatures, MeanScore, Scored, Transferability

__all__ = [
    "WHOLE",
    "AnySimilarity",
    "Applies",
    "Arm",
    "Backbone",
    "BackboneSource",
    "Columns",
    "Cost",
    "Cut",
    "DataConfig",
    "Dataset",
    "Epoch",
    "Executor",
    "Fold",
    "FoldScore",
    "Go",
    "HeadSetting",
    "Images",
    "Item",
    "Job",
    "LabelledFeatures",
    "LayerLikeness",
    "LayerSimilarity",
    "Learner",
    "Likeness",
    "Listing",
    "Machine",
    "MeanScore",
    "Outcome",
    "Pace",
    "Params",
    "Part",
    "Plan",
    "Reader",
    "Record",
    "Reference",
    "Reporter",
    "Rows",
    "Said",
    "Scored",
    "Similarity",
    "SimilarityWithTest",
    "SourceClass",
    "Space",
    "Splits",
    "Stage",
    "State",
    "Strategy",
    "Task",
    "Transferability",
    "Watch",
    "Weights",
    "Work",
    "Workbench",
]
