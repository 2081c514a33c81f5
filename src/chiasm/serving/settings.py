"""Settings: how a server is run."""

from dataclasses import dataclass, field

from chiasm.serving.limits import Limits

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """Everything about a server but its model.

    Attributes:
        hosts: names it answers under; none: any, or on a loopback address only the names of that.
        origins: web pages of other origins that may ask; none by default.
        keys: API keys, one of which a request must send; none: everyone may ask.
        per_minute: requests of one address; None: as many as it likes.
        proxies: addresses of proxies whose X-Forwarded-For is believed.
        max_batch: rows in one call of the model.
        max_wait: seconds that an idle model waits for more rows.
        grace: seconds to answer what was accepted once the server is told to stop.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    keys: tuple[str, ...] = field(default=(), repr=False)
    per_minute: int | None = None
    proxies: tuple[str, ...] = ()
    max_batch: int = 32
    max_wait: float = 0.003
    grace: int = 30
    limits: Limits = field(default_factory=Limits)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Names in the Host header that are answered; none: any."""
        if self.hosts or self.host not in _LOOPBACK:
            return self.hosts
        return ("127.0.0.1", "localhost", "[::1]")
