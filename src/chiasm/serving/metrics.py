"""ServerMetrics: what the server counts and times, for Prometheus."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from chiasm.serving.log_writer import LEFT_OUT

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_ROWS = (1, 2, 4, 8, 16, 32, 64)


class ServerMetrics:
    """Counters of one server; nothing in them comes from what users send but class names."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(LEFT_OUT)
        self.requests = Counter(
            "chiasm_requests",
            "Requests answered.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "chiasm_request_seconds",
            "From the first byte of the request to the last of the answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.predictions = Counter(
            "chiasm_predictions", "Rows predicted, by label.", ["label"], registry=self.registry
        )
        self.missing = Counter(
            "chiasm_missing_modalities",
            "Rows predicted without a modality.",
            ["modality"],
            registry=self.registry,
        )
        self.waiting = Gauge(
            "chiasm_waiting_rows", "Rows received and not yet answered.", registry=self.registry
        )
        self.held = Gauge(
            "chiasm_held_bytes",
            "What has arrived of rows and lines, and answers that are not read.",
            registry=self.registry,
        )
        self.batch_rows = Histogram(
            "chiasm_batch_rows",
            "Rows in a call of the model.",
            buckets=_ROWS,
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "chiasm_batch_seconds",
            "Time of a call of the model.",
            buckets=_SECONDS,
            registry=self.registry,
        )

    def observe_batch(self, rows: int, seconds: float) -> None:
        """Note one call of the model."""
        self.batch_rows.observe(rows)
        self.batch_seconds.observe(seconds)

    def render(self) -> bytes:
        """All of them in the text format of Prometheus."""
        return generate_latest(self.registry)
