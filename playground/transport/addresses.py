"""Which IP addresses are out on the public internet."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
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
_REFUSED_V6: Final = (IPv6Network("3fff::/20"), IPv6Network("2001:db8::/32"))
_NAT64: Final = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
_TEREDO: Final = IPv6Network("2001::/32")
_ISATAP_MARKS: Final = (0x00005EFE, 0x02005EFE)


def is_public(address: str) -> bool:
    """Whether an address, as a resolver gives it, is one that anybody on the internet may reach.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, NAT64, Teredo, ISATAP) is as public as that one.
    """
    if "%" in address:  # a zone: link-local by nature
        return False
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return _public_v4(ip)
    carried = tuple(_carried(ip))
    if not all(map(_public_v4, carried)):
        return False
    if ip.ipv4_mapped is not None or ip in _NAT64 or ip in _TEREDO:
        return True
    return ip in _UNICAST_V6 and ip.is_global and not any(ip in network for network in _REFUSED_V6)


def _public_v4(ip: IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _REFUSED_V4)


def _carried(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a gateway would take out of this IPv6 address."""
    number = int(ip)
    last = IPv4Address(number & 0xFFFFFFFF)
    if ip.ipv4_mapped is not None:
        yield ip.ipv4_mapped
    if ip in _NAT64 or (number >> 32) & 0xFFFFFFFF in _ISATAP_MARKS:
        yield last
    if ip in _SIX_TO_FOUR:
        yield IPv4Address((number >> 80) & 0xFFFFFFFF)
    if ip.teredo is not None:
        yield from ip.teredo
