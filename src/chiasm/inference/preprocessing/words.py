"""Words: a text as a language network takes it."""

import json
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np
from tokenizers import Encoding, Tokenizer

from chiasm.errors import UnreadableExample
from chiasm.inference.left_out import TokenLimits, wordless
from chiasm.inference.preprocessing.network_input import NetworkInput
from chiasm.inference.token_spans import text_spans


@dataclass(frozen=True)
class Words:
    """Numbers of word pieces; a longer text is cut as the tokenizer says.

    Attributes:
        tokenizer: with its truncation, and padding where the network takes no mask.
    """

    tokenizer: Tokenizer

    def load(self, value: str) -> NetworkInput:
        """Int64 ``[l]``, special pieces included.

        Raises:
            UnreadableExample: there is nothing in the text, or half a surrogate pair.
        """
        text = check_text(value.strip())
        if not text:
            raise UnreadableExample("empty text")
        found = self.tokenizer.encode(text)
        mask = np.array(found.attention_mask, dtype=np.bool_)
        before = len(value) - len(value.lstrip())
        spans = [(start + before, end + before) for start, end in found.offsets]
        pieces = compress(zip(found.tokens, spans, strict=True), mask)
        return NetworkInput(
            np.array(found.ids, dtype=np.int64),
            mask=mask,
            spans=tuple(text_spans(value, pieces)),
            left_out=self._limits.left_out(_words(found)),
        )

    @property
    def padding(self) -> int:
        """The number of the piece that stands for no word."""
        padding = self.tokenizer.padding
        return 0 if padding is None else int(padding["pad_id"])

    @cached_property
    def _limits(self) -> TokenLimits:
        cut = self.tokenizer.truncation
        return TokenLimits(
            most=None if cut is None else cut["max_length"],
            special=self.tokenizer.num_special_tokens_to_add(False),
            unknown=self._unknown,
            wordless=wordless(self.tokenizer.get_vocab()),
            reads_end=cut is not None and cut["direction"] == "left",
        )

    @property
    def _unknown(self) -> int | None:
        # Of the kinds of tokenizers only some tell it, and those by different names.
        model = json.loads(self.tokenizer.to_str())["model"]
        token = model.get("unk_token")
        number: int | None = self.tokenizer.token_to_id(token) if token else model.get("unk_id")
        return number


def _words(found: Encoding) -> list[int]:
    """The tokens of a text, those that were cut off too, without special ones."""
    return [
        word
        for part in (found, *found.overflowing)
        for word, special in zip(part.ids, part.special_tokens_mask, strict=True)
        if not special
    ]


def check_text(value: str) -> str:
    """The same text, which can be written down.

    Raises:
        UnreadableExample: it holds half a surrogate pair.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UnreadableExample("text with half a surrogate pair") from error
    return value
