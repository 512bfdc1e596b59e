"""What ``--help`` shows, and how a wrong command is answered."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.main import get_command

from autotl import cli
from autotl.cli.generated_options import OUTPUT, PANELS, completed
from autotl.cli.help import MEANT, ORDER
from autotl.cli.results import next_steps, show_next
from autotl.metrics import METRICS

COMMON = {"out", "budget", "preset", "backbone", "metric", "label", "group", "test"}


def test_the_eight_common_options_of_fit_come_first() -> None:
    fit = get_command(cli.app).commands["fit"]  # type: ignore[attr-defined]
    options = [each for each in fit.params if each.name not in {"data", "help"}]
    panels = [getattr(each, "rich_help_panel", None) for each in options]
    assert {each.name for each in options[: len(COMMON)]} == COMMON
    assert panels[: len(COMMON)] == [None] * len(COMMON)
    assert None not in panels[len(COMMON) :]
    assert list(dict.fromkeys(panels)) == [None, *PANELS[1:], OUTPUT]


def test_help_of_fit_has_its_panels_in_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    cli.guarded(lambda: cli.app(["fit", "--help"], standalone_mode=False))
    shown = capsys.readouterr().out
    places = [shown.index(f"─ {title} ─") for title in ("Options", *PANELS[1:], OUTPUT)]
    assert places == sorted(places)
    assert max(map(len, shown.splitlines())) <= 80
    assert "TIME" in shown
    assert "<str>" not in shown.partition("─ Options ─")[2]


def test_commands_are_in_order_of_use_and_all_of_them_are_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    group = get_command(cli.app)
    assert group.list_commands(None) == list(ORDER)  # type: ignore[attr-defined]
    assert set(MEANT.values()) <= set(ORDER)
    assert not set(MEANT) & set(ORDER)


@pytest.mark.parametrize(
    ("typed", "meant"), [("train", "fit"), ("predcit", "predict"), ("models", "backbones")]
)
def test_a_wrong_command_is_answered_by_the_right_one(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.guarded(lambda: cli.app([typed], standalone_mode=False)) == 2
    assert f"Did you mean '{meant}'?" in capsys.readouterr().err


def test_an_option_that_autotl_searches_is_answered_by_the_limits_of_a_search(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.guarded(lambda: cli.app(["fit", "x", "--epochs", "3"], standalone_mode=False)) == 2
    assert "--budget or --trials" in capsys.readouterr().err


def test_a_shell_completes_the_values_that_there_are() -> None:
    assert completed(*METRICS)("b") == ["balanced_accuracy"]
    shown = {option for each in get_command(cli.app).params for option in each.opts}
    assert {"--install-completion", "--show-completion"} <= shown


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_the_next_commands_are_broken_at_words_only(columns: int) -> None:
    file = io.StringIO()
    steps = next_steps(Path("autotl-runs/photos of mine-2030-05-04-123015"), "image")
    show_next(Console(file=file, width=columns, force_terminal=True, color_system=None), steps)
    shown = file.getvalue()
    assert max(map(len, shown.splitlines())) <= columns
    assert "autotl predict 'autotl-runs/photos of mine-2030-05-04-123015' NEW_IMAGES" in " ".join(
        shown.split()
    )
