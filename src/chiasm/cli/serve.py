"""The command ``chiasm serve``."""

import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import refuse_without_effect
from chiasm.cli.screen import notes
from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.utils.reading import read_regular

if TYPE_CHECKING:
    from chiasm.serving.settings import ServerSettings

_logger = logging.getLogger(__name__)
_KEY = "CHIASM_API_KEY"
_SHORTEST_KEY = 16
_MOST_OF_KEYS = 1_000_000


def _option(help: str, *names: str, panel: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


@dataclass(frozen=True)
class Access:
    """Who may ask, and how often."""

    api_key_file: Annotated[
        Path | None,
        _option(
            f"A file with a key a line, one of which requests must send as 'Authorization: Bearer "
            f"KEY'. The environment variable {_KEY} does the same for one key.",
            panel="Access",
            metavar="FILE",
        ),
    ] = None
    no_key: Annotated[
        bool,
        _option(
            "Let everyone ask who can reach the server: no warning that it listens beyond this "
            "machine without a key.",
            "--no-key",
            panel="Access",
        ),
    ] = False
    rate: Annotated[
        int | None,
        _option("Requests a minute for each address.", panel="Access", min=1, metavar="N"),
    ] = None
    allow_host: Annotated[
        list[str] | None,
        _option(
            "A name the server answers under. By default any; on 127.0.0.1 only localhost. May be "
            "given several times.",
            panel="Access",
            metavar="NAME",
        ),
    ] = None
    allow_origin: Annotated[
        list[str] | None,
        _option(
            "Web pages from there may ask too (CORS), such as https://shop.example. May be given "
            "several times.",
            panel="Access",
            metavar="ORIGIN",
        ),
    ] = None
    behind: Annotated[
        list[str] | None,
        _option(
            "Address of a proxy, whose X-Forwarded-For is believed. May be given several times.",
            panel="Access",
            metavar="ADDRESS",
        ),
    ] = None


@dataclass(frozen=True)
class Load:
    """How much the server takes on."""

    max_batch: Annotated[
        int, _option("Rows that go through the model together.", panel="Load", min=1)
    ] = 32
    max_wait: Annotated[
        float,
        _option("Milliseconds that an idle model waits for more rows.", panel="Load", min=0.0),
    ] = 3.0
    max_waiting: Annotated[
        int, _option("Rows being answered at once; more are told 429.", panel="Load", min=1)
    ] = 256
    timeout: Annotated[
        float, _option("Seconds for an answer, then 503.", panel="Load", min=0.1)
    ] = 30.0
    grace: Annotated[
        int,
        _option("Seconds to answer what was accepted, after SIGTERM.", panel="Load", min=0),
    ] = 30
    max_body: Annotated[
        float, _option("MiB of a request, or of a line of a batch.", panel="Load", min=0.01)
    ] = 16.0
    max_characters: Annotated[int, _option("Of a text.", panel="Load", min=1)] = 20_000
    max_megapixels: Annotated[float, _option("Of an image.", panel="Load", min=0.01)] = 25.0
    max_seconds: Annotated[float, _option("Of an audio clip.", panel="Load", min=0.1)] = 300.0
    max_rows: Annotated[int, _option("Lines of a batch.", panel="Load", min=1)] = 10_000


@expand_options
def serve(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="The folder that chiasm export wrote; or chiasm train, which is then exported "
            "first.",
        ),
    ],
    access: Access,
    load: Load,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
) -> None:
    """Answer requests with a model: a page at /, an API under /v1, described in /openapi.json.

    Example: chiasm export model --out exported, then chiasm serve exported, then

    curl http://127.0.0.1:8000/v1/predict -F text='Arrived broken.' -F image=@photo.jpg
    """
    from chiasm.serving.freed_memory import give_freed_memory_back
    from chiasm.serving.json_log import json_log
    from chiasm.serving.serve import serve as run

    settings = _settings(access, load, host, port)
    give_freed_memory_back()
    if notes.is_terminal:  # elsewhere each line is one of the log
        notes.print(f"{model}: http://{host}:{port}/ (Ctrl-C stops)", highlight=False)
    with json_log(), _exported(model) as folder:
        from chiasm.inference.runtime import load_runtime

        runtime = load_runtime(folder)
        _refuse_unused(load, runtime.kinds.values())
        run(runtime, settings)


