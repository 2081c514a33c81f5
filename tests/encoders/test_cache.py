import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from chiasm.cache import environment
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.tokens import Tokens
from chiasm.errors import ChiasmError

from .counting import CountingEncoder

TEXTS = [f"row {n} " + "x" * (n % 7) for n in range(100)]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[FeatureCache]:
    cache = FeatureCache(tmp_path / "cache")
    yield cache
    cache.clear()


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code, which may import these tests, in a process of its own."""
    root = Path(__file__).parents[__package__.count(".") + 1]
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_second_time_nothing_is_encoded(cache: FeatureCache) -> None:
    first, second = CountingEncoder(), CountingEncoder()
    a = cache.features(first, TEXTS)
    b = cache.features(second, TEXTS)
    assert (a.encoded, a.reused) == (100, 0)
    assert (b.encoded, b.reused) == (0, 100)
    assert second.seen == []
    assert all(torch.equal(a[i], b[i]) for i in range(100))


def test_cached_tokens_equal_uncached_ones_bit_for_bit(cache: FeatureCache) -> None:
    cached = cache.features(CountingEncoder(), TEXTS)
    fresh = encode(CountingEncoder(), TEXTS)
    assert len(cached) == len(fresh) == 100
    for i, text in enumerate(TEXTS):
        assert cached[i].dtype == torch.float16
        assert cached[i].shape == (len(text), 2)
        assert torch.equal(cached[i], fresh[i])


def test_whole_numbers_are_kept_exactly(cache: FeatureCache) -> None:
    """As float16, word 30521 would be word 30528."""

    class WordEncoder(CountingEncoder):
        def encode_frozen(self, batch: Sequence[str]) -> Tokens:
            words = torch.tensor([[[30521, 2049]]] * len(batch), dtype=torch.int32)
            return Tokens(words, torch.ones(len(batch), 1, dtype=torch.bool))

    cached = cache.features(WordEncoder(), TEXTS[:3])
    assert cached[0].tolist() == [[30521, 2049]]
    assert cached[0].dtype == torch.int32


def test_a_new_row_costs_one_encode(cache: FeatureCache) -> None:
    cache.features(CountingEncoder(), TEXTS)
    encoder = CountingEncoder()
    features = cache.features(encoder, ["fresh", *TEXTS])
    assert encoder.seen == ["fresh"]
    assert (features.encoded, features.reused) == (1, 100)


def test_equal_values_are_encoded_once(cache: FeatureCache) -> None:
    encoder = CountingEncoder()
    features = cache.features(encoder, ["same", "same", "other", "same"])
    assert sorted(encoder.seen) == ["other", "same"]
    assert torch.equal(features[0], features[3])
    assert features.encoded == 2


def test_missing_value_gives_features_of_length_zero(cache: FeatureCache) -> None:
    encoder = CountingEncoder()
    features = cache.features(encoder, [None, "text", None])
    assert [tuple(features[i].shape) for i in range(3)] == [(0, 2), (4, 2), (0, 2)]
    assert features[0].dtype == torch.float16
    assert features.unreadable == {}
    assert encoder.seen == ["text"]


def test_no_values_at_all_give_no_features(cache: FeatureCache) -> None:
    assert len(cache.features(CountingEncoder(), [])) == 0


def test_unreadable_value_is_missing_and_named_and_the_others_go_on(cache: FeatureCache) -> None:
    features = cache.features(CountingEncoder(), ["fine", "loud!", "good", "loud!"])
    assert features.unreadable == {1: "shouted", 3: "shouted"}
    assert [len(features[i]) for i in range(4)] == [4, 0, 4, 0]
    assert features.encoded == 2


def test_vanished_file_is_missing_and_named(cache: FeatureCache, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("here")
    features = cache.features(CountingEncoder(), [tmp_path / "gone", tmp_path / "here"])
    assert list(features.unreadable) == [0]
    assert [len(features[i]) for i in range(2)] == [0, 4]


def test_file_that_changes_while_it_is_read_is_not_stored_under_its_old_digest(
    cache: FeatureCache, tmp_path: Path
) -> None:
    class Meddler(CountingEncoder):
        def load(self, value: Path) -> str:
            value.write_text("changed")
            return super().load(value)

    file = tmp_path / "file"
    file.write_text("before")
    features = cache.features(Meddler(), [file])
    assert features.unreadable == {0: "file changed while it was being read"}
    file.write_text("before")
    assert len(cache.features(CountingEncoder(), [file])[0]) == len("before")


def test_mistake_in_an_encoder_is_not_taken_for_bad_data(cache: FeatureCache) -> None:
    class Broken(CountingEncoder):
        def load(self, value: str) -> str:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.features(Broken(), ["text"])


def test_changed_file_is_encoded_again(cache: FeatureCache, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    cache.features(CountingEncoder(), [file])
    status = file.stat()
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    features = cache.features(CountingEncoder(), [file])
    assert features.encoded == 1
    assert features[0][0, 0] == torch.tensor(ord("t") / 7).half()


def test_same_content_is_shared_between_files_and_bytes(
    cache: FeatureCache, tmp_path: Path
) -> None:
    for name in "ab":
        (tmp_path / name).write_text("same")
    assert cache.features(CountingEncoder(), [tmp_path / "a"]).encoded == 1
    assert cache.features(CountingEncoder(), [tmp_path / "b", b"same"]).encoded == 0


def test_changed_encoder_is_never_served_stale(cache: FeatureCache) -> None:
    cache.features(CountingEncoder(fingerprint="1"), TEXTS)
    assert cache.features(CountingEncoder(fingerprint="2"), TEXTS).encoded == 100


def test_interrupted_encoding_is_taken_up_where_it_stopped(cache: FeatureCache) -> None:
    interrupted = CountingEncoder(fails_after=2)
    with pytest.raises(RuntimeError, match="power"):
        cache.features(interrupted, TEXTS)
    assert len(interrupted.seen) == 32
    resumed = CountingEncoder()
    features = cache.features(resumed, TEXTS)
    assert set(resumed.seen) == set(TEXTS) - set(interrupted.seen)
    assert (features.encoded, features.reused) == (68, 32)
    assert all(torch.equal(features[i], encode(CountingEncoder(), TEXTS)[i]) for i in range(100))


def test_killed_process_loses_at_most_the_batches_it_was_computing(cache: FeatureCache) -> None:
    code = f"""
