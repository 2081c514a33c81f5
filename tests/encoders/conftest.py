"""Tiny models, randomly initialised and saved as the Hugging Face hub would serve them."""

# ruff: noqa: S106 (tokens, not passwords)

import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AlbertConfig,
    ASTConfig,
    ASTFeatureExtractor,
    AutoModel,
    BertConfig,
    CLIPConfig,
    CLIPImageProcessorPil,
    ConvNextConfig,
    ConvNextV2Config,
    DebertaV2Config,
    DINOv3ConvNextConfig,
    DistilBertConfig,
    HieraConfig,
    HubertConfig,
    LongformerConfig,
    MPNetConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    ResNetConfig,
    RobertaConfig,
    Siglip2Config,
    SiglipConfig,
    SwinConfig,
    Swinv2Config,
    T5Config,
    ViTConfig,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    WhisperConfig,
    WhisperFeatureExtractor,
    XLNetConfig,
)

WORDS = ["a", "the", "cat", "dog", "sits", "on", "red", "mat"]
WORDS += ["photo", "is", "great", "awful", "never", "again", "exactly", "like"]
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
VOCABULARY = len(SPECIALS) + len(WORDS)
SIDE = 32

_LAYERS = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
_TEXT = {"vocab_size": VOCABULARY, "pad_token_id": 0}
_DUAL_TEXT = _LAYERS | _TEXT | {"max_position_embeddings": 12, "bos_token_id": 2, "eos_token_id": 3}
_VISION = _LAYERS | {"image_size": SIDE, "patch_size": 8}
_NAFLEX = _LAYERS | {"num_patches": 16, "patch_size": 8}
_WAVES = _LAYERS | {
    "conv_dim": (8, 8),
    "conv_kernel": (10, 8),
    "conv_stride": (8, 20),
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
MELS = 16

CONFIGS: dict[str, PreTrainedConfig] = {
    "bert": BertConfig(**_LAYERS, **_TEXT, max_position_embeddings=64),
    "roberta": RobertaConfig(**_LAYERS, **_TEXT, max_position_embeddings=66),
    "distilbert": DistilBertConfig(
        **_TEXT, dim=16, hidden_dim=24, n_layers=2, n_heads=2, max_position_embeddings=64
    ),
    "t5": T5Config(
        **_TEXT, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2, decoder_start_token_id=0
    ),
    "clip": CLIPConfig(text_config=_DUAL_TEXT, vision_config=_VISION, projection_dim=8),
    "siglip": SiglipConfig(text_config=_DUAL_TEXT, vision_config=_VISION),
    "vit": ViTConfig(**_VISION),
    "resnet": ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1]),
    "convnext": ConvNextConfig(hidden_sizes=[8, 8, 8, 16], depths=[1, 1, 1, 1]),
    "mpnet": MPNetConfig(**_LAYERS, **_TEXT, max_position_embeddings=66),
    "deberta": DebertaV2Config(
        **_LAYERS, **_TEXT, max_position_embeddings=64, relative_attention=True
    ),
    "longformer": LongformerConfig(
        **_LAYERS, **_TEXT, max_position_embeddings=66, attention_window=[8, 8]
    ),
    "xlnet": XLNetConfig(
        vocab_size=VOCABULARY, d_model=16, n_layer=2, n_head=2, d_inner=24, pad_token_id=0
    ),
    "albert": AlbertConfig(**_LAYERS, **_TEXT, embedding_size=8),
    "convnextv2": ConvNextV2Config(hidden_sizes=[8, 8, 8, 16], depths=[2, 1, 1, 3]),
    "dinov3-convnext": DINOv3ConvNextConfig(hidden_sizes=[8, 8, 8, 16], depths=[2, 1, 1, 3]),
    "siglip2": Siglip2Config(text_config=_DUAL_TEXT, vision_config=_NAFLEX),
    "swin": SwinConfig(
        image_size=SIDE, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[2, 2], window_size=4
    ),
    "swinv2": Swinv2Config(
        image_size=SIDE, patch_size=4, embed_dim=8, depths=[1, 2], num_heads=[2, 2], window_size=4
    ),
    "hiera": HieraConfig(
        image_size=[SIDE, SIDE], embed_dim=8, depths=[1, 2], num_heads=[1, 2], num_query_pool=1
    ),
    # As the base model (one norm over time) and as the large one (a norm in each layer).
    "wav2vec2": Wav2Vec2Config(**_WAVES, feat_extract_norm="group"),
    "wav2vec2-large": Wav2Vec2Config(
        **_WAVES, feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True
    ),
    "hubert": HubertConfig(**_WAVES),
    # One second of 100 frames, or 50 positions.
    "whisper": WhisperConfig(
        vocab_size=VOCABULARY,
        num_mel_bins=MELS,
        max_source_positions=50,
        d_model=16,
        encoder_layers=2,
        encoder_attention_heads=2,
        encoder_ffn_dim=24,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=24,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        decoder_start_token_id=2,
    ),
    "ast": ASTConfig(**_LAYERS, patch_size=8, num_mel_bins=MELS, max_length=40),
}
TEXT_MODELS = [
    "mpnet",
    "deberta",
    "albert",
    "bert",
    "roberta",
    "distilbert",
    "t5",
    "clip",
    "siglip",
    "longformer",
    "xlnet",
]
IMAGE_MODELS = [
    "convnextv2",
    "dinov3-convnext",
    "clip",
    "siglip",
    "vit",
    "resnet",
    "convnext",
    "swin",
    "swinv2",
    "hiera",
]
AUDIO_MODELS = ["wav2vec2", "wav2vec2-large", "hubert", "whisper", "ast"]


