"""ServerSettings: how a server is run."""

from dataclasses import dataclass, field
from ipaddress import ip_address

from chiasm.serving.limits import Limits

# Names of this machine to itself, as a Host header has them.
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class ServerSettings:
    """Everything about a server but its model.

    Attributes:
        hosts: names it answers under; none: any, or on a loopback address only the names of that.
        origins: web pages of other origins that may ask; none by default.
        keys: API keys, one of which a request must send; none: everyone may ask.
        open: whether it is meant that everyone may ask who can reach the server.
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
    open: bool = False
    per_minute: int | None = None
    proxies: tuple[str, ...] = ()
    max_batch: int = 32
    max_wait: float = 0.003
    grace: int = 30
    limits: Limits = field(default_factory=Limits)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Names in the Host header that are answered; none: any."""
        if self.hosts or not self.is_loopback:
            return self.hosts
        own = f"[{self.host}]" if ":" in self.host else self.host
        return tuple(dict.fromkeys((*_LOOPBACK, own.lower())))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"
