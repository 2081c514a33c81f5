import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from chiasm.serving.create_app import create_app
from chiasm.serving.settings import ServerSettings

from .stand_in import StandIn


@pytest.fixture
def model() -> StandIn:
    return StandIn()


@pytest.fixture
def client(model: StandIn) -> Iterator[TestClient]:
    with connected(model) as client:
        yield client


def connected(model: StandIn, **settings: object) -> TestClient:
    """A client of a server with these settings; to be used as a context."""
    app = create_app(model, ServerSettings(**{"hosts": ("testserver",), **settings}))
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def serve(model: StandIn) -> Callable[..., TestClient]:
    return lambda **settings: connected(model, **settings)


@pytest.fixture(scope="session")
def photo() -> bytes:
    return image("JPEG")


def image(form: str, size: tuple[int, int] = (96, 64), *, light: int = 230) -> bytes:
    """The bytes of an image file, lighter than not."""
    pixels = np.random.default_rng(0).integers(light - 20, light + 20, (*size[::-1], 3))
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, form)
    return file.getvalue()
