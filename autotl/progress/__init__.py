"""Report the progress and the use of time of a run."""

from autotl.progress.reporting import ProgressCallback, report_progress, watched_by

__all__ = ["ProgressCallback", "report_progress", "watched_by"]
