"""Exporting: every fusion, encoders of several kinds, and what cannot be exported."""

from pathlib import Path

import numpy as np
import pytest
import torch

from chiasm.encoders.base import Encoder
from chiasm.encoders.tokens import Tokens
from chiasm.errors import ChiasmError, EncoderError
from chiasm.fusion.build import FusionConfig
from chiasm.model.classifier import FusionClassifier

pytest.importorskip("onnxscript")
from chiasm.export.check_export import check_export
from chiasm.export.export import _write_fusion, export
from chiasm.runtime.fusion_network import FusionNetwork
from chiasm.runtime.open_session import open_session
from chiasm.runtime.runtime import load_runtime
