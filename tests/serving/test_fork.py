"""A server that forks once its application is made answers in each process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FORKED = """
import os, sys
from starlette.testclient import TestClient
from serving.stand_in import StandIn
from serving.conftest import image
from chiasm.serving.create_app import create_app
from chiasm.serving.settings import ServerSettings

app = create_app(StandIn(), ServerSettings(hosts=("testserver",)))
children = []
while len(children) < 2 and 0 not in children:
    children.append(os.fork())
if 0 in children:
    with TestClient(app) as client:
        for files in ({"text": (None, "good")}, {"image": image("JPEG")}):
            for route in ("predict", "explain"):
                answer = client.post(f"/v1/{route}", files=files)
                assert answer.status_code == 200, answer.text
        assert client.get("/readyz").status_code == 200
    os._exit(0)
print([os.waitpid(child, 0)[1] for child in children])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_it_answers_in_each_process() -> None:
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", FORKED],
        env=os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[0, 0]", done.stderr
