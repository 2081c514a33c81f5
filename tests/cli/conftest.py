from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A table without texts, and features of two kinds beside it; the first decides the label."""
    random = np.random.default_rng(0)
    visual = random.normal(size=(40, 3))
    np.save(tmp_path / "visual.npy", visual)
    np.savez(tmp_path / "sounds.npz", energy=random.normal(size=(40, 6, 2)))
    table = pd.DataFrame({"id": range(40), "label": np.where(visual[:, 0] > 0, "up", "down")})
    table.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"
