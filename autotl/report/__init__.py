"""Say what a run found, to people and to programs."""

from autotl.report.drawings import drawings
from autotl.report.markdown import markdown
from autotl.report.pages import html
from autotl.report.story import verdict

__all__ = ["drawings", "html", "markdown", "verdict"]
