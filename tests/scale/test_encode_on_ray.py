"""Features from a cluster are those of one process, in the same cache."""

from pathlib import Path

import pytest
import torch
from encoders.conftest import draw_image, save_checkpoint
from ray.cluster_utils import Cluster

from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.registry import load_encoder
from chiasm.errors import ChiasmError
from chiasm.scale.cluster import cluster
from chiasm.scale.encoding import encode_on_ray


def test_the_cache_holds_what_one_process_would_have_put_there(
    nodes: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = save_checkpoint(tmp_path / "vit", "vit")
    encoder = load_encoder("image", str(checkpoint))
    (tmp_path / "photo.png").write_bytes(draw_image(200))
    monkeypatch.chdir(tmp_path)
    images = [draw_image(seed) for seed in range(140)]
    values = [*images, None, b"no picture", Path("photo.png"), images[0]]
    expected = encode(encoder, values)
    cache = FeatureCache(tmp_path / "cache", compute=encode_on_ray)
    with cluster(nodes.address):
        features = cache.features(encoder, values)
        assert (features.encoded, features.reused) == (141, 0)
        assert features.unreadable == expected.unreadable
        assert list(features.unreadable) == [141]
        for found, wanted in zip(features, expected, strict=True):
            torch.testing.assert_close(found, wanted, rtol=0, atol=2e-3)

        save_checkpoint(checkpoint, "vit", seed=1)
        with pytest.raises(ChiasmError, match=r"vit' is not the one"):
            cache.features(encoder, [draw_image(300)])
    # What is there needs no cluster.
    assert cache.features(encoder, images).encoded == 0
