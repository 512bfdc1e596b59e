"""Check that names are escaped for terminals, and written in any encoding."""

from __future__ import annotations

import io
import json
import sys

import pytest
from rich.table import Table

from autotl.escaping import console, prepare_streams, safe, safe_json, write_out

HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202egnp \x9b2J caf\udce9"


def test_control_characters_are_shown_as_numbers() -> None:
    assert safe(HOSTILE) == r"\x1b[31mred\x1b]0;title\x07 \u202egnp \x9b2J caf\xe9"
    assert safe("one\ntwo") == r"one\ntwo"
    assert safe("one\ntwo\r", lines=True) == "one\ntwo\\x0d"
    assert safe("Ümläut, 日本, שלום") == "Ümläut, 日本, שלום"


def test_json_keeps_its_content() -> None:
    told = safe_json(json.dumps({HOSTILE: HOSTILE}, ensure_ascii=False))
    assert json.loads(told) == {HOSTILE: HOSTILE}
    assert told.isprintable()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_console_escapes_every_kind_of_text(terminal: bool) -> None:
    stream = io.StringIO()
    shown = console(file=stream, force_terminal=terminal, color_system=None, width=200)
    table = Table(HOSTILE)
    table.add_row(HOSTILE)
    for each in (HOSTILE, table):
        shown.print(each, markup=False)
    shown.print(f"[bold]{HOSTILE}", soft_wrap=True)
    assert "\x1b" not in stream.getvalue()
    assert "\u202e" not in stream.getvalue()
    assert r"\x1b[31mred" in stream.getvalue()


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "cp932", "ascii"])
def test_missing_characters_of_a_stream_are_replaced(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bottom = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bottom, encoding=encoding))
    monkeypatch.setattr(sys, "stderr", None)
    prepare_streams()
    sys.stderr.write("nobody reads it")
    sys.stderr.close()
    write_out("−0.1 ★ \ud83d caf\udce9 ↯")
    sys.stdout.flush()
    shown = bottom.getvalue().decode(encoding).replace("★", "*")
    shown = shown.replace("\uff0d", "-")  # the minus sign of code page 932
    assert shown == "-0.1 * \\ud83d caf\\xe9 ?"
