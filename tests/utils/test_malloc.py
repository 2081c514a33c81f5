"""Memory that is freed and asked for again costs no new pages."""

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource
import torch
from chiasm.utils.malloc import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

keep_freed_memory()
for _ in range(10):
    torch.ones(16 << 20)
before = faults()
for _ in range(20):
    torch.ones(16 << 20)
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc is what can be asked")
def test_freed_memory_is_used_again() -> None:
    faults = subprocess.check_output([sys.executable, "-c", SCRIPT], text=True)
    # 20 tensors of 64 MB are 327,680 pages. A small block in a freed one costs one tensor's anew.
    assert int(faults) < 327_680 / 4
