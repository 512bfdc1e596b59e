"""The floors in CONTRIBUTING.md are those that ``lint-imports`` checks."""

from __future__ import annotations

import re
import tomllib

from tests.structure.modules import PACKAGE, ROOT, modules

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("## Floors\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (\d+|leaf) \| `(\w+)` \| (.*?) \|$", SECTION, re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LAYERS = next(each for each in PROJECT["tool"]["importlinter"]["contracts"] if each["type"] == "layers")


def test_the_table_of_floors_is_the_contract_in_pyproject() -> None:
    checked = [set(re.split(r" [|:] ", layer)) for layer in LAYERS["layers"]]
    numbers = [int(number) for number, _, _ in ROWS if number != "leaf"]
    shown = [
        {name for number, name, _ in ROWS if number == str(each)}
        for each in sorted(set(numbers), reverse=True)
    ]
    assert shown == checked, "write the layers of pyproject.toml into CONTRIBUTING.md's table of floors"
    assert numbers == sorted(numbers, reverse=True)
    assert max(numbers) == len(checked)
    assert {name for number, name, _ in ROWS if number == "leaf"} == set(LAYERS["exhaustive_ignores"])


def test_every_package_and_module_is_on_a_floor_and_described() -> None:
    tops = {each.top.removeprefix(f"{PACKAGE}.") for each in modules().values()} - {PACKAGE}
    assert {name for _, name, _ in ROWS} == tops
    assert [name for _, name, text in ROWS if not text.strip()] == []
