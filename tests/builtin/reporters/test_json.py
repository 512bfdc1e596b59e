from autotl import jsonio
from autotl.builtin.reporters.json import JsonReport, autotl_reporters
from autotl.testing.reporter import REPORT, ReporterChecks


class TestJsonReport(ReporterChecks):
    reporter = JsonReport()


def test_it_is_offered_by_its_hook():
    assert [reporter.name for reporter in autotl_reporters()] == ["json"]


def test_the_file_reads_back(tmp_path):
    (path,) = JsonReport().write(REPORT, tmp_path)
    assert path == tmp_path / "report.json"
    assert jsonio.read(path) == REPORT


def test_it_always_has_a_format_number(tmp_path):
    (path,) = JsonReport().write({"seed": float("nan")}, tmp_path)
    assert jsonio.read(path) == {"format": jsonio.FORMAT, "seed": None}
