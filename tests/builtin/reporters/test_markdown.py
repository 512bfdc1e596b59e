from autotl.builtin.reporters.markdown import MarkdownReport, autotl_reporters
from autotl.testing.reporter import REPORT, ReporterChecks


class TestMarkdownReport(ReporterChecks):
    reporter = MarkdownReport()


def test_it_is_offered_by_its_hook():
    assert [reporter.name for reporter in autotl_reporters()] == ["md"]


def test_it_writes_report_md(tmp_path):
    (path,) = MarkdownReport().write(REPORT, tmp_path)
    assert path == tmp_path / "report.md"
    assert path.read_text(encoding="utf-8").startswith("# pets")
