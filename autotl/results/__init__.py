"""What a search leaves behind: scores with intervals, the verdict, the model folder and the predictor."""

from autotl.results.evaluate import ClassScore, Evaluation, calibration_error, evaluate
from autotl.results.findings import Answers, ArmFinding, ClassGain, Findings, Moved
from autotl.results.gain import Gain, gain, gain_of_training
from autotl.results.model_folder import Opened, open_model, write_model
from autotl.results.predictor import Predictor
from autotl.results.result import Result, read_report
from autotl.results.tables import write_answers, write_split, write_trials
from autotl.results.verdict import Verdict, judge

__all__ = [
    "Answers",
    "ArmFinding",
    "ClassGain",
    "ClassScore",
    "Evaluation",
    "Findings",
    "Gain",
    "Moved",
    "Opened",
    "Predictor",
    "Result",
    "Verdict",
    "calibration_error",
    "evaluate",
    "gain",
    "gain_of_training",
    "judge",
    "open_model",
    "read_report",
    "write_answers",
    "write_model",
    "write_split",
    "write_trials",
]
