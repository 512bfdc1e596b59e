from autotl.builtin.reporters.html import HtmlReport, autotl_reporters
from autotl.testing.reporter import REPORT, ReporterChecks


class TestHtmlReport(ReporterChecks):
    reporter = HtmlReport()


def test_it_is_offered_by_its_hook():
    assert [reporter.name for reporter in autotl_reporters()] == ["html"]


def test_the_figures_are_files_too(tmp_path):
    written = HtmlReport().write(REPORT, tmp_path)
    assert written[0] == tmp_path / "report.html"
    assert {path.name for path in written[1:]} == {"gain.svg", "arms.svg", "confusion.svg"}


def test_figures_of_an_earlier_report_are_deleted(tmp_path):
    HtmlReport().write(REPORT, tmp_path)
    assert HtmlReport().write({}, tmp_path) == [tmp_path / "report.html"]
    assert not list((tmp_path / "figures").glob("*.svg"))
