"""Serve the stand-in as a process of its own: SECONDS a batch, PORT or 0, PATIENCE, GRACE."""

import sys
from dataclasses import replace

from stand_in import StandIn

from chiasm.serving.limits import Limits
from chiasm.serving.serve import serve
from chiasm.serving.settings import ServerSettings

if __name__ == "__main__":
    seconds, port = float(sys.argv[1]), int(sys.argv[2])
    model = replace(StandIn(), seconds=seconds)
    limits = Limits(receive_seconds=float(sys.argv[3]))
    serve(model, ServerSettings(port=port, max_batch=4, limits=limits, grace=int(sys.argv[4])))
