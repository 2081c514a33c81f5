import numpy as np
from model.letters import CLASSES, make_model, make_table

from chiasm.explanation.attribution.token_scores import token_scores
from chiasm.model.dataset import EncodedTable, encode_table
from chiasm.model.logits import predict_probabilities
from chiasm.report.examination import METHOD, examine
from chiasm.tasks.multiclass import Multiclass

ROWS = 80


def encoded(fusion: str) -> EncodedTable:
    model = make_model(fusion)
    table = make_table(
        text=[None if i % 5 == 4 else f"{'ab' * (i % 4)}{i}" for i in range(ROWS)],
        image=[f"pic {i}".encode() for i in range(ROWS)],
        labels=[CLASSES[i % 3] for i in range(ROWS)],
    )
    return encode_table(table, model.encoders, task=Multiclass(CLASSES), cache=None)


def test_the_wrong_and_the_least_certain_rows_are_scored_for_the_class_they_were_called() -> None:
    model, rows = make_model(), encoded("cross_attention")
    scores = examine(model, rows).scores
    probabilities = predict_probabilities(model, rows).numpy()
    called = probabilities.argmax(axis=1)
    assert set(np.flatnonzero(called != rows.labels)) <= set(scores)
    first, second = np.sort(probabilities, axis=1)[:, :-3:-1].T
    assert set(np.argsort(first - second)[:6]) <= set(scores)
    row = next(iter(scores))
    (expected,) = token_scores(
        model, rows.take(np.array([row])), method=METHOD, target=called[[row]]
    )
    assert set(scores[row]) == set(expected)
    for modality in expected:
        np.testing.assert_allclose(scores[row][modality], expected[modality], atol=1e-5)


def test_a_model_that_does_not_read_by_attention_has_no_scores() -> None:
    assert examine(make_model("concat"), encoded("concat")).scores == {}
