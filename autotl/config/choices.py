"""Name the values of arguments that editors and shells complete."""

from typing import Literal, TypeAlias

PresetName: TypeAlias = Literal["quick", "balanced", "best"]
SingleMetric: TypeAlias = Literal["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "auroc"]
MultiMetric: TypeAlias = Literal["mean_average_precision", "micro_f1", "subset_accuracy"]
NumberMetric: TypeAlias = Literal["mae", "rmse", "r2", "spearman"]
MetricName: TypeAlias = Literal[SingleMetric, MultiMetric, NumberMetric]
TargetName: TypeAlias = Literal["single", "multi", "number"]
CleanName: TypeAlias = Literal["report", "drop", "weight"]
DeviceName: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]
