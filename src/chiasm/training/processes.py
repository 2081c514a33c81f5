"""processes: how many trainings run side by side."""

import os

import torch

# Each training process holds torch and the encoders: about 700 MB.
_MOST = 8


def processes() -> int:
    """One for each processor core, up to eight; one alone where they would share a GPU."""
    if torch.cuda.is_available():
        return 1
    return min(os.cpu_count() or 1, _MOST)
