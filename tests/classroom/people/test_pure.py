"""Masks, devices, addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.people.devices import device_of, mask_address
from classroom.people.ids import keyed_digest, mask_identifier, mask_mobile, mask_name

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.50 Safari"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (EDGE, "Edge, Windows"),
        (WECHAT, "WeChat, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "Firefox, Linux"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_device_is_named_by_its_families(agent: str, device: str) -> None:
    assert device_of(agent) == device


@pytest.mark.parametrize(
    ("address", "masked"),
    [("192.168.3.77", "192.168.3.*"), ("2001:db8:1:2::7", "2001:0db8:0001:*"), ("?", ""), ("", "")],
)
def test_an_address_loses_its_last_part(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@given(st.ip_addresses(v=4))
def test_no_full_address_is_kept(address: object) -> None:
    assert mask_address(str(address)) != str(address)


@pytest.mark.parametrize(
    ("identifier", "masked"),
    [("13812341234", "138****1234"), ("anna@lab.example", "a***@lab.example"), ("123", "***")],
)
def test_identifiers_are_masked(identifier: str, masked: str) -> None:
    assert mask_identifier(identifier) == masked


@pytest.mark.parametrize(
    ("name", "masked"), [("张三", "张*"), ("欧阳海峰", "欧***"), ("李", "李*"), ("Li Jun", "L*** J***")]
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(alphabet="0123456789", max_size=12))
def test_a_masked_mobile_never_shows_all(number: str) -> None:
    assert mask_mobile(number) != number or not number


@given(st.text(), st.text(min_size=1))
def test_equal_values_have_equal_digests(value: str, key: str) -> None:
    assert keyed_digest(value, key) == keyed_digest(value, key)
    assert keyed_digest(value, key) != keyed_digest(value + "x", key)
