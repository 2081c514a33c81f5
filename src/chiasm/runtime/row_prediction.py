"""RowPrediction: what the runtime says of one row."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RowPrediction:
    """The most probable class of one row, and what each modality had to do with it.

    Attributes:
        label: the most probable class; of a row without any modality that of the class balance.
        probabilities: calibrated, by class, in the order of the classes.
        contributions: the Shapley value of each modality for the probability of ``label``: with the
            probability that a row without any modality has they sum to it. 0 for a missing
            modality; empty if they were not asked for.
        missing: the modalities that the row lacks.
        notes: what of its values the model does not see, in words.
    """

    label: str
    probabilities: dict[str, float]
    contributions: dict[str, float]
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()
