"""How many cores there are is what the system lets this process have."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chiasm.inference.runtime import _cores
from chiasm.utils import cores
from chiasm.utils import cores as counted
from chiasm.utils.cores import count_cores, count_serving_cores

AFFINITY = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 64 cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(64)), raising=False)


def system(folder: Path, groups: str, **quotas: str) -> Path:
    """A system's root whose control groups say this."""
    files = {"proc/self/cgroup": groups, **quotas}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def test_without_a_quota_they_are_those_of_the_affinity(tmp_path: Path) -> None:
    assert count_cores(tmp_path) == AFFINITY
    assert count_cores(system(tmp_path, "0::/\n", **{"sys/fs/cgroup/cpu.max": "max 1"})) == AFFINITY


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("said", "cores"),
    [("200000 100000", 2), ("150000 100000", 2), ("5000 100000", 1), ("6400000 50000", 64)],
)
def test_a_container_has_its_quota(tmp_path: Path, said: str, cores: int) -> None:
    root = system(tmp_path, "0::/\n", **{"sys/fs/cgroup/cpu.max": f"{said}\n"})
    assert count_cores(root) == cores


@pytest.mark.usefixtures("many")
def test_the_smallest_quota_of_the_groups_above_counts(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        "0::/pods/one\n",
        **{
            "sys/fs/cgroup/pods/one/cpu.max": "800000 100000",
            "sys/fs/cgroup/pods/cpu.max": "300000 100000",
        },
    )
    assert count_cores(root) == 3


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("path", ["/", "/docker/a1b2"])
@pytest.mark.parametrize(("quota", "cores"), [("400000", 4), ("-1", 64)])
def test_the_older_control_groups_count_too(
    tmp_path: Path, path: str, quota: str, cores: int
) -> None:
    folder = "sys/fs/cgroup/cpu,cpuacct"
    root = system(
        tmp_path,
        f"9:name=systemd:/\n1:cpu,cpuacct:{path}\n0::/\n",
        **{f"{folder}/cpu.cfs_quota_us": quota, f"{folder}/cpu.cfs_period_us": "100000"},
    )
    assert count_cores(root) == cores


FEWER = {
    "affinity": "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])",
    "quota": """
from pathlib import Path
said = {"/proc/self/cgroup": "0::/", "/sys/fs/cgroup/cpu.max": "100000 100000"}
read = Path.read_text
Path.read_text = lambda path, **given: said.get(str(path)) or read(path, **given)
""",
}


@pytest.mark.usefixtures("many")
def test_controllers_in_another_order_than_their_folder_is_named_by_count_too(
    tmp_path: Path,
) -> None:
    folder = "sys/fs/cgroup/cpu,cpuacct"
    quota = {f"{folder}/cpu.cfs_quota_us": "250000", f"{folder}/cpu.cfs_period_us": "100000"}
    root = system(tmp_path, "4:cpuacct,cpu:/\n", **quota)
    (root / "sys/fs/cgroup/cpu").symlink_to("cpu,cpuacct")
    assert count_cores(root) == 3


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("name", ["my app", "a:b", "\udcff"])
def test_a_group_may_have_any_name(tmp_path: Path, name: str) -> None:
    root = system(tmp_path, "", **{f"sys/fs/cgroup/{name}/cpu.max": "200000 100000"})
    (root / "proc/self/cgroup").write_bytes(b"unknown\n0::/" + os.fsencode(name) + b"\n")
    assert count_cores(root) == 2


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("said", ["", "max", "abc 100000", "100000 0", "-1 100000"])
def test_what_is_no_quota_limits_nothing(tmp_path: Path, said: str) -> None:
    root = system(tmp_path, "0::/\n", **{"sys/fs/cgroup/cpu.max": said})
    assert count_cores(root) == 64


@pytest.mark.skipif(AFFINITY == 1, reason="one core cannot be made fewer")
@pytest.mark.parametrize("by", FEWER)
def test_torch_is_told_where_there_are_fewer_than_the_machine_has(by: str) -> None:
    look = (
        f"{FEWER[by]}\nfrom chiasm.cli.process import set_environment; set_environment()\n"
        "import os; print(os.environ.get('OMP_NUM_THREADS'))"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    found = subprocess.run(
        [sys.executable, "-c", look], env=environment, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "1"


def test_a_server_on_many_cores_has_fewer_threads_than_its_container_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(128)), raising=False)
    monkeypatch.setattr(cores, "_quotas", lambda _: iter(()))
    go_on = threading.Event()
    # One for predictions, one for explanations.
    with _cores() as predicting, _cores() as explaining:
        for pool in (predicting, explaining):
            for _ in range(300):
                pool.submit(go_on.wait)
        threads = [t for t in threading.enumerate() if t.name.startswith("core")]
        go_on.set()
    assert len(threads) <= 40


def test_calls_of_a_model_read_no_control_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    first = count_serving_cores()
    monkeypatch.setattr(counted, "count_cores", lambda: pytest.fail("counted again"))
    assert count_serving_cores() == first
