"""Which addresses are public, however they are written."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from core.addresses import is_permitted, parse_address, read_networks

NOT_PUBLIC = """\
127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200
168.63.129.16 192.0.0.192 192.0.2.1 198.18.0.1 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
192.88.99.1
:: ::1 ::127.0.0.1 fe80::1 fc00::1 fd00:ec2::254 fec0::1 ff02::1 2001:db8::1 2001::1 100::1 64:ff9b:1::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 2002:7f00:1:: 2002:a9fe:a9fe:: 64:ff9b::a00:1 64:ff9b::7f00:1
"""
PUBLIC = "8.8.8.8 93.184.216.34 172.32.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::"


@pytest.mark.parametrize("text", NOT_PUBLIC.split())
def test_an_address_inside_a_network_is_not_permitted(text):
    assert not is_permitted(ip_address(text), ())


@pytest.mark.parametrize("text", PUBLIC.split())
def test_a_public_address_is_permitted(text):
    assert is_permitted(ip_address(text), ())


def test_an_allowed_network_permits_its_own_addresses_alone():
    allowed = read_networks(["10.1.0.0/16", "::1"])

    assert [is_permitted(ip_address(one), allowed) for one in ("10.1.9.9", "::ffff:10.1.9.9", "::1")] == [True] * 3
    assert [is_permitted(ip_address(one), allowed) for one in ("10.2.0.1", "127.0.0.1", "fe80::1")] == [False] * 3


@pytest.mark.parametrize("host", ["[::1]", "::1", "fe80::1%eth0"])
def test_an_address_in_brackets_or_with_a_zone_is_an_address(host):
    assert parse_address(host) is not None


def test_a_name_is_no_address():
    assert parse_address("crm.example.com") is None


@pytest.mark.parametrize("text", ["10.1.0.7/16", "crm.local", "", "10.1/16"])
def test_what_is_no_network_is_named(text):
    with pytest.raises(ValueError, match="no address such as"):
        read_networks([text])