import os, signal, time
from pathlib import Path
from {__package__}.counting import CountingEncoder
from {__package__}.test_cache import TEXTS
from chiasm.encoders.features.cache import FeatureCache

class Killed(CountingEncoder):
    def encode_frozen(self, batch):
        time.sleep(0.2)  # seconds are what a batch takes, and writing one does not
        if len(self.batches) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_frozen(batch)

FeatureCache(Path({str(cache.folder)!r})).features(Killed(), TEXTS)
"""
    assert run(code).returncode == -signal.SIGKILL
    features = cache.features(CountingEncoder(), TEXTS)
    assert (features.encoded, features.reused) == (68, 32)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_forked_process_reads_and_writes_the_same_cache(cache: FeatureCache) -> None:
    features = cache.features(CountingEncoder(), TEXTS[:10])
    child = os.fork()
    if child == 0:
        # LMDB forbids a child to use what its parent opened.
        closed = not environment._opened
        reads = len(features[0]) == len(TEXTS[0])
        writes = cache.features(CountingEncoder(), TEXTS[:20]).encoded == 10
        os._exit(0 if closed and reads and writes else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert cache.features(CountingEncoder(), TEXTS[:20]).encoded == 0
    assert len(features[0]) == len(TEXTS[0])


def test_activations_beyond_float16_stay_finite(cache: FeatureCache) -> None:
    class Hot(CountingEncoder):
        def load(self, value: str) -> str:
            return chr(1_000_000)

    assert cache.features(Hot(), ["a"])[0].isfinite().all()


def test_features_hold_keys_not_values(cache: FeatureCache) -> None:
    features = cache.features(CountingEncoder(), ["text"])
    cache.clear()
    with pytest.raises(ChiasmError, match="cleared while they were in use"):
        features[0]


def test_info_counts_by_encoder_and_clear_leaves_nothing(cache: FeatureCache) -> None:
    assert cache.info().entries == 0
    assert not cache.folder.exists()
    cache.features(CountingEncoder(fingerprint="1"), ["a", "bb"])
    cache.features(CountingEncoder(fingerprint="2"), ["a"])
    info = cache.info()
    assert info.entries == 3
    assert sorted((e.name, e.entries) for e in info.stores) == [("counting", 1), ("counting", 2)]
    # Each of the 4 tokens is two float16, after a checksum and a header of 12 bytes an entry.
    assert sum(e.bytes for e in info.stores) == 4 * 4 + 3 * 12
    assert info.bytes >= sum(e.bytes for e in info.stores)
    cache.clear()
    assert (cache.info().entries, cache.info().bytes) == (0, 0)
    assert list(cache.folder.iterdir()) == []
    assert cache.features(CountingEncoder(), ["a"]).encoded == 1


def test_folder_is_chosen_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path / "chosen"))
    assert FeatureCache().folder == tmp_path / "chosen"
    monkeypatch.delenv("CHIASM_CACHE")
    assert FeatureCache().folder.parts[-2:] == ("chiasm", "features")


def test_full_cache_says_what_to_do(cache: FeatureCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_MAP_SIZE", 1 << 15)
    with pytest.raises(ChiasmError, match="Free some disk space"):
        cache.features(CountingEncoder(), ["x" * 5000, "y" * 6000, "z" * 7000])


def test_full_disk_says_what_to_do(tmp_path: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from {__package__}.counting import CountingEncoder
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import ChiasmError

resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
try:
    FeatureCache(Path({str(tmp_path)!r})).features(CountingEncoder(), ["x" * 50_000])
except ChiasmError as error:
    print(error)
"""
    done = run(code)
    assert "cannot be written" in done.stdout, done.stderr
    assert "Free some disk space" in done.stdout


