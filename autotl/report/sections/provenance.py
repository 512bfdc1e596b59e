"""Build the section about command, seed, split and versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.section import Section, Table


def section(report: Report) -> Section:
    """List the facts that are needed to repeat the run."""
    facts = {
        "command": format.name(report.command) if report.command else "",
        "seed": "" if report.seed is None else str(report.seed),
        "split": format.name(report.split.hash) if report.split.hash else "",
        **_versions(report.environment),
        "created": format.moment(report.created),
        "report format": "" if report.format is None else format.value(report.format),
    }
    rows = tuple((fact, value) for fact, value in facts.items() if value)
    return Section(
        name="provenance",
        title="Provenance",
        link="Provenance",
        tables=(Table(("fact", "value"), rows, style="facts"),),
    )


def _versions(environment: Mapping[str, Any]) -> dict[str, str]:
    plugins = environment.get("plugins") or {}
    versions = {key: format.value(value) for key, value in environment.items() if key != "plugins"}
    return {
        **versions,
        "plugins": ", ".join(f"{name} {format.value(each)}" for name, each in plugins.items()),
    }
