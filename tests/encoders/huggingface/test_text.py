from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
import torch
from transformers import AutoModel, BertConfig, BertModel, BertTokenizer

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.huggingface.text import HuggingFaceText
from chiasm.errors import EncoderError, UnreadableExample

Checkpoint = Callable[[str], Path]


def encoder_of(folder: Path, **settings: int) -> HuggingFaceText:
    return HuggingFaceText(folder, name="tiny", **settings)


def test_tokens_are_the_last_hidden_states_with_the_special_tokens(checkpoint: Checkpoint) -> None:
    tokens = encoder_of(checkpoint("bert")).encode_frozen(["the cat sits", "dog"])
    # [CLS] the cat sits [SEP], by their places in the vocabulary.
    network = AutoModel.from_pretrained(checkpoint("bert")).eval()
    expected = network(torch.tensor([[2, 5, 6, 8, 3]])).last_hidden_state[0]
    torch.testing.assert_close(tokens.values[0], expected, rtol=1e-4, atol=1e-5)
    assert tokens.mask.sum(dim=1).tolist() == [5, 3]


def test_a_tokenizer_that_knows_more_tokens_than_its_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\ndog\n")
    BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "intermediate_size": 8}
    BertModel(BertConfig(vocab_size=6, num_attention_heads=2, **sizes)).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="up to number 6, and its network knows 6"):
        encoder_of(tmp_path)


def test_long_text_is_cut(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("bert"), max_length=6)
    assert encoder.encode_frozen(["the cat " * 1000]).values.shape[1] == 6


def test_length_never_exceeds_what_the_model_has_positions_for(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("clip"))
    assert encoder.max_length == 12
    assert encoder.encode_frozen(["the cat " * 100]).values.shape[1] == 12


def test_length_is_part_of_the_fingerprint(checkpoint: Checkpoint) -> None:
    short, long = (encoder_of(checkpoint("bert"), max_length=n) for n in (6, 7))
    assert short.fingerprint != long.fingerprint


def test_empty_text_still_has_its_special_tokens(checkpoint: Checkpoint) -> None:
    assert encoder_of(checkpoint("bert")).encode_frozen([""]).mask.sum() == 2


def test_model_trained_without_a_mask_sees_its_padding_but_does_not_hand_it_on(
    checkpoint: Checkpoint,
) -> None:
    tokens = encoder_of(checkpoint("siglip")).encode_frozen(["the cat"])
    network = AutoModel.from_pretrained(checkpoint("siglip")).text_model.eval()
    padded = torch.tensor([[2, 5, 6, 3] + [0] * 8])
    expected = network(input_ids=padded).last_hidden_state[0]
    assert tokens.mask.sum() == 4
    torch.testing.assert_close(tokens.values[0, :4], expected[:4], rtol=1e-4, atol=1e-5)


def test_text_that_is_not_unicode_is_unreadable(checkpoint: Checkpoint) -> None:
    with pytest.raises(UnreadableExample, match="surrogate"):
        encoder_of(checkpoint("bert")).load("half of a smile: \ud83d")


@pytest.mark.parametrize("kind", ["bert", "clip"])
def test_lengths_are_the_tokens_that_texts_come_to(checkpoint: Checkpoint, kind: str) -> None:
    encoder = encoder_of(checkpoint(kind))
    texts = ["the cat sits", "dog", "", "the cat " * 100]
    assert encoder.lengths(texts) == encoder.encode_frozen(texts).mask.sum(1).tolist()


def test_text_that_is_not_unicode_has_a_length_all_the_same(checkpoint: Checkpoint) -> None:
    assert len(encoder_of(checkpoint("bert")).lengths(["\ud83d", "dog"])) == 2


TEXTS = ["the cat sits", "the \U0001f63a", "\u5f88\u597d", "the cat " * 9, None, "dog"]


def table_of(texts: Sequence[str | None]) -> Table:
    return read(pd.DataFrame({"text": texts, "image": [b""] * len(texts)}))


def test_what_is_cut_or_unknown_is_told_by_row(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("bert"), max_length=6)
    found = encoder.left_out(table_of(TEXTS))
    assert {row: [part.detail for part in parts] for row, parts in found.items()} == {
        1: ["1 of 2 tokens"],
        2: ["1 of 1 tokens"],
        3: ["20 tokens"],
    }


@pytest.mark.parametrize("kind", ["bert", "clip", "siglip"])
def test_an_exported_tokenizer_tells_the_same(checkpoint: Checkpoint, kind: str) -> None:
    encoder = encoder_of(checkpoint(kind))
    found = encoder.left_out(table_of(TEXTS))
    words = encoder.export_spec().preprocessing
    exported = {row: words.load(text).left_out for row, text in enumerate(TEXTS) if text}
    assert {row: parts for row, parts in exported.items() if parts} == found
    assert found


def test_texts_are_taken_apart_once(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, table = encoder_of(checkpoint("bert")), table_of(TEXTS)
    first = encoder.left_out(table)
    monkeypatch.setattr(encoder, "_tokenizer", None)
    assert encoder.left_out(table) == first
    assert encoder.lengths(["dog"]) == [3]
