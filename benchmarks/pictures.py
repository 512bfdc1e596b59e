"""Create the README's pictures and its text block from one run of the demo.

    python -m pip install pyte && python -m benchmarks.pictures

Runs ``autotl demo`` in a terminal with 88 columns, and writes the screen to ``docs/pictures/demo.svg``. Each
line appears at the time it was printed, sped up. The last lines become the README's text block, and Chromium
renders ``docs/pictures/report.png`` from the report. Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import io
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyte
from PIL import Image
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
COLUMNS, LINES = 88, 200
"""Size of the terminal; it must not scroll, because lines are identified by their position."""
FIRST, LAST = 8, 2
"""Lines of trials at the start and end of the picture; the others are replaced by dots."""
SECONDS = 6
"""Duration of the recording."""
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
.{unique_id}-matrix text {{ animation: appear 0.01s both; }}
@keyframes appear {{ from {{ opacity: 0; }} }}
@media (prefers-reduced-motion: reduce) {{ .{unique_id}-matrix text {{ animation: none; }} }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def main() -> None:
    """Run the demo and write all three."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    given = parser.parse_args()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        rows, moments = record(["autotl", "demo"], Path(folder))
        (PICTURES / "demo.svg").write_text(svg(*shortened(rows, moments)), encoding="utf-8")
        write_block("\n".join(row.plain.rstrip() for row in rows))
        screenshot(Path(folder) / "autotl-demo" / "report.html", PICTURES / "report.png", given.chromium)


def record(command: list[str], folder: Path) -> tuple[list[Text], list[float]]:
    """Run a command in a terminal, and return the lines of its last screen with their times in seconds."""
    program, *arguments = command
    environment = os.environ | {
        "TERM": "xterm-256color",
        "COLUMNS": str(COLUMNS),
        "LINES": str(LINES),
        "AUTOTL_EXPERIENCE": "off",
    }
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    reader, terminal = pty.openpty()
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", program, *arguments],
        cwd=folder,
        env=environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    lines, times = [""] * LINES, [0.0] * LINES
    while process.poll() is None or select.select([reader], [], [], 0)[0]:
        if not select.select([reader], [], [], 0.1)[0]:
            continue
        try:
            stream.feed(os.read(reader, 65536))
        except OSError:  # Linux raises an error when the last process closes the terminal
            break
        now = time.monotonic() - started
        for line, text in enumerate(screen.display):
            if text != lines[line]:
                lines[line], times[line] = text, now
    if process.wait():
        raise SystemExit("\n".join(screen.display))
    last = max(line for line in range(LINES) if lines[line].strip())
    return [_line(screen, line) for line in range(last + 1)], times[: last + 1]


def _line(screen: pyte.Screen, number: int) -> Text:
    text, row = Text(), screen.buffer[number]
    for column in range(COLUMNS):
        cell = row[column]
        colour = None if cell.fg == "default" else cell.fg.replace("brown", "yellow")
        text.append(cell.data, Style(color=colour, bold=cell.bold))
    text.rstrip()
    return text


def shortened(rows: list[Text], times: list[float]) -> tuple[list[Text], list[float]]:
    """Leave out the middle of a long list of trials, which precedes the leaderboard."""
    end = next(line for line, row in enumerate(rows) if row.plain.startswith("strategy  ")) - 1
    if end <= FIRST + LAST + 1:
        return rows, times
    kept = [*range(FIRST), *range(end - LAST, len(rows))]
    found, shown = [rows[line] for line in kept], [times[line] for line in kept]
    return [*found[:FIRST], Text("   …"), *found[FIRST:]], [*shown[:FIRST], shown[FIRST], *shown[FIRST:]]


def svg(rows: list[Text], times: list[float]) -> str:
    """Return an animation in which each line appears at its time, sped up."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for row in rows:
        console.print(row, no_wrap=True)
    drawn = console.export_svg(title="autotl demo", theme=MONOKAI, code_format=SVG, unique_id="demo")
    first = min(times)
    speed = SECONDS / max(max(times) - first, 1.0)

    def delayed(match: re.Match[str]) -> str:
        return f'{match[0]} style="animation-delay:{(times[int(match[1])] - first) * speed:.2f}s"'

    return re.sub(r'clip-path="url\(#demo-line-(\d+)\)"', delayed, drawn)


def write_block(printed: str) -> None:
    """Replace the README's text block by the output from the leaderboard on."""
    readme = ROOT / "README.md"
    end = printed[printed.index("strategy  ") :]
    text = readme.read_text(encoding="utf-8")
    readme.write_text(
        re.sub(r"^```text\n.*?^```", lambda _: f"```text\n{end}\n```", text, flags=re.M | re.S),
        encoding="utf-8",
    )


def screenshot(page: Path, out: Path, chromium: str) -> None:
    """Render the top of a page at 1,000 x 820 pixels, in 128 colours to keep the file small.

    Args:
        page: The HTML page.
        out: The PNG file to write.
        chromium: Path of Chromium.
    """
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "page.png"
        subprocess.run(
            [
                chromium,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--force-color-profile=srgb",
                "--window-size=1000,820",
                f"--screenshot={drawn}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        Image.open(drawn).convert("RGB").quantize(128).save(out, optimize=True)


if __name__ == "__main__":
    main()
