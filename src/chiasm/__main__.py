"""``python -m chiasm``, for what starts modules: torchrun --nproc-per-node 2 -m chiasm train."""

from chiasm.cli import run

run()
