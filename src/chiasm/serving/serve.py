"""serve: answer requests until told to stop."""

import logging
import socket

from chiasm.data.media.audio import import_audio
from chiasm.errors import ChiasmError
from chiasm.serving.served_model import ServedModel
from chiasm.serving.settings import ServerSettings
from chiasm.utils.extras import needs_extra

with needs_extra("serve", "Serving needs a web server"):
    import uvicorn

    from chiasm.serving.connection import MOST_CONNECTIONS, connection_type
    from chiasm.serving.create_app import create_app
    from chiasm.serving.json_log import json_log
    from chiasm.serving.listener import Listener
    from chiasm.serving.server import Server

_logger = logging.getLogger(__name__)
_BACKLOG = 1_024


def serve(model: ServedModel, settings: ServerSettings) -> None:
    """Serve a model until SIGTERM or Ctrl-C, and answer what was accepted before returning.

    Raises:
        ChiasmError: the address cannot be listened on, or the model cannot be served.
    """
    with json_log():
        _serve(model, settings)


def _serve(model: ServedModel, settings: ServerSettings) -> None:
    if "audio" in model.kinds.values():
        import_audio("soundfile")
    config = uvicorn_config(model, settings)
    if not (settings.keys or settings.is_loopback or settings.open):
        _logger.warning(
            "anyone who reaches this server may use the model: it listens beyond this machine "
            "without an API key. Give --api-key-file FILE, or --no-key if that is meant."
        )
    with _listen(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        _logger.info("listening", extra={"fields": {"url": f"http://{host}:{port}"}})
        Server(config).run(sockets=[listener])


def uvicorn_config(model: ServedModel, settings: ServerSettings) -> uvicorn.Config:
    """How uvicorn runs the app: whose word it takes for who asks, and when it lets go."""
    return uvicorn.Config(
        create_app(model, settings),
        loop="asyncio",
        http=connection_type(settings),
        ws="none",
        log_config=None,
        access_log=False,  # it would hold paths and addresses; middleware.record writes our own
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        # Shares keep to the bound of connections; uvicorn's own bound, which refuses whoever comes
        # next, also counts requests whose client has just left.
        limit_concurrency=4 * MOST_CONNECTIONS,
        timeout_graceful_shutdown=settings.grace,
    )


def _listen(host: str, port: int) -> Listener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        plain = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        return Listener(fileno=plain.detach())
    except OSError as error:
        raise ChiasmError(
            f"The server cannot listen on {host}, port {port}: {error.strerror}. Choose another "
            "--port, or an address of this machine for --host."
        ) from error
