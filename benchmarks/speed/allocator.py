"""Measure the time and memory of settings of the memory allocator, for a small network on a CPU.

Run ``python -m benchmarks.speed.allocator --rounds 5 --only default kept "static 128 KiB"``. On an AMD EPYC
(Zen 3, torch 2.15, glibc 2.36), a training step takes 0.7 to 0.8 of the default's time if freed memory is
kept, and the peak memory rises by 6 to 16 %. Each variant runs in its own process. In turn, each runs a
forward pass and a training step of the same MobileNetV2 (batch 64, 128 px). A process takes up to 3 GiB, so
select few variants.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.timing import ratio

TRIM, TOP_PAD, THRESHOLD, MMAPS, ARENAS = -1, -2, -3, -4, -8  # M_… in <malloc.h>
MIB = 2**20
BATCH, SIDE = 64, 128


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings of the allocator.

    Attributes:
        env: Environment variables.
        mallopt: Parameters of mallopt with their values.
        kept: Whether autotl's keep_freed_memory is active.
        channels_last: Memory layout of the network.
    """

    env: dict[str, str] = field(default_factory=dict)
    mallopt: tuple[tuple[int, int], ...] = ()
    kept: bool = False
    channels_last: bool = True


KEEP = ((MMAPS, 0), (TRIM, -1))
VARIANTS = {
    "default": Variant(),
    "kept": Variant(kept=True),
    "no mappings, 2 GiB trim": Variant(mallopt=((MMAPS, 0), (TRIM, 2**31 - 1))),
    "no mappings, 64 MiB top pad": Variant(mallopt=(*KEEP, (TOP_PAD, 64 * MIB))),
    "threshold 32 MiB, no trim": Variant(mallopt=((THRESHOLD, 32 * MIB), (TRIM, -1))),
    "threshold 32 MiB, trim 64 MiB": Variant(mallopt=((THRESHOLD, 32 * MIB), (TRIM, 64 * MIB))),
    "threshold 1 GiB, no trim": Variant(mallopt=((THRESHOLD, 2**30), (TRIM, -1))),
    "static 128 KiB": Variant(mallopt=((MMAPS, 65536), (TRIM, 128 * 1024))),
    "kept, one arena": Variant(kept=True, mallopt=((ARENAS, 1),)),
    "torch's huge pages": Variant({"THP_MEM_ALLOC_ENABLE": "1"}),
    "kept, torch's huge pages": Variant({"THP_MEM_ALLOC_ENABLE": "1"}, kept=True),
    "glibc's huge pages": Variant({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}),
    "glibc's huge pages, no mappings": Variant({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}, KEEP),
    "contiguous": Variant(channels_last=False),
    "kept, contiguous": Variant(kept=True, channels_last=False),
}


def measure(rounds: int, names: tuple[str, ...] = tuple(VARIANTS), *, threads: int = 1) -> dict[str, Any]:
    """Return a row per variant: times, page faults and memory.

    Args:
        rounds: Number of rounds.
        names: Names of variants; the first is the reference of the ratios.
        threads: Threads of each process.
    """
    children = {name: _start(name, threads) for name in names}
    try:
        for child in children.values():
            _ask(child, "run")  # warm-up: oneDNN selects its kernels, and the heap grows
        turns: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for _ in range(rounds):
            for name, child in children.items():
                turns[name].append(_ask(child, "run"))
        ends = {name: _ask(child, "end") for name, child in children.items()}
    finally:
        for child in children.values():
            child.kill()
            child.communicate()
    first, rows = names[0], []
    for name in names:
        row: dict[str, Any] = {"variant": name}
        for part in ("forward", "step"):
            seconds = {each: [turn[part] for turn in turns[each]] for each in names}
            row[f"{part}, ms"] = 1000 * median(seconds[name])
            row[f"{part}, share"] = ratio(seconds, name, first)
        row["faults"] = median(turn["faults"] for turn in turns[name])
        rows.append(row | ends[name])
    return {"batch": BATCH, "side": SIDE, "threads": threads, "rounds": rounds, "rows": rows}


def table(found: dict[str, Any]) -> str:
    """Return the rows as a Markdown table."""
    heads = list(found["rows"][0])
    digits = {"forward, share": 2, "step, share": 2}
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for row in found["rows"]:
        cells = [v if isinstance(v, str) else f"{v:.{digits.get(k, 0)}f}" for k, v in row.items()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _start(name: str, threads: int) -> subprocess.Popen[str]:
    removed = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD", "AUTOTL_KEEP_MEMORY", "THP_MEM_ALLOC_ENABLE")
    env = {key: value for key, value in os.environ.items() if not key.startswith(removed)}
    return subprocess.Popen(
        [sys.executable, "-m", __spec__.name, "--child", name, "--threads", str(threads)],
        env=env | VARIANTS[name].env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _ask(child: subprocess.Popen[str], command: str) -> dict[str, float]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(command + "\n")
    child.stdin.flush()
    answer: dict[str, float] = json.loads(child.stdout.readline())
    return answer


def _serve(variant: Variant, threads: int) -> None:
    """Answer each line on standard input with a line of JSON."""
    with ExitStack() as kept:
        libc = ctypes.CDLL("libc.so.6")
        for parameter, value in variant.mallopt:
            assert libc.mallopt(parameter, value) == 1, (parameter, value)
        forward, step = _work(variant, threads, kept)
        for line in sys.stdin:
            if line.strip() == "run":
                before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
                found = {"forward": _seconds(forward), "step": _seconds(step)}
                found["faults"] = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
            else:
                held = _resident()
                kept.close()
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                found = {"peak, MiB": peak, "held, MiB": held, "after, MiB": _resident()}
            print(json.dumps(found), flush=True)


def _work(variant: Variant, threads: int, kept: ExitStack) -> tuple[Callable[[], object], Callable[[], None]]:
    """Return functions that run a forward pass and a training step of MobileNetV2."""
    import timm  # imported here, because the environment of the variant has to be set before
    import torch
    import torch.nn.functional as F

    from autotl.training import keep_freed_memory

    if variant.kept:
        kept.enter_context(keep_freed_memory())
    torch.set_num_threads(threads)
    layout = torch.channels_last if variant.channels_last else torch.contiguous_format
    model = timm.create_model("mobilenetv2_100", num_classes=10).to(memory_format=layout)
    images = torch.rand(BATCH, 3, SIDE, SIDE).to(memory_format=layout)
    labels = torch.zeros(BATCH, dtype=torch.long)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def forward() -> object:
        model.eval()
        with torch.inference_mode():
            return model(images)

    def step() -> None:
        model.train()
        loss = F.cross_entropy(model(images), labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return forward, step


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor seconds, including page faults; they depend less on the load of the machine."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _resident() -> float:
    """Return the resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MIB


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--only", nargs="*", default=list(VARIANTS), help="variants; the first is the reference"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _serve(VARIANTS[given.child], given.threads)
        return
    found = measure(given.rounds, tuple(given.only), threads=given.threads)
    print(table(found), file=sys.stderr)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
