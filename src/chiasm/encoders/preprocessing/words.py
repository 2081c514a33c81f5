"""Words: a text as a language network takes it."""

from dataclasses import dataclass
from itertools import compress

import numpy as np
from tokenizers import Tokenizer

from chiasm.encoders.place import text_places
from chiasm.encoders.preprocessing.network_input import NetworkInput
from chiasm.errors import UnreadableExample


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
            np.array(found.ids, dtype=np.int64), mask=mask, places=tuple(text_places(value, pieces))
        )

    @property
    def padding(self) -> int:
        """The number of the piece that stands for no word."""
        padding = self.tokenizer.padding
        return 0 if padding is None else int(padding["pad_id"])


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