def save_tokenizer(folder: Path, *, takes_mask: bool = True) -> None:
    tokenizer = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(SPECIALS + WORDS)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_input_names=["input_ids", "attention_mask"] if takes_mask else ["input_ids"],
    ).save_pretrained(folder)


def save_image_processor(folder: Path, **settings: Any) -> None:
    square = {"height": SIDE, "width": SIDE}
    CLIPImageProcessorPil(**{"size": square, "crop_size": square} | settings).save_pretrained(
        folder
    )


def save_feature_extractor(folder: Path, kind: str) -> None:
    extractors = {
        "whisper": WhisperFeatureExtractor(feature_size=MELS, chunk_length=1),
        "ast": ASTFeatureExtractor(num_mel_bins=MELS, max_length=40),
        "wav2vec2-large": Wav2Vec2FeatureExtractor(return_attention_mask=True),
    }
    extractors.get(kind, Wav2Vec2FeatureExtractor()).save_pretrained(folder)


def save_checkpoint(folder: Path, kind: str, *, seed: int = 0) -> Path:
    """A whole tiny model of that kind: weights, config and what prepares its inputs."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = AutoModel.from_config(CONFIGS[kind])
    # Fresh layer norms and biases are ones and zeros: shaken, so that each weight counts.
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.manual_seed(seed)))
    network.save_pretrained(folder)
    if kind in TEXT_MODELS:
        save_tokenizer(folder, takes_mask=kind != "siglip")
    if kind in IMAGE_MODELS:
        save_image_processor(folder)
    if kind in AUDIO_MODELS:
        save_feature_extractor(folder, kind)
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model of a kind in CONFIGS, made once; not to be written into."""
    made: dict[str, Path] = {}

    def find(kind: str) -> Path:
        if kind not in made:
            made[kind] = save_checkpoint(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return find


def draw_image(seed: int, *, size: tuple[int, int] = (48, 40), form: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def draw_audio(seed: int, *, seconds: float = 0.5, rate: int = 16_000) -> bytes:
    samples = np.random.default_rng(seed).normal(0, 3000, round(seconds * rate))
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setparams((1, 2, rate, 0, "NONE", ""))
        audio.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
