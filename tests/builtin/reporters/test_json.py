from autotl import jsonio
from autotl.builtin.reporters.json import JsonReport, autotl_reporters
from autotl.testing.reporter import REPORT, ReporterChecks


class TestJsonReport(ReporterChecks):
    reporter = JsonReport()


def test_it_is_offered_as_a_plugin_offers_it():
    assert [reporter.name for reporter in autotl_reporters()] == ["json"]


def test_what_was_written_reads_back(tmp_path):
    (path,) = JsonReport().write(REPORT, tmp_path)
    assert path == tmp_path / "report.json"
    assert jsonio.read(path) == REPORT


def test_it_carries_a_format_number_whatever_it_was_given(tmp_path):
    (path,) = JsonReport().write({"seed": float("nan")}, tmp_path)
    assert jsonio.read(path) == {"format": jsonio.FORMAT, "seed": None}
