"""Print the structure of the package in numbers, and each place above its target.

    python -m tests.structure [--packages | --floors]

``--packages`` adds files and lines of each package, ``--floors`` the levels that the imports form.
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.structure.imports import levels, module_graph, package_graph
from tests.structure.measure import bounds, measured
from tests.structure.modules import PACKAGE, modules

SHOWN = 5  # places above the target, of each measure


def main(arguments: list[str]) -> None:
    """Print the measures and what else is asked for."""
    if "--packages" in arguments:
        print(packages(), end="\n\n")
    if "--floors" in arguments:
        print(floors(), end="\n\n")
    print(measures())


def measures() -> str:
    """Return each measure with its target, its worst place and those above the target."""
    known = bounds()[0]
    lines = [f"{'measure':16} target  worst  over"]
    for each in measured():
        over = each.over(known[each.name].target)
        lines.append(f"{each.name:16} {known[each.name].target:6}  {each.worst:5}  {len(over):4}")
        lines += [f"    {value:4}  {place}" for value, place in over[:SHOWN]]
        lines += [f"          and {len(over) - SHOWN} more"] if len(over) > SHOWN else []
    return "\n".join(lines)


def packages() -> str:
    """Return files and lines of each package, the largest first."""
    files: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for each in modules().values():
        top = each.top if each.top != each.name or each.is_package else PACKAGE
        files[top] += 1
        lines[top] += each.lines
    rows = [f"{name:24} {files[name]:5}  {count:6}" for name, count in lines.most_common()]
    total = f"{'all':24} {files.total():5}  {lines.total():6}"
    return "\n".join([f"{'package':24} files   lines", *rows, total])


def floors() -> str:
    """Return the levels that the imports form, the highest first."""
    found = modules()
    tops = levels(package_graph(found, module_graph(found)))
    shown = [" | ".join(name.removeprefix(f"{PACKAGE}.") for name in names) for names in tops]
    return "\n".join(f"{number:2}  {names}" for number, names in reversed(list(enumerate(shown))))


if __name__ == "__main__":
    main(sys.argv[1:])
