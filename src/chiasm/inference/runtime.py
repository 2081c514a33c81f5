"""Runtime: an exported model, used without torch."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from chiasm.data.media.facts import Value
from chiasm.data.media.kinds import Kind
from chiasm.errors import ChiasmError
from chiasm.inference.attribution import Attribution
from chiasm.inference.manifest import BROKEN, ModalityManifest, not_whole, read_manifest
from chiasm.inference.predictions import RowPrediction
from chiasm.inference.preprocessing.log_mel import LogMel
from chiasm.inference.preprocessing.network_input import NetworkInput
from chiasm.inference.shapley import coalitions, shapley_values
from chiasm.inference.token_spans import TokenSpan, grid_spans, numbered_spans
from chiasm.tasks.base import Task
from chiasm.utils.arrays import Floats
from chiasm.utils.cores import count_serving_cores
from chiasm.utils.extras import needs_extra
from chiasm.utils.reading import NETWORK, read_own

with needs_extra("runtime", "Exported models need ONNX Runtime"):
    from tokenizers import Tokenizer

    from chiasm.inference.fusion_network import FusionNetwork
    from chiasm.inference.modality_encoder import ModalityEncoder, Tokens
    from chiasm.inference.preprocessing.storage import restore_preprocessing
    from chiasm.inference.sessions import UNUSABLE, open_session

RuntimeInput: TypeAlias = NetworkInput
# How many tokens are hidden, one in each copy of a row, at a time.
_HIDDEN = 64


class Runtime:
    """Predicts rows by the networks of an exported folder.

    Several threads may use one at once.

    Attributes:
        name: the fusion and the encoders in a few words.
        task: what is predicted.
        classes: the labels, in the order of the probabilities.
        modalities: what a row may have.
        kinds: of the modalities.
        encoders: preprocessing and network of each.
    """

    def __init__(
        self,
        *,
        name: str,
        task: Task,
        kinds: Mapping[str, Kind],
        encoders: Mapping[str, ModalityEncoder],
        fusion: FusionNetwork,
    ) -> None:
        self.name = name
        self.task = task
        self.classes = task.classes
        self.modalities = tuple(encoders)
        self.kinds = dict(kinds)
        self.encoders = dict(encoders)
        self._fusion = fusion
        with _cores() as cores:
            self._of_nothing = fusion.probabilities([{}], cores)

    def check(self) -> None:
        """Make sure that networks and manifest fit each other.

        Raises:
            ValueError: they do not; or what ONNX Runtime raises.
        """
        if self._of_nothing.shape != (1, len(self.classes)):
            raise ValueError(f"there are {len(self.classes)} classes, and the network has others")
        if not np.isfinite(self._of_nothing).all():
            raise ValueError("a row without anything has no probabilities")

    def load(self, modality: str, content: Value) -> RuntimeInput:
        """Check and preprocess one value: a text, the content of a file, or features ``[l, d]``.

        Raises:
            UnreadableExample: the value cannot be decoded.
            ChiasmError: the model does not look at that modality.
        """
        return self.loader(modality)(content)

    def loader(self, modality: str) -> Callable[[Any], RuntimeInput]:
        """What ``load`` calls for this modality; other processes can be sent it.

        Raises:
            ChiasmError: the model does not look at that modality.
        """
        self._check([modality])
        return self.encoders[modality].preprocessing.load

    def predict(
        self, rows: Sequence[Mapping[str, RuntimeInput]], *, contributions: bool = True
    ) -> list[RowPrediction]:
        """Predict rows, each with any of the modalities; a row's result never depends on another.

        Raises:
            ChiasmError: a row has a modality that the model does not look at.
        """
        if not rows:
            return []
        with _cores() as cores:
            encoded = self._encode(rows, cores)
            probabilities = self._fusion.probabilities(encoded, cores)
            shares = (
                self._shares(encoded, probabilities, cores) if contributions else [{} for _ in rows]
            )
        return [
            RowPrediction(
                label=label,
                probabilities=dict(zip(self.classes, row.tolist(), strict=True)),
                contributions={m: float(x[row.argmax()]) for m, x in share.items()},
                missing=tuple(m for m in self.modalities if m not in tokens),
                notes=tuple(_notes(given)),
            )
            for label, row, share, tokens, given in zip(
                self.task.decide(probabilities), probabilities, shares, encoded, rows, strict=True
            )
        ]

    def occlude(
        self, row: Mapping[str, RuntimeInput], *, label: str | None = None
    ) -> dict[str, Attribution]:
        """By how much the probability of a label (None: the predicted one) falls without a token.

        One token at a time is hidden from the fusion; the encoders have seen the whole value.

        Raises:
            ChiasmError: the model knows no such label, or the row has another modality.
        """
        with _cores() as cores:
            (encoded,) = self._encode([row], cores)
            hidden = (
                {**encoded, modality: np.delete(tokens, position, axis=0)}
                for modality, tokens in encoded.items()
                for position in range(len(tokens))
            )
            found = [self._fusion.probabilities([encoded], cores)]
            # Not all at once: each is a copy of the tokens of a modality.
            while some := list(islice(hidden, _HIDDEN)):
                found.append(self._fusion.probabilities(some, cores))
        probabilities = np.concatenate(found)
        index = int(probabilities[0].argmax()) if label is None else self._index(label)
        falls = iter(probabilities[0, index] - probabilities[1:, index])
        return {
            modality: Attribution(
                method="occlusion",
                modality=modality,
                target=self.classes[index],
                contrast=None,
                spans=tuple(self._token_spans(modality, row[modality], len(tokens))),
                scores=np.array([next(falls) for _ in tokens]),
            )
            for modality, tokens in encoded.items()
        }

    def _encode(
        self, rows: Sequence[Mapping[str, RuntimeInput]], cores: ThreadPoolExecutor
    ) -> list[dict[str, Tokens]]:
        self._check({modality for row in rows for modality in row})
        encoded: list[dict[str, Tokens]] = [{} for _ in rows]
        begun = {
            modality: encoder.encode([row[modality] for row in rows if modality in row], cores)
            for modality, encoder in self.encoders.items()
        }
        for modality, tokens in begun.items():
            having = [position for position, row in enumerate(rows) if modality in row]
            for position, found in zip(having, tokens, strict=True):
                encoded[position][modality] = found
        return encoded

    def _shares(
        self,
        rows: Sequence[Mapping[str, Tokens]],
        probabilities: Floats,
        cores: ThreadPoolExecutor,
    ) -> list[dict[str, Floats]]:
        """The Shapley values ``[classes]`` of each modality, by row.

        A missing modality adds nothing to any coalition: the players are those that are there.
        """
        shares = [{m: np.zeros(len(self.classes)) for m in self.modalities} for _ in rows]
        for present in {tuple(row) for row in rows}:
            positions = [position for position, row in enumerate(rows) if tuple(row) == present]
            game = {
                coalition: self._fusion.probabilities(
                    [{m: rows[position][m] for m in coalition} for position in positions], cores
                )
                for coalition in coalitions(present)[1:-1]
            }
            game[frozenset()] = np.repeat(self._of_nothing, len(positions), axis=0)
            game[frozenset(present)] = probabilities[positions]
            for modality, values in shapley_values(game).values.items():
                for position, share in zip(positions, values, strict=True):
                    shares[position][modality] = share
        return shares

    def _token_spans(self, modality: str, value: RuntimeInput, count: int) -> Sequence[TokenSpan]:
        if (grid := self.encoders[modality].grid) is not None:
            rows, columns = grid
            return grid_spans(rows, columns, whole=count - rows * columns, box=value.box)
        return value.spans or numbered_spans(count)

    def _index(self, label: str) -> int:
        if label not in self.classes:
            raise ChiasmError(
                f"The model knows no label {label!r}. Choose from: {', '.join(self.classes)}."
            )
        return self.classes.index(label)

    def _check(self, modalities: Iterable[str]) -> None:
        unknown = sorted(set(modalities) - set(self.modalities))
        if unknown:
            raise ChiasmError(
                f"The model looks at {', '.join(self.modalities)}, not at {unknown[0]!r}. Leave it "
                "out, or use a model that was trained with it."
            )


def _notes(row: Mapping[str, RuntimeInput]) -> Iterator[str]:
    for modality, loaded in row.items():
        for part in loaded.left_out:
            yield f"{modality}: {part.reason} ({part.detail})"


def _cores() -> ThreadPoolExecutor:
    # For one call: threads that are kept would be missing after a fork.
    return ThreadPoolExecutor(count_serving_cores(), thread_name_prefix="core")


def load_runtime(folder: Path) -> Runtime:
    """Read an exported folder, whose every file must be the one that its manifest names.

    Raises:
        ChiasmError: the folder is no whole export that this version can read.
    """
    manifest = read_manifest(folder)
    encoders = {m: _load_encoder(folder, told) for m, told in manifest.modalities.items()}
    network = open_session(folder / manifest.fusion)
    try:
        runtime = Runtime(
            name=manifest.name,
            task=manifest.task,
            kinds={m: told.kind for m, told in manifest.modalities.items()},
            encoders=encoders,
            fusion=FusionNetwork(
                network,
                dims={m: told.dim for m, told in manifest.modalities.items()},
                task=manifest.task,
                temperature=manifest.temperature,
            ),
        )
        runtime.check()
    except (*UNUSABLE, *BROKEN) as error:
        raise not_whole(folder, error) from error
    return runtime


def _load_encoder(folder: Path, told: ModalityManifest) -> ModalityEncoder:
    tokenizer = None if told.tokenizer is None else _load_tokenizer(folder / told.tokenizer)
    try:
        preprocessing = restore_preprocessing(told.preprocessing, tokenizer=tokenizer)
    except BROKEN as error:
        raise not_whole(folder, error) from error
    return ModalityEncoder(
        preprocessing=preprocessing,
        # A run on an audio clip takes hundreds of MB, of which the next text has no use.
        network=open_session(
            folder / told.network, keeps_memory=not isinstance(preprocessing, LogMel)
        ),
        grid=told.grid,
    )


def _load_tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_buffer(read_own(path.parent, path.name, most=NETWORK))
    except Exception as error:  # the library raises nothing more exact
        raise ChiasmError(
            f"{path} is no tokenizer: {error}. Copy the folder again, or export anew."
        ) from error
