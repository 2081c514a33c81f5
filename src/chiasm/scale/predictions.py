"""predict_shards: labels and probabilities for many rows, on a cluster, as Parquet files."""

import hashlib
import io
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from chiasm.data.table import Problem, Table
from chiasm.data.verification.problems import log_problems
from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.inference.manifest import MANIFEST
from chiasm.inference.missing_modalities import say_lacking
from chiasm.model.prediction_files import prediction_frame
from chiasm.scale.actors import Outcome, run_on_actors
from chiasm.scale.cluster import absolute
from chiasm.scale.predictors import Predictor, load_predictor, looked_at
from chiasm.scale.shards import ShardFolder
from chiasm.utils.digests import digest_of

# About a minute of images on a core, and 125 MB of their tokens in memory.
_ROWS = 1000
# What the predictions of a model depend on; an exported one has the hashes of its files.
_PARTS_OF_A_MODEL = (MANIFEST, "config.json", "model.safetensors")


def predict_shards(
    model: Path,
    table: Table,
    out: str,
    *,
    rows_per_shard: int = _ROWS,
    advance: Callable[[int], None],
    strict: bool = False,
) -> None:
    """Predict every row on the cluster that was joined, into parts in the order of the table.

    Every machine reads the model and the files of the rows by their paths. Parts that ``out`` holds
    already, by the same model of the same rows, are not predicted again.

    Args:
        model: the folder that train or export wrote.
        table: the rows.
        out: a folder, on any file system that fsspec knows; this process writes it.
        rows_per_shard: rows of a shard.
        advance: called with the number of rows that are done: first those of earlier parts.
        strict: whether rows that all lack what the model looks at are refused.

    Raises:
        DataError: they do.
        ChiasmError: there is no whole model, or the folder is in other use.
    """
    digest = _digest_of_model(model)
    say_lacking(table, looked_at(model), strict=strict)
    parts = _Parts(table, rows_per_shard)
    made_of = {
        "model": digest,
        "data": {"source": table.source, "fingerprint": table.fingerprint, "rows": len(table)},
        "part_rows": rows_per_shard,
    }
    folder = ShardFolder(out, made_of=made_of, parts=len(parts))
    numbers = folder.missing
    advance(len(table) - sum(len(parts.rows(number)) for number in numbers))
    work = _PredictShard(model.absolute(), digest)
    noted: list[Problem] = []
    try:
        for position, outcome in run_on_actors(work, [parts[number] for number in numbers]):
            folder.add(numbers[position], outcome["parquet"], rows=outcome["rows"])
            advance(outcome["rows"])
            noted += (Problem(**told) for told in json.loads(outcome["noted"]))
    finally:
        folder.write_manifest()
        log_problems(noted)


def _digest_of_model(model: Path) -> str:
    digest = hashlib.sha256()
    found = [model / name for name in _PARTS_OF_A_MODEL if (model / name).is_file()]
    if not found:
        raise ChiasmError(
            f"There is no model in {model}. Give the folder that chiasm train or chiasm export "
            "wrote, by a path that all machines have."
        )
    try:
        for file in found:
            digest.update(digest_of(file))
    except UnreadableExample as error:
        raise ChiasmError(f"{file}: {error}. Copy the folder again.") from error
    return digest.hexdigest()


class _Parts:
    """A table in parts, each with its own problems alone."""

    def __init__(self, table: Table, rows_per_shard: int) -> None:
        self._table = table
        self._rows_per_shard = rows_per_shard

    def __len__(self) -> int:
        return -(-len(self._table) // self._rows_per_shard)

    def rows(self, number: int) -> range:
        start = number * self._rows_per_shard
        return range(start, min(start + self._rows_per_shard, len(self._table)))

    def __getitem__(self, number: int) -> Table:
        part = self._table.take(self.rows(number))
        return replace(
            part,
            values={
                modality: tuple(None if value is None else absolute(value) for value in column)
                for modality, column in part.values.items()
            },
            problems=tuple(p for p in part.problems if p.position is not None),
        )


@dataclass(frozen=True)
class _PredictShard:
    model: Path
    digest: str

    @cached_property
    def _predictor(self) -> Predictor:
        # What is found is told where all parts come together.
        logging.getLogger("chiasm").setLevel(logging.ERROR)
        if _digest_of_model(self.model) != self.digest:
            raise ChiasmError(
                f"Machines of the cluster have different models in {self.model}. Give them the "
                "same, and the command again."
            )
        return load_predictor(self.model, cached=False)

    def __call__(self, part: Table) -> Outcome:
        predicted = self._predictor(part)
        part = replace(part, problems=(*part.problems, *predicted.problems))
        parquet = io.BytesIO()
        prediction_frame(predicted, part).to_parquet(parquet, index=False)
        noted = [asdict(problem) for problem in predicted.problems if problem.action == "noted"]
        return {"rows": len(part), "parquet": parquet.getvalue(), "noted": json.dumps(noted)}
