import numpy as np
import pytest
import torch
from model.letters import make_model, make_table

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.attribution.methods import METHODS, methods_for
from chiasm.explanation.attribution.target import Target
from chiasm.explanation.attribution.token_scores import token_scores
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, encode_table, stack_tokens
from chiasm.model.logits import predict_probabilities
from chiasm.tasks.multiclass import Multiclass

TEXTS = [None if i % 5 == 4 else f"{'ab' * (i % 4)}{i}" for i in range(70)]
IMAGES = [None if i % 3 == 0 else f"pic {i}".encode() for i in range(70)]


def encoded(model: FusionClassifier) -> EncodedTable:
    return encode_table(make_table(text=TEXTS, image=IMAGES), model.encoders, cache=None)


def batch_of(model: FusionClassifier, rows: list[int]) -> dict[str, Tokens]:
    table = encoded(model)
    return stack_tokens([table[row] for row in rows])


TASK = Multiclass(("a", "b", "c"))


def log_odds(model: FusionClassifier, batch: dict[str, Tokens], chosen: int) -> torch.Tensor:
    target = torch.full((len(batch["text"]),), chosen)
    return model.task.explained(model.classify(batch).logits, target, None)


def test_log_odds_are_those_of_the_probability() -> None:
    logits = torch.randn(4, 3)
    probability = logits.softmax(dim=1)[:, 1]
    expected = torch.log(probability / (1 - probability))
    torch.testing.assert_close(TASK.explained(logits, torch.ones(4).long(), None), expected)


def test_a_contrast_is_the_difference_of_two_logits() -> None:
    logits = torch.randn(4, 3)
    found = TASK.explained(logits, torch.zeros(4).long(), torch.full((4,), 2))
    torch.testing.assert_close(found, logits[:, 0] - logits[:, 2])


@pytest.mark.parametrize("method", METHODS)
def test_each_real_token_has_a_finite_score_and_a_missing_modality_none(method: str) -> None:
    model = make_model()
    rows = encoded(model)
    scores = token_scores(model, rows, method=method, target=np.zeros(70, dtype=np.int64))
    assert len(scores) == 70
    for of_row, text, image in zip(scores, TEXTS, IMAGES, strict=True):
        assert len(of_row["text"]) == len(text or "")
        assert len(of_row["image"]) == len(image or b"")
        assert all(np.isfinite(s).all() for s in of_row.values())
    assert np.abs(scores[1]["text"]).max() > 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_a_row_is_scored_alone_as_among_others(method: str) -> None:
    model = make_model()
    rows = encoded(model)
    chosen = np.arange(70) % 3
    together = token_scores(model, rows, method=method, target=chosen)
    for row in (1, 17, 65):
        place = np.array([row])
        (alone,) = token_scores(model, rows.take(place), method=method, target=chosen[place])
        for modality in alone:
            np.testing.assert_allclose(alone[modality], together[row][modality], atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_scoring_leaves_the_model_and_its_predictions_as_they_were(method: str) -> None:
    model = make_model()
    rows = encoded(model)
    before = predict_probabilities(model, rows)
    torch.manual_seed(3)
    state = torch.get_rng_state()
    token_scores(model, rows, method=method, target=np.zeros(70, dtype=np.int64))
    assert torch.equal(predict_probabilities(model, rows), before)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.grad is None for p in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_attention_is_the_mean_weight_of_each_key_and_the_same_for_every_class() -> None:
    model = make_model()
    batch = batch_of(model, [2])
    weights = model.classify(batch, need_weights=True).attention["text->image"]
    for chosen in (0, 1):
        found = METHODS["attention"](model, batch, Target(torch.tensor([chosen])))["image"]
        torch.testing.assert_close(found, weights[..., :-1].mean(dim=(1, 2)))


def test_gradient_x_attention_is_the_weights_times_their_gradients() -> None:
    """Checked on the last attention of all, where weights can be put in by hand: the pooling."""
    model = make_model()
    batch = batch_of(model, [2])
    pool = model.fusion.pools["image"]
    seen: list[torch.Tensor] = []
    handle = pool.softmax.register_forward_hook(lambda _m, _g, weights: seen.append(weights))
    model.classify(batch)
    handle.remove()
    weights = seen[0].detach().requires_grad_(True)
    handle = pool.softmax.register_forward_hook(lambda _m, _g, _weights: weights)
    score = log_odds(model, batch, 1).sum()
    handle.remove()
    (gradient,) = torch.autograd.grad(score, weights)
    expected = (weights * gradient)[0, :-1].sum(dim=-1)

    found = METHODS["gradient x attention"](model, batch, Target(torch.tensor([1])))["image"][0]
    # The words asked the image too.
    asked = model.fusion.attentions["text->image"].value
    gate = torch.ones(1, batch["image"].values.shape[1], requires_grad=True)
    handle = asked.register_forward_hook(lambda _m, _g, values: values * gate[..., None])
    (rest,) = torch.autograd.grad(log_odds(model, batch, 1).sum(), gate)
    handle.remove()
    torch.testing.assert_close(found, expected + rest[0], rtol=1e-4, atol=1e-5)


def test_integrated_gradients_sum_to_what_the_tokens_change() -> None:
    model = make_model()
    batch = batch_of(model, [1, 2, 5])
    target = Target(torch.tensor([0, 1, 2]))
    found = METHODS["integrated gradients"](model, batch, target)
    total = sum(scores.sum(dim=1) for scores in found.values())
    silent = {m: Tokens(torch.zeros_like(t.values), t.mask) for m, t in batch.items()}
    whole, none = (
        model.task.explained(model.classify(given).logits, target.classes, None)
        for given in (batch, silent)
    )
    change = whole - none
    torch.testing.assert_close(total, change, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("fusion", ["text", "concat", "cross_attention"])
def test_occlusion_is_what_is_lost_without_a_token(fusion: str) -> None:
    model = make_model(fusion)
    table = make_table(text=["abc"], image=[b"xy"])
    rows = encode_table(table, model.encoders, cache=None)
    (scores,) = token_scores(model, rows, method="occlusion", target=np.array([1]))
    batch = stack_tokens([rows[0]])
    mask = torch.tensor([[True, False, True]])
    without = {**batch, "text": Tokens(batch["text"].values, mask)}
    target = Target(torch.tensor([1]))
    whole, less = (
        model.task.explained(model(given).logits, target.classes, None)
        for given in (batch, without)
    )
    lost = whole - less
    assert scores["text"][1] == pytest.approx(lost.item(), abs=1e-6)


def test_only_what_reads_by_attention_has_attention() -> None:
    assert methods_for(make_model("cross_attention")) == tuple(METHODS)
    assert methods_for(make_model("concat")) == ("occlusion",)


def test_a_missing_captum_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from chiasm.errors import ChiasmError

    monkeypatch.setitem(__import__("sys").modules, "captum.attr", None)
    model = make_model()
    with pytest.raises(ChiasmError, match=r"chiasm\[explain\]"):
        METHODS["integrated gradients"](model, batch_of(model, [1]), Target(torch.tensor([0])))
