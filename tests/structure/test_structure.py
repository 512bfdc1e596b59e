"""The structure of the package keeps its bounds: ``python -m tests.structure`` prints the measures."""

from __future__ import annotations

import ast

import pytest

from tests.structure.functions import complexity, line_count, parameter_count
from tests.structure.imports import cycles, levels, module_graph, package_graph
from tests.structure.measure import Measure, bounds, measured
from tests.structure.modules import Module, modules

MEASURES = measured()
BOUNDS, EXEMPT = bounds()
FUNCTION = '''
async def function(self, a, /, b, *args, c, **kwargs):
    """Do it.

    At length.
    """
    if a:
        return 1
    elif b:
        return 2
    for each in args:
        try:
            each()
        except ValueError:
            pass
        else:
            break
    match c:
        case 1:
            pass
        case _:
            pass
    while a and b:
        pass
'''


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.name)
def test_a_measure_keeps_its_bounds(measure: Measure) -> None:
    bound = BOUNDS[measure.name]
    over = measure.over(bound.target)
    shown = "\n".join(f"{value} {place}" for value, place in over)
    assert measure.worst <= bound.worst, f"more than {bound.worst} in tests/structure/bounds.toml:\n{shown}"
    assert len(over) <= bound.over, f"more than {bound.over} above {bound.target}:\n{shown}"


def test_every_measure_has_a_bound_and_every_exempt_module_exists() -> None:
    assert {each.name for each in MEASURES} == BOUNDS.keys()
    assert set(EXEMPT) <= modules().keys()


def test_a_function_is_counted_without_its_docstring() -> None:
    node = ast.parse(FUNCTION).body[0]
    assert isinstance(node, ast.AsyncFunctionDef)
    assert line_count(node) == 19
    assert parameter_count(node) == 5
    assert complexity(node) == 8  # 1, if, elif, for, except, else, the first case, while


def test_a_cycle_is_found_through_the_names_that_a_package_offers() -> None:
    found = sources(
        {
            "autotl.first": (
                "first/__init__.py",
                "if TYPE_CHECKING:\n    from autotl.first.inner import name",
            ),
            "autotl.first.inner": ("first/inner.py", "from autotl.second import other"),
            "autotl.second": ("second.py", "def later():\n    from autotl.first import name"),
            "autotl.third": ("third.py", "import autotl.second"),
        }
    )
    graph = module_graph(found)
    assert graph["autotl.second"] == {"autotl.first.inner"}
    assert cycles(graph) == [["autotl.first.inner", "autotl.second"]]
    assert cycles(package_graph(found, graph)) == [["autotl.first", "autotl.second"]]


def test_a_level_imports_only_from_the_levels_below_it() -> None:
    graph = {"top": frozenset({"middle", "low"}), "middle": frozenset({"low"}), "low": frozenset[str]()}
    assert levels(graph) == [["low"], ["middle"], ["top"]]
    assert cycles(graph) == []


def sources(texts: dict[str, tuple[str, str]]) -> dict[str, Module]:
    root = next(iter(modules().values())).path.parent
    return {name: Module(name, root / path, 1, ast.parse(text)) for name, (path, text) in texts.items()}
