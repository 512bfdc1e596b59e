"""Report the progress of a run, and record the use of its time."""

from autotl.progress.reporting import ProgressCallback, report_progress, watched_by

__all__ = ["ProgressCallback", "report_progress", "watched_by"]