def _settings(access: Access, load: Load, host: str, port: int) -> "ServerSettings":
    from chiasm.serving.limits import Limits
    from chiasm.serving.settings import ServerSettings

    body = int(load.max_body * (1 << 20))
    return ServerSettings(
        host=host,
        port=port,
        hosts=tuple(access.allow_host or ()),
        origins=tuple(access.allow_origin or ()),
        keys=_keys(access),
        open=access.no_key,
        per_minute=access.rate,
        proxies=tuple(access.behind or ()),
        max_batch=load.max_batch,
        max_wait=load.max_wait / 1000,
        grace=load.grace,
        limits=Limits(
            body_bytes=body,
            # Of a larger body none would ever be let in.
            waiting_bytes=max(Limits.waiting_bytes, 4 * body),
            characters=load.max_characters,
            pixels=int(load.max_megapixels * 1_000_000),
            seconds=load.max_seconds,
            batch_rows=load.max_rows,
            waiting_rows=load.max_waiting,
            answer_seconds=load.timeout,
        ),
    )


def _refuse_unused(load: Load, kinds: Collection[str]) -> None:
    """Let limits pass of what the model looks at."""
    if load.max_batch == 1 and load.max_wait != Load.max_wait:
        refuse_without_effect("with a --max-batch above 1", max_wait=True)
    of_kinds = {"text": "characters", "image": "megapixels", "audio": "seconds"}
    for kind, limit in of_kinds.items():
        name = f"max_{limit}"
        if kind not in kinds and getattr(load, name) != getattr(Load, name):
            refuse_without_effect(f"where the model looks at {kind}", **{name: True})


def _keys(access: Access) -> tuple[str, ...]:
    """The API keys; never as an option, which every user of the machine could read."""
    file, variable = access.api_key_file, os.environ.get(_KEY)
    if access.no_key:
        if file is not None or variable:
            raise ChiasmError(f"--no-key cannot go with --api-key-file or {_KEY}. Leave one out.")
        return ()
    if file is None:
        if variable is None:
            return ()
        lines = [variable]
    else:
        try:
            lines = read_regular(file, most=_MOST_OF_KEYS).decode().splitlines()
        except (UnreadableExample, UnicodeDecodeError) as error:
            raise ChiasmError(f"The API keys cannot be read from {file}: {error}.") from error
    keys = tuple(line.strip() for line in lines if line.strip())
    if not keys:
        raise ChiasmError(
            f"There is no API key in {_KEY if file is None else file}: it is blank. Write one "
            "there, a line each in a file, or give --no-key to let everyone ask."
        )
    if any(len(key) < _SHORTEST_KEY or not key.isascii() for key in keys):
        raise ChiasmError(
            f"An API key has at least {_SHORTEST_KEY} ASCII characters. Make one with: python -c "
            "'import secrets; print(secrets.token_urlsafe())'"
        )
    return keys


@contextmanager
def _exported(model: Path) -> Iterator[Path]:
    """The model's folder if it is an exported one; otherwise one that it is exported to."""
    from chiasm.inference.manifest import MANIFEST

    if (model / MANIFEST).is_file():
        yield model
        return
    if find_spec("torch") is None:
        raise ChiasmError(
            f"{model} holds no exported model, and without torch, which is not installed here, "
            f"none can be exported. Where it was trained, run: chiasm export {model} --out "
            "exported; then here: chiasm serve exported. Or run here: pip install "
            '"chiasm[export,serve]"'
        )
    from chiasm.exporting.folder import export
    from chiasm.model.storage import load_model

    loaded = load_model(model)
    with TemporaryDirectory(prefix="chiasm-") as folder:
        _logger.info(
            "exported first; chiasm export does it once for all",
            extra={"fields": {"model": str(model), "folder": folder}},
        )
        export(loaded, Path(folder))
        del loaded
        yield Path(folder)
