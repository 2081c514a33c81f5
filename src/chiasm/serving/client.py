"""client_of: who asks, as far as shares and rates go."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

# What one customer of a provider is given, from which to draw addresses at will.
_PREFIX = 64


def client_of(address: str) -> str:
    """The address that was asked from; of IPv6 its network of 64 bits."""
    try:
        found = ip_address(address)
    except ValueError:  # a name that a test client has, or none
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), _PREFIX), strict=False).network_address)


def client_of_request(scope: Scope) -> str:
    """Who sent a request; nobody where the server does not know."""
    address, _ = scope.get("client") or ("", 0)
    return client_of(address)
