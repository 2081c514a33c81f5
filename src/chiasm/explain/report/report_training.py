"""report_training: the report of a model that was just trained."""

from dataclasses import replace

from chiasm.data.table import Table
from chiasm.encoders.cache import FeatureCache
from chiasm.explain.report.report import Report
from chiasm.explain.report.report_model import report_model
from chiasm.training.recipe import Recipe
from chiasm.training.trained import TrainedModel


def report_training(
    trained: TrainedModel, table: Table, recipe: Recipe, *, command: str, cache: FeatureCache
) -> Report:
    """Judge it on the data's own test rows, or else on those that chose its epochs.

    ``table``, ``recipe``, ``command`` and ``cache`` as they were given to ``train``.
    """
    parts = trained.parts
    is_tested = len(parts.test) > 0
    return report_model(
        trained.model,
        replace(table, problems=trained.problems),
        parts.test if is_tested else parts.validation,
        part="test rows" if is_tested else "validation rows",
        caution="The data itself names them for testing."
        if is_tested
        else "They chose the epochs and the temperature, so the figures are on the high side.",
        reference=parts.train,
        group_by=recipe.group_by,
        history=trained.history,
        command=command,
        seed=recipe.training.seed,
        cache=cache,
    )
