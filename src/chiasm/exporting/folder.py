"""export: a trained model as a folder that is used without torch."""

from dataclasses import replace
from math import isqrt
from pathlib import Path
from urllib.parse import quote

import torch
from torch import nn

from chiasm import __version__
from chiasm.encoders.base import Encoder
from chiasm.encoders.export_spec import ExportSpec
from chiasm.exporting.networks import ExportedEncoder
from chiasm.inference.manifest import MANIFEST, Manifest, ModalityManifest, write_manifest
from chiasm.inference.preprocessing.pixels import Pixels
from chiasm.inference.preprocessing.storage import describe_preprocessing
from chiasm.inference.preprocessing.words import Words
from chiasm.model.classifier import FusionClassifier
from chiasm.utils.digests import digest_of
from chiasm.utils.extras import needs_extra
from chiasm.utils.outputs import check_own_folder
from chiasm.utils.writing import atomic_writes

with needs_extra("export", "Exporting needs ONNX"):
    import onnxscript  # noqa: F401 - torch.export writes by it

    from chiasm.exporting.onnx_files import on_cpu, quantise, to_onnx, write_fusion
    from chiasm.exporting.verification import check_export

_FUSION = "fusion.onnx"


def export(model: FusionClassifier, folder: Path, *, int8: bool = False) -> None:
    """Write the networks of a model as ONNX, its preprocessing as data, and a manifest.

    Made-up rows are then predicted from it, and must come out as the model predicts them. An export
    that is there already stays until this one is whole.

    Args:
        model: with encoders that can be exported.
        folder: new or empty, or an export that is replaced.
        int8: keep the weights of matrix products and embeddings in 8 bits.

    Raises:
        EncoderError: an encoder cannot be exported.
        ChiasmError: the folder holds other files, a network cannot be written, or the export
            predicts other than the model.
    """
    check_own_folder(folder, record=folder / MANIFEST)
    with atomic_writes(folder, seal=MANIFEST) as part:
        _write(model, part, int8=int8)


def _write(model: FusionClassifier, folder: Path, *, int8: bool) -> None:
    modalities = {
        modality: _write_encoder(folder, encoder, model.trainable_layers[modality])
        for modality, encoder in model.encoders.items()
    }
    write_fusion(model, folder / _FUSION)
    manifest = Manifest(
        name=_name(model),
        chiasm=__version__,
        precision="fp32",
        temperature=model.temperature.item(),
        modalities=modalities,
        fusion=_FUSION,
        files={},
        task=model.task,
    )
    _finish(folder, manifest)
    check_export(model, folder)
    if int8:
        for name in (*(told.network for told in modalities.values()), _FUSION):
            quantise(folder / name)
        _finish(folder, replace(manifest, precision="int8"))


def _write_encoder(folder: Path, encoder: Encoder, trainable: nn.Module) -> ModalityManifest:
    frozen = encoder.export_spec()
    name = quote(encoder.modality, safe="")
    network = f"encoder-{name}.onnx"
    inputs = {"values": frozen.example}
    if frozen.is_sequence:
        inputs["mask"] = torch.ones(frozen.example.shape[:2], dtype=torch.bool)
    exported = ExportedEncoder(frozen, trainable)
    with on_cpu(exported):
        to_onnx(
            exported,
            inputs,
            folder / network,
            lengths={"values": frozen.lengths, "mask": frozen.lengths},
            outputs=["tokens"],
        )
        with torch.no_grad():
            length = exported(list(inputs.values())).shape[1]
    tokenizer = None
    if isinstance(frozen.preprocessing, Words):
        tokenizer = f"tokenizer-{name}.json"
        frozen.preprocessing.tokenizer.save(str(folder / tokenizer))
    return ModalityManifest(
        kind=encoder.kind,
        network=network,
        dim=encoder.dim,
        preprocessing=describe_preprocessing(frozen.preprocessing),
        grid=_grid(frozen, length) if isinstance(frozen.preprocessing, Pixels) else None,
        tokenizer=tokenizer,
    )


def _grid(frozen: ExportSpec, length: int) -> tuple[int, int]:
    """Rows and columns of an image's tokens; a class token or registers may stand before them."""
    height, width = sorted(frozen.example.shape[1:])[1:]
    rows = isqrt(length * height // width)
    return rows, length // rows


def _name(model: FusionClassifier) -> str:
    encoders = ", ".join(f"{m} by {encoder.name}" for m, encoder in model.encoders.items())
    return f"{model.fusion_config.name} of {encoders}"


def _finish(folder: Path, manifest: Manifest) -> None:
    names = {manifest.fusion}
    for told in manifest.modalities.values():
        names |= {told.network, *([told.tokenizer] if told.tokenizer else [])}
    files = {name: digest_of(folder / name).hex() for name in sorted(names)}
    write_manifest(replace(manifest, files=files), folder)
