"""List all steps of the final phase.

A new step is one module and one entry of STEPS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from autotl.evaluation import Ensemble, Soup, Tta
from autotl.finalize.adaptation_step import AdaptationStep, unadapted
from autotl.finalize.adapting.training import why_nothing_adapts
from autotl.finalize.calibration import Calibration
from autotl.finalize.ensembling.ensemble import EnsembleStep
from autotl.finalize.ensembling.tta import TtaStep
from autotl.finalize.final_model import FinalModel
from autotl.finalize.final_step import FinalStep
from autotl.finalize.model_soup import ModelSoup
from autotl.finalize.phase import FinalPhase
from autotl.finalize.refit import Refit
from autotl.finalize.scratch_crossover import CrossoverStep
from autotl.finalize.test_phase.test_evaluation import EvaluationStep
from autotl.progress.timeline import spent_on
from autotl.trials.trial import Trial

STEPS: tuple[Callable[[FinalPhase], FinalStep], ...] = (
    CrossoverStep,
    AdaptationStep,
    ModelSoup,
    EnsembleStep,
    Refit,
    TtaStep,
    Calibration,
    EvaluationStep,
)
"""The steps in their order. All but the last choose the final model, without the test part.

They choose by validation scores, and the adaptation step by images of the place of use.
"""


def final_steps(phase: FinalPhase) -> tuple[FinalStep, ...]:
    """Return the steps of a run."""
    return tuple(step(phase) for step in STEPS)


def notes_at_start(phase: FinalPhase) -> tuple[str, ...]:
    """Return sentences for the user before the search."""
    return tuple(filter(None, [why_nothing_adapts(phase)]))


def choose_model(
    phase: FinalPhase, steps: Sequence[FinalStep], winner: Trial, *, interrupted: bool = False
) -> FinalModel:
    """Run the steps that choose the final model: all but the last.

    A soup or an ensemble replaces the refit. It must beat the winner by more than the refit is expected to
    bring.

    Args:
        phase: The final phase.
        steps: All its steps, in order.
        winner: The best trial.
        interrupted: Whether the user interrupted the search; optional steps are then skipped.

    Returns:
        The model to export.
    """
    why = "the search was interrupted" if interrupted else "the time was up"
    model = FinalModel(
        winner,
        str(winner.model),
        soup=Soup(why=why),
        ensemble=Ensemble(why=why) if phase.options.ensemble else None,
        outputs=winner.folds,
        tta=Tta(why=why) if phase.options.tta else None,
        adaptation=unadapted(phase, winner, why),
    )
    for step in steps[:-1]:
        if not step.optional or (not interrupted and phase.clock.now() < phase.end):
            with spent_on(step.name.replace(" ", "_")):
                model = step.run(model)
    if model.members and model.soup.kept:
        soup = replace(model.soup, kept=False, why="an ensemble of networks beats it in validation")
        model = replace(model, soup=soup)
    return model
