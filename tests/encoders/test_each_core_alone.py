import torch

from chiasm.encoders.compute.thread_pool import thread_pool


def test_each_thread_takes_one_core_and_torch_has_all_of_them_after() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with thread_pool() as (cores, count):
            assert [f.result() for f in [cores.submit(torch.get_num_threads) for _ in "abc"]] == [
                1
            ] * 3
            assert count == 3
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
