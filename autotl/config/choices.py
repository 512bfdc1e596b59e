"""Name the values of arguments that editors and shells complete."""

from typing import Literal, TypeAlias

PresetName: TypeAlias = Literal["quick", "balanced", "best"]
MetricName: TypeAlias = Literal["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "auroc"]
CleanName: TypeAlias = Literal["report", "drop", "weight"]
DeviceName: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]
