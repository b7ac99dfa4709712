"""Which network addresses are public. A webhook may have no others, unless the TOML allows them.

An address of IPv6 that stands for one of IPv4 is checked as that one:

    ::ffff:10.0.0.1        10.0.0.1     mapped
    2002:a00:1::           10.0.0.1     6to4
    64:ff9b::a00:1         10.0.0.1     NAT64
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
NOT_PUBLIC = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),  # behind the NAT of a provider; Alibaba's metadata service
    IPv4Network("168.63.129.16/32"),  # Azure's metadata service
    IPv4Network("192.0.0.0/24"),  # protocols; Oracle's metadata service
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
)
"On top of those that `ipaddress` knows: versions of Python differ in them."


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks such as 10.1.0.0/16, or single addresses. Raises ValueError that names the wrong one."""
    networks: list[Network] = []
    for text in texts:
        try:
            networks.append(ip_network(text))
        except ValueError:
            raise ValueError(
                f"'{text}' is no address such as 10.1.0.7 and no network such as 10.1.0.0/16 (the bits after the "
                "network's are 0)"
            ) from None
    return tuple(networks)


def parse_address(host: str) -> Address | None:
    """The address that a host is written as; None for a name. The zone of an IPv6 address does not count."""
    try:
        return _plain(ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return None


def is_permitted(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether an address is public or in one of these networks."""
    plain = _plain(address)
    return _is_public(plain) or any(plain.version == one.version and plain in one for one in allowed)


def _is_public(plain: Address) -> bool:
    if any(plain.version == one.version and plain in one for one in NOT_PUBLIC):
        return False
    if isinstance(plain, IPv6Address) and plain.is_site_local:
        return False
    return plain.is_global and not (plain.is_multicast or plain.is_reserved or plain.is_unspecified)


def _plain(address: Address) -> Address:
    """The address of IPv4 that one of IPv6 stands for; otherwise the address."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else address
