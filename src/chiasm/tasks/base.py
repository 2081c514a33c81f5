"""Task: what a model predicts of a row, and all that depends on it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from chiasm.data.table import Problem, Table
from chiasm.utils.arrays import Array, Floats, Indices

if TYPE_CHECKING:
    from typing import Self  # since Python 3.11

    from torch import Tensor

    from chiasm.tasks.metrics import Metrics

ClassWeight = Literal["none", "sqrt", "balanced"]
Loss: TypeAlias = "Callable[[Tensor, Tensor], Tensor]"
# The target of a row whose label is none that the task knows.
UNSEEN = -1


class Task(ABC):
    """Everything that a kind of answer decides; nothing else asks which kind it is.

    n rows have ``targets`` ``[n]``, a network gives each of them ``outputs`` ``[n, o]``, and
    calibration makes ``predictions`` ``[n, o]`` of these. An exported model is used without torch
    and scikit-learn, so the methods that need one import it when they are called.

    Attributes:
        name: of the kind, as written models name it.
        selection: the metric, the less the better, by which epochs are chosen.
        classes: what is told apart, in the order of the outputs.
    """

    name: ClassVar[str]
    selection: ClassVar[str]
    classes: tuple[str, ...]

    @classmethod
    @abstractmethod
    def of(cls, table: Table, rows: Indices) -> "Self":
        """The task that the labels of these rows set."""

    @abstractmethod
    def check_learnable(self, source: str, *, where: str) -> None:
        """Make sure that there is something to learn; errors name the source and where in it.

        Raises:
            DataError: there is not.
        """

    @property
    @abstractmethod
    def num_outputs(self) -> int:
        """Width of the head, o."""

    @abstractmethod
    def targets(self, labels: Sequence[str | None]) -> list[int | None]:
        """The target of each label; None: there is no label, or none that the task knows."""

    @abstractmethod
    def check_labels(self, table: Table, rows: Indices, *, what: str) -> tuple[Problem, ...]:
        """Notes on those of these labelled rows whose label the task does not know.

        ``what`` names the rows in errors.

        Raises:
            DataError: nothing can be evaluated by these labels, or one is likely misspelled.
        """

    @abstractmethod
    def loss(self, targets: Indices, *, class_weight: ClassWeight, label_smoothing: float) -> Loss:
        """The mean loss of outputs ``[b, o]`` and targets ``[b]``, for training on ``targets``."""

    @abstractmethod
    def fit_temperature(self, outputs: Array, targets: Indices) -> float:
        """What outputs of rows that were not trained on are divided by, to be calibrated."""

    @abstractmethod
    def calibrate(self, outputs: "Tensor", temperature: "Tensor") -> "Tensor":
        """Predictions, on the device of the outputs."""

    @abstractmethod
    def calibrate_array(self, outputs: Array, temperature: float) -> Floats:
        """Predictions without torch."""

    @abstractmethod
    def decide(self, predictions: Array) -> tuple[str, ...]:
        """The label that is predicted of each row."""

    @abstractmethod
    def columns(self, predictions: Array) -> dict[str, Array]:
        """The columns of a written prediction besides its label ``[n]``, by name."""

    @abstractmethod
    def metrics(self, predictions: Array, targets: Indices) -> "Metrics":
        """How good the predictions are; a target of ``UNSEEN`` counts as wrong."""

    @abstractmethod
    def validation_scores(self, outputs: Array, targets: Indices) -> dict[str, float]:
        """The metrics of an epoch, ``selection`` among them, from outputs not yet calibrated."""

    @abstractmethod
    def baseline(self, targets: Indices) -> Floats:
        """The prediction ``[o]`` that knows nothing but the targets of the training rows."""

    @abstractmethod
    def admit_unseen(self, predictions: Array, targets: Indices) -> "tuple[Array, Indices, Task]":
        """Predictions and targets without ``UNSEEN``, and the task by which they are evaluated."""

    @abstractmethod
    def explained(self, outputs: "Tensor", target: "Tensor", contrast: "Tensor | None") -> "Tensor":
        """The number of each row that is explained ``[b]``.

        It is that of ``target`` ``[b]`` against ``contrast`` ``[b]``; None: everything else.
        """

    def config(self) -> dict[str, Any]:
        """What a written model says of its task, as ``parse_task`` reads it."""
        return {"task": self.name, "classes": list(self.classes)}

    @classmethod
    @abstractmethod
    def parse(cls, config: Mapping[str, Any]) -> "Self":
        """The task of a written model.

        Raises:
            KeyError, TypeError, ValueError: it is not as it was written.
        """