def test_a_limit_of_the_address_space_makes_the_map_smaller(tmp_path: Path) -> None:
    code = f"""
import resource
from pathlib import Path
from {__package__}.counting import CountingEncoder
from chiasm.encoders.features.cache import FeatureCache

resource.setrlimit(resource.RLIMIT_AS, (64 << 30, 64 << 30))
print(FeatureCache(Path({str(tmp_path)!r})).features(CountingEncoder(), ["a", "bc"]).encoded)
"""
    done = run(code)
    assert done.stdout.split() == ["2"], done.stderr


def test_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ChiasmError, match="CHIASM_CACHE"):
        FeatureCache(tmp_path / "file").features(CountingEncoder(), ["a"])


def test_damaged_cache_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "v3").mkdir()
    (tmp_path / "v3" / "data.mdb").write_bytes(b"no database" * 1000)
    with pytest.raises(ChiasmError, match=r"is damaged.*chiasm cache clear"):
        FeatureCache(tmp_path).features(CountingEncoder(), ["a"])


def test_cache_that_was_cut_says_what_to_do(cache: FeatureCache) -> None:
    cache.features(CountingEncoder(), TEXTS)
    environment.close(cache.folder / "v3")
    os.truncate(cache.folder / "v3" / "data.mdb", 12_000)
    for use in (lambda: cache.features(CountingEncoder(), TEXTS), cache.info):
        with pytest.raises(ChiasmError, match=r"cut short.*chiasm cache clear"):
            use()
    cache.clear()
    assert cache.features(CountingEncoder(), TEXTS).encoded == 100


def test_entry_whose_bits_changed_is_named_and_encoded_again(
    cache: FeatureCache, caplog: pytest.LogCaptureFixture
) -> None:
    long = "x" * 3000
    expected = cache.features(CountingEncoder(), [long])[0]
    cache.features(CountingEncoder(), TEXTS)
    environment.close(cache.folder / "v3")
    file = cache.folder / "v3" / "data.mdb"
    content = bytearray(file.read_bytes())
    content[content.index(expected.numpy().tobytes()) + 4321] ^= 1
    file.write_bytes(content)
    features = cache.features(CountingEncoder(), [*TEXTS, long])
    assert (features.encoded, features.reused) == (1, 100)
    assert torch.equal(features[100], expected)
    assert "1 of the features in the cache were damaged" in caplog.text


def test_pages_that_were_read_do_not_stay_in_memory(
    cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = cache.features(CountingEncoder(), TEXTS)
    monkeypatch.setattr(environment, "_MOST_MAPPED", 300 << 10)
    opened = []
    for row in range(100):
        features[row]
        opened.append(cache.folder / "v3" in environment._opened)
    # Closed after every few rows, and opened again for the next.
    assert 10 < opened.count(False) < 90
    with environment.reading(cache.folder / "v3"):
        features[0], features[99]
        assert torch.equal(features[5], encode(CountingEncoder(), TEXTS)[5])
