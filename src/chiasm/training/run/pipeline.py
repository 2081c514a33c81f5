"""train: from a table to a judged model in a folder."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

import torch

from chiasm.data.table import Problem, Table
from chiasm.data.verification.problems import log_problems
from chiasm.encoders.features.cache import FeatureCache
from chiasm.evaluation.held_out import evaluate_rows
from chiasm.inference.missing_modalities import say_lacking
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.model.left_out import left_out
from chiasm.model.storage import CONFIG, save_model
from chiasm.tasks.registry import learn_task
from chiasm.training.loop.compute import cores_for, distributed_state
from chiasm.training.loop.epochs import Epoch
from chiasm.training.loop.stages import fit_in_stages
from chiasm.training.recipe import Recipe
from chiasm.training.run.card import model_card
from chiasm.training.run.folder import RunFolder
from chiasm.training.run.record import record_run
from chiasm.training.run.result import TrainedModel
from chiasm.training.run.splits import split_rows
from chiasm.utils.extras import needs_extra
from chiasm.utils.writing import atomic_writes, write_json


def check_tensorboard() -> None:
    """Make sure that events can be written.

    Raises:
        ChiasmError: TensorBoard is not installed.
    """
    with needs_extra("tensorboard", "Events of TensorBoard need the package tensorboard"):
        import_module("tensorboard")


def train(
    table: Table,
    recipe: Recipe,
    *,
    out: Path,
    command: str,
    cache: FeatureCache,
    report: Callable[[Epoch], None],
    tell: Callable[[Iterable[Problem]], None] = log_problems,
    tensorboard: bool = False,
) -> TrainedModel:
    """Train the recipe's model and write it, with all that is known of it, to a folder.

    ``report`` is called after each epoch, ``tell`` with what is found in the rows here. If ``out``
    holds an unfinished run of the same recipe on the same data, it is gone on with. Of several
    processes (torchrun), which share each batch, one writes and reports.

    Raises:
        DataError: the data does not allow training.
        ChiasmError: the folder is in other use, the fusion does not fit the data, a batch cannot be
            shared evenly by the processes, or TensorBoard is not installed.
        TrainingStopped: Ctrl-C; the same call goes on.
    """
    if tensorboard:
        check_tensorboard()
    recipe = recipe.for_table(table)
    parts = split_rows(table, recipe)
    task = learn_task(table, parts.train)
    torch.manual_seed(recipe.training.seed)
    encoders = recipe.load_encoders(table.kinds)
    model = FusionClassifier(encoders=encoders, fusion=recipe.fusion, task=task)
    say_lacking(table, model.modalities, strict=False)
    noted = (*parts.problems, *left_out(table, model.encoders))
    tell(noted)
    table = replace(table, problems=(*table.problems, *noted))
    processes = distributed_state()
    # Begun by one process; for the others it is a run to go on with.
    with processes.main_process_first():
        folder = RunFolder(out, record_run(command, recipe, table, model.encoders))
    if processes.is_main_process:
        folder.write_problems(table.problems)
    # Encoded by one process of each machine; the others find all of it in the cache.
    with processes.local_main_process_first():
        rows = encode_table(table, model.encoders, task=task, cache=cache)

    def note(epoch: Epoch) -> None:
        if processes.is_main_process:
            folder.add_epoch(epoch)
            report(epoch)

    with cores_for(model):
        fit_in_stages(
            model,
            rows.take(parts.train),
            rows.take(parts.validation).known,
            recipe,
            checkpoints=folder.checkpoints,
            report=note,
            events=folder.events if tensorboard and processes.is_main_process else None,
        )
        trained = TrainedModel(
            model=model,
            parts=parts,
            problems=table.problems,
            history=folder.read_history(),
            validation=evaluate_rows(model, rows.take(parts.validation)),
            test=evaluate_rows(model, rows.take(parts.test)) if len(parts.test) else None,
        )
    processes.wait_for_everyone()
    if processes.is_main_process:
        metrics = {
            "validation": asdict(trained.validation),
            "test": asdict(trained.test) if trained.test else None,
        }
        with atomic_writes(out, seal=CONFIG) as part:
            write_json(metrics, part / "metrics.json")
            save_model(model, part, card=model_card(trained))
        folder.finish()
    return trained
