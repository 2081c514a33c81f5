"""Any text model in the Hugging Face layout."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoTokenizer

from chiasm.data.table import Table
from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.compute.device import default_device
from chiasm.encoders.export_spec import ExportSpec
from chiasm.encoders.huggingface.checkpoint import fingerprint_of, first_trial, load_network
from chiasm.encoders.huggingface.split import (
    Block,
    RemainingLayers,
    blocks_of,
    check_alone,
    check_halves,
    find_blocks,
    first_cut,
    freeze_unused,
    split,
)
from chiasm.encoders.tokens import Tokens
from chiasm.encoders.trainable.layers import TrainableLayers
from chiasm.errors import EncoderError
from chiasm.inference.left_out import LeftOut, TokenLimits, wordless
from chiasm.inference.preprocessing.words import Words, check_text
from chiasm.inference.token_spans import TokenSpan, text_spans

# A tokenizer keeps how it cuts and pads, and refuses to change that while another thread uses it.
_tokenizing = Lock()
_AT_ONCE = 1024

# The tokens of a text that reach the network, and what does not.
_Measured: TypeAlias = tuple[int, tuple[LeftOut, ...]]


# What a network is tried on first: texts of several lengths.
_FIRST = ("a", "a b c d e f g")


def _check_vocabulary(tokenizer: Any, network: Any, name: str) -> None:
    """Make sure that a network knows each token that its tokenizer makes.

    Raises:
        EncoderError: it does not.
    """
    known = getattr(network.config, "vocab_size", None)
    last = max(tokenizer.get_vocab().values(), default=0)
    if isinstance(known, int) and last >= known:
        raise EncoderError(
            f"The tokenizer of {name!r} makes tokens up to number {last}, and its network knows "
            f"{known}, from 0 on: they are not of one model. Get both from one place."
        )


class HuggingFaceText(Encoder):
    """A text model: its last hidden states, special tokens included.

    A text of more than ``max_length`` tokens is cut.
    """

    kind = "text"

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        modality: str = "text",
        revision: str | None = None,
        trainable_blocks: TrainableBlocks = 0,
        max_length: int = 128,
    ) -> None:
        self.name = name
        self.modality = modality
        self.revision = revision
        self.trainable_blocks = trainable_blocks
        self._device = default_device()
        network: Any = load_network(folder, name=name, kind=self.kind).to(self._device)
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
        except (OSError, ValueError, ImportError) as error:
            raise EncoderError(f"The tokenizer of {name!r} cannot be loaded: {error}") from error
        _check_vocabulary(self._tokenizer, network, name)
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        # One that takes no attention mask (SigLIP) was trained on texts padded to the full length.
        self._takes_mask = "attention_mask" in self._tokenizer.model_input_names
        positions = getattr(network.config, "max_position_embeddings", max_length)
        if positions < 1:  # as XLNet says that it has no limit
            positions = max_length
        self.max_length = min(max_length, positions, self._tokenizer.model_max_length)
        self._limits = TokenLimits(
            most=self.max_length,
            special=self._tokenizer.num_special_tokens_to_add(),
            unknown=self._tokenizer.unk_token_id,
            wordless=wordless(self._tokenizer.get_vocab()),
            reads_end=self._tokenizer.truncation_side == "left",
        )
        self._measured: Mapping[str, _Measured] = {}
        self.fingerprint = fingerprint_of(folder, self.kind, self.max_length, trainable_blocks)
        with first_trial(name, self.kind, network), torch.no_grad():
            self._divide(network)

    def _divide(self, network: Any) -> None:
        """Divide a network into frozen and trainable layers, and make sure that they can be used.

        Raises:
            EncoderError: it cannot be divided so, or its tokens depend on other texts.
        """
        inputs = self._inputs(_FIRST)
        mask = self._tokenize(_FIRST)["attention_mask"].bool().to(self._device)

        def run(network: nn.Module) -> Tensor:
            values: Tensor = network(**inputs).last_hidden_state
            return values

        whole = run(network)
        alone = network(**self._inputs(_FIRST[:1])).last_hidden_state
        check_alone(whole[0][mask[0]], alone[0][: int(mask[0].sum())], self.name)
        with first_cut(self.name, self.trainable_blocks):
            if self.trainable_blocks == 0:
                self._frozen, self.trainable_layers = network, nn.Identity()
            elif self.trainable_blocks == "all":
                blocks = find_blocks(network, lambda: run(network))
                self.trainable_layers = _TrainableTextLayers(
                    network, blocks, takes_mask=self._takes_mask
                )
            else:
                self._frozen, remaining, blocks = split(
                    network, self.trainable_blocks, self.name, run
                )
                # Of the words only one is ever looked up in what is left: the others need no place.
                width = network.get_input_embeddings().embedding_dim
                network.set_input_embeddings(nn.Embedding(1, width))
                self.trainable_layers = _TrainableTextLayers(
                    remaining, blocks, takes_mask=self._takes_mask
                )
            tokens = self.encode_frozen(_FIRST)
            self.frozen_dim = tokens.values.shape[2]
            made = (
                self.trainable_layers(tokens.to(self._device)).values
                if self.trainable_blocks
                else tokens.values
            )
            check_halves(whole[mask], made[mask], self.name)
            self.dim = made.shape[2]
            if self.trainable_blocks not in (0, "all"):
                freeze_unused(self.trainable_layers, tokens.to(self._device))

    def _inputs(self, batch: Sequence[str]) -> Any:
        inputs = self._tokenize(batch).to(self._device)
        if not self._takes_mask:
            del inputs["attention_mask"]
        return inputs

    def load(self, value: str) -> str:
        return check_text(value)

    def lengths(self, values: Sequence[str]) -> Sequence[int]:
        return [tokens for tokens, _ in self._measure(values)]

    def left_out(self, table: Table) -> Mapping[int, Sequence[LeftOut]]:
        values = enumerate(table.values.get(self.modality, ()))
        texts = {row: value for row, value in values if isinstance(value, str)}
        measured = self._measure([*texts.values()])
        # Asked for again with the same texts, which then need not be taken apart again.
        self._measured = dict(zip(texts.values(), measured, strict=True))
        found = zip(texts, measured, strict=True)
        return {row: parts for row, (_, parts) in found if parts}

    def _measure(self, texts: Sequence[str]) -> list[_Measured]:
        known = self._measured
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        measured: dict[str, _Measured] = {}
        for start in range(0, len(fresh), _AT_ONCE):
            part = fresh[start : start + _AT_ONCE]
            for text, words in zip(part, self._words(part), strict=True):
                measured[text] = self._limits.length(words), self._limits.left_out(words)
        return [measured[text] if text in measured else known[text] for text in texts]

    def _words(self, texts: Sequence[str]) -> list[list[int]]:
        """All tokens of each text but special ones."""
        # Half a surrogate pair is for ``load`` to refuse; tokenizers raise.
        writable = [text.encode(errors="replace").decode() for text in texts]
        with _tokenizing:
            found = self._tokenizer(
                writable,
                add_special_tokens=False,
                truncation=False,
                return_attention_mask=False,
                return_token_type_ids=False,
                verbose=False,
            )
        words: list[list[int]] = found["input_ids"]
        return words

    @torch.no_grad()
    def encode_frozen(self, batch: Sequence[str]) -> Tokens:
        inputs = self._tokenize(batch).to(self._device)
        mask = inputs["attention_mask"].bool().cpu()
        return Tokens(self._tokens(**inputs).cpu(), mask)

    def _tokenize(self, batch: Sequence[str]) -> Any:
        with _tokenizing:
            return self._tokenizer(
                list(batch),
                truncation=True,
                max_length=self.max_length,
                padding="longest" if self._takes_mask else "max_length",
                return_attention_mask=True,
                return_tensors="pt",
            )

    def _tokens(self, **inputs: Tensor) -> Tensor:
        if self.trainable_blocks == "all":
            # Numbers of words as tokens of width 1, which float32 holds exactly.
            return inputs["input_ids"][..., None].int()
        if not self._takes_mask:
            del inputs["attention_mask"]
        output: Any = self._frozen(**inputs)
        values: Tensor = output if self.trainable_blocks else output.last_hidden_state
        return values

    def export_spec(self) -> ExportSpec:
        """The frozen layers as they are exported.

        Raises:
            EncoderError: the tokenizer is none of the library tokenizers.
        """
        # Only when it is called does it set how texts are cut and padded.
        example = self._tokenize(["a", "a b"])["input_ids"]
        if not self._tokenizer.is_fast:
            raise EncoderError(
                f"The text encoder {self.name!r} cannot be exported: its tokenizer has no "
                "tokenizer.json. Train a model with another encoder."
            )
        return ExportSpec(
            preprocessing=Words(Tokenizer.from_str(self._tokenizer.backend_tokenizer.to_str())),
            network=nn.Identity() if self.trainable_blocks == "all" else self._frozen,
            tokens=lambda words, mask: self._tokens(input_ids=words, attention_mask=mask.long()),
            example=example,
            lengths=(1,) if self._takes_mask else (),
            is_sequence=True,
        )

    def token_spans(self, value: str, count: int) -> list[TokenSpan]:
        encoding = self._tokenizer(
            value,
            truncation=True,
            max_length=self.max_length,
            return_offsets_mapping=self._tokenizer.is_fast,
        )
        names = self._tokenizer.convert_ids_to_tokens(encoding["input_ids"])
        # Only fast tokenizers know where in the text a token stands; special ones stand nowhere.
        spans = encoding.get("offset_mapping", [(0, 0)] * len(names))
        return text_spans(value, zip(names, spans, strict=True))


class _TrainableTextLayers(TrainableLayers):
    """The last blocks of a text model, or all of it on the numbers of words."""

    def __init__(self, network: nn.Module, blocks: Sequence[Block], *, takes_mask: bool) -> None:
        super().__init__()
        self.network = network.requires_grad_(True)
        self._names = [block.name for block in blocks]
        self.takes_mask = takes_mask

    def forward(self, tokens: Tokens) -> Tokens:
        inputs = {}
        if self.takes_mask:
            # A row without any word would attend to nothing, which is NaN in some kernels.
            first = torch.zeros_like(tokens.mask)
            first[:, 0] = ~tokens.present
            inputs["attention_mask"] = (tokens.mask | first).long()
        if isinstance(self.network, RemainingLayers):
            words = torch.zeros_like(tokens.mask, dtype=torch.long)
            values = self.network(tokens.values, input_ids=words, **inputs)
        else:
            words = tokens.values[..., 0].long()
            values = self.network(input_ids=words, **inputs).last_hidden_state
        return Tokens(values, tokens.mask)

    def blocks(self) -> Sequence[nn.Module]:
        return blocks_of(self.network, self._names)
