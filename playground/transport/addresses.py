"""Which IP addresses are out on the public internet."""

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from typing import Final

# What `is_global` lets through, in this or an older patch of Python, and we do not.
_REFUSED_V4: Final = tuple(
    map(
        IPv4Network,
        (
            "100.64.0.0/10",  # carrier-grade NAT, and a cloud's metadata service
            "168.63.129.16/32",  # a cloud's own services, reachable from its machines only
            "192.0.0.0/24",  # protocol assignments, and a cloud's metadata service
            "192.88.99.0/24",  # 6to4 relays
        ),
    )
)
_UNICAST_V6: Final = IPv6Network("2000::/3")
"""Outside of it are also those that carry an IPv4 address: mapped, compatible and NAT64."""
_REFUSED_V6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/32",  # Teredo, which carries an IPv4 address
            "2002::/16",  # 6to4, which does, too
            "2001:db8::/32",  # examples
            "3fff::/20",  # more examples
        ),
    )
)
_ISATAP_MARKS: Final = (0x00005EFE, 0x02005EFE)
"""Before the IPv4 address that is carried in the last 32 bits."""


def is_public(address: str) -> bool:
    """Whether an address, as a resolver gives it, is one that anybody on the internet may reach.

    An IPv6 address that carries an IPv4 address never is: no resolver gives one to a host that can reach the other.
    """
    if "%" in address:  # a zone: link-local by nature
        return False
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if ip.is_multicast or not ip.is_global:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _REFUSED_V4)
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP_MARKS:
        return False
    return ip in _UNICAST_V6 and not any(ip in network for network in _REFUSED_V6)
