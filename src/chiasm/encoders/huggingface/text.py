"""Any text model in the Hugging Face layout."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from transformers import AutoTokenizer

from chiasm.encoders.base import Encoder
from chiasm.encoders.device import default_device
from chiasm.encoders.huggingface.checkpoint import fingerprint_of, load_network
from chiasm.encoders.tokens import Tokens
from chiasm.errors import EncoderError, UnreadableExample


class HuggingFaceText(Encoder):
    """A frozen text model: its last hidden states, special tokens included.

    A text of more than ``max_length`` tokens is cut.
    """

    modality = "text"
    trainable_blocks = 0

    def __init__(
        self, folder: Path, *, name: str, revision: str | None = None, max_length: int = 128
    ) -> None:
        self.name = name
        self.revision = revision
        self.top = nn.Identity()
        self._device = default_device()
        self._network = load_network(folder, name=name, modality="text").to(self._device)
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
        except (OSError, ValueError, ImportError) as error:
            raise EncoderError(f"The tokenizer of {name!r} cannot be loaded: {error}") from error
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        positions = getattr(self._network.config, "max_position_embeddings", max_length)
        self.max_length = min(max_length, positions, self._tokenizer.model_max_length)
        self.fingerprint = fingerprint_of(folder, "text", self.max_length)
        self.trunk_dim = self.dim = self.trunk(["a"]).values.shape[2]

    def load(self, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise UnreadableExample("text with half a surrogate pair") from error
        return value

    @torch.no_grad()
    def trunk(self, batch: Sequence[str]) -> Tokens:
        # One that takes no attention mask (SigLIP) was trained on texts padded to the full length.
        takes_mask = "attention_mask" in self._tokenizer.model_input_names
        inputs = self._tokenizer(
            list(batch),
            truncation=True,
            max_length=self.max_length,
            padding="longest" if takes_mask else "max_length",
            return_attention_mask=True,
            return_tensors="pt",
        ).to(self._device)
        mask = inputs["attention_mask"].bool().cpu()
        if not takes_mask:
            del inputs["attention_mask"]
        values = self._network(**inputs).last_hidden_state
        return Tokens(values.cpu(), mask)
