"""serve: answer requests until told to stop."""

import uvicorn

from chiasm.serving.create_app import create_app
from chiasm.serving.json_log import json_log
from chiasm.serving.served_model import ServedModel
from chiasm.serving.server import Server
from chiasm.serving.settings import Settings

# Connections beyond these are told 503 at once; rows are counted by Admission.
_MOST_CONNECTIONS = 1_000
_LONGEST_HEADERS = 16 << 10


def serve(model: ServedModel, settings: Settings) -> None:
    """Serve a model until SIGTERM or Ctrl-C, and answer what was accepted before returning."""
    config = uvicorn.Config(
        create_app(model, settings),
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        http="h11",
        ws="none",
        log_config=json_log(),
        access_log=False,  # it would hold paths and addresses; middleware.record writes our own
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_LONGEST_HEADERS,
        timeout_graceful_shutdown=settings.grace,
    )
    Server(config).run()
