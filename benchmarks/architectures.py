"""Which architectures of transformers can be encoders: a tiny random model of each is tried.

    python benchmarks/architectures.py [NAME ...]

Every text and image architecture that transformers can make from its configuration is tried
frozen, with its last block trained, wholly trained and with LoRA in its last block: what is cached
and gone on from must come to what the whole network computes, and a row alone to what it comes to
in a batch (the encoder itself refuses otherwise). Writes docs/architectures.md.
"""

# ruff: noqa: S106, PERF203 - tokens are no passwords, and each way is to be tried

import sys
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import CONFIG_MAPPING, MODEL_MAPPING, CLIPImageProcessorPil
from transformers import PreTrainedTokenizerFast as FastTokenizer

from chiasm.encoders.huggingface.checkpoint import tower_of
from chiasm.encoders.registry import load_encoder
from chiasm.errors import EncoderError

PAGE = Path(__file__).parents[1] / "docs" / "architectures.md"
LARGEST = 70_000_000
SIDE = 64
_WORDS = 200
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
# Sizes by the names that configurations give them.
NUMBERS = {
    **dict.fromkeys(("hidden_size", "d_model", "dim", "n_embd", "embedding_size", "emb_dim"), 32),
    **dict.fromkeys(("embed_dim", "projection_dim", "vocab_size_per_layer_input"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layers", "n_layer", "num_layers"), 3),
    **dict.fromkeys(("encoder_layers", "num_encoder_layers"), 3),
    **dict.fromkeys(("decoder_layers", "num_decoder_layers"), 1),
    **dict.fromkeys(("num_attention_heads", "n_heads", "n_head", "num_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("num_key_value_heads",), 4),
    **dict.fromkeys(("intermediate_size", "hidden_dim", "d_ff", "ffn_dim", "d_inner"), 48),
    **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim", "moe_intermediate_size"), 48),
    **dict.fromkeys(("d_kv", "head_dim"), 8),
    **dict.fromkeys(("num_experts", "n_routed_experts", "num_local_experts"), 4),
    "vocab_size": 100,
    "max_position_embeddings": 300,
    "image_size": SIDE,
    "patch_size": 8,
    # The last stages of so small an image have few cells.
    "window_size": 2,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 3,
}
LISTS = ("hidden_sizes", "embed_dims", "dims", "widths")
# In a network of stages, such as Swin, these have to fit lists that we leave as they are.
WIDTHS = ("embed_dim", "hidden_size", "num_heads", "num_attention_heads", "patch_size")
WIDTHS += ("num_hidden_layers", "num_layers", "hidden_dim", "intermediate_size")
DEPTHS = ("depths", "num_blocks")
WAYS: dict[str, dict[str, Any]] = {
    "frozen": {},
    "last block": {"trainable_blocks": 1},
    "all": {"trainable_blocks": "all"},
    "LoRA": {"trainable_blocks": 1, "lora": 2},
}


def architectures() -> Iterator[tuple[str, str, Any]]:
    """Modality, name and configuration of every architecture that reads a text or an image."""
    for name, config in CONFIG_MAPPING.items():
        if config not in MODEL_MAPPING or not _is_named(name):
            continue
        try:
            found: Any = MODEL_MAPPING[config]
            model = found[0] if isinstance(found, tuple) else found
            reads = getattr(model, "input_modalities", None) or ("text",)
        except (ImportError, ValueError):  # it is not there, or not what it needs
            continue
        reads = (reads,) if isinstance(reads, str) else tuple(reads)
        if set(reads) <= {"text", "image"}:
            for modality, takes in (("text", "input_ids"), ("image", "pixel_values")):
                if modality in reads and (len(reads) == 2 or model.main_input_name == takes):
                    yield modality, name, config


def tiny(config: Any) -> Any:
    """The configuration with every size that we know small."""
    given = config()
    parts = getattr(config, "sub_configs", {}) or {}
    settings: dict[str, Any] = {
        name: tiny(type(getattr(given, name))).to_dict()
        for name in parts
        if getattr(given, name, None) is not None
    }
    staged = any(isinstance(getattr(given, name, None), list | tuple) for name in DEPTHS)
    for name, size in NUMBERS.items():
        now = None if staged and name in WIDTHS else getattr(given, name, None)
        if isinstance(now, int) and not isinstance(now, bool) and name not in parts:
            settings[name] = size
    if isinstance(getattr(given, "image_size", None), list | tuple):
        settings["image_size"] = [SIDE, SIDE]
    for name in (*LISTS, *DEPTHS):
        now = getattr(given, name, None)
        if isinstance(now, list | tuple) and now and isinstance(now[0], int):
            settings[name] = [2 if name in DEPTHS else 8 * 2**i for i in range(len(now))]
    return config(**settings)


def save_tokenizer(folder: Path, *, takes_mask: bool) -> None:
    words = [*SPECIALS, *"abcdefg"]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    FastTokenizer(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        eos_token="[SEP]",
        model_input_names=["input_ids", "attention_mask"] if takes_mask else ["input_ids"],
    ).save_pretrained(folder)


def save(modality: str, config: Any, folder: Path) -> None:
    """A tiny random model with what prepares its input."""
    torch.manual_seed(0)
    network = transformers.AutoModel.from_config(tiny(config))
    size = sum(weight.numel() for weight in network.parameters())
    if size > LARGEST:
        raise ValueError(f"{size / 1e6:.0f} million weights even so")
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn(weight.shape))
    network.save_pretrained(folder)
    if modality == "text":
        # SigLIP reads texts that are padded to the full length, without a mask.
        save_tokenizer(folder, takes_mask="siglip" not in network.config.model_type)
        return
    side = getattr(tower_of(network, "image").config, "image_size", SIDE)
    side = side if isinstance(side, int) else SIDE
    square = {"height": side, "width": side}
    CLIPImageProcessorPil(size=square, crop_size=square).save_pretrained(folder)


def _is_named(name: str) -> bool:
    return not sys.argv[1:] or name in sys.argv[1:]


def try_one(modality: str, config: Any) -> dict[str, str]:
    """What comes of each way to use it: "yes", or why not."""
    with TemporaryDirectory() as folder:
        try:
            save(modality, config, Path(folder))
        except Exception as error:  # a configuration that our sizes do not fit
            return {"not made": f"{type(error).__name__}: {error}"}
        told = {}
        for way, settings in WAYS.items():
            try:
                load_encoder(modality, folder, **settings)
                told[way] = "yes"
            except EncoderError as error:
                told[way] = str(error).replace(folder, "it")
            except Exception as error:  # which should have been told in words
                told[way] = f"FAULT {type(error).__name__}: {error}"
        return told


def main() -> None:
    """Try all, or those that are named, and write the page."""
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    results = {}
    for modality, name, config in architectures():
        with redirect_stderr(StringIO()):
            results[modality, name] = try_one(modality, config)
        print(modality, name, results[modality, name], flush=True)
    if not sys.argv[1:]:
        PAGE.write_text(page(results), encoding="utf-8")


def page(results: dict[tuple[str, str], dict[str, str]]) -> str:
    """The results as Markdown."""
    lines = [
        "# Architectures",
        "",
        f"Every text and image architecture of transformers {transformers.__version__}, tried with "
        "a tiny random model of each:",
        "",
        "```sh",
        "make architectures",
        "```",
        "",
        "An encoder that cannot be used is refused when it is loaded, before anything is encoded: "
        "each is tried on two values then, alone and together, and cut in two where only its last "
        "blocks are trained. A hyphen stands for a refusal. Where the words of one below speak of "
        "sizes, they may be those of our tiny model, which were not made for it.",
    ]
    for modality in ("text", "image"):
        made = {
            n: r
            for (m, n), r in results.items()
            if m == modality and "not made" not in r and "no encoder for" not in r["frozen"]
        }
        missed = [n for (m, n), r in results.items() if m == modality and "not made" in r]
        usable = {n: r for n, r in made.items() if r["frozen"] == "yes"}
        lines += ["", f"## {modality.capitalize()}", ""]
        lines += [f"| architecture | {' | '.join(WAYS)} |", f"|---|{'---|' * len(WAYS)}"]
        for name, told in sorted(usable.items()):
            cells = ["yes" if told[way] == "yes" else "-" for way in WAYS]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines += ["", f"{len(usable)} of {len(made)} that could be made tiny can be used.", ""]
        refused = {n: r["frozen"] for n, r in made.items() if r["frozen"] != "yes"}
        lines += ["Refused:", ""]
        lines += [f"- `{name}`: {reason[:_WORDS]}" for name, reason in sorted(refused.items())]
        untried = ", ".join(f"`{name}`" for name in sorted(missed)) or "none"
        lines += ["", f"Not tried, since no tiny one could be made: {untried}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
