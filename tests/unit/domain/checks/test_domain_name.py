"""Names as the DNS and DMARC compare them."""

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.domain_name import is_hostname, is_within, to_ascii
from tidegate.domain.dns_name import can_exist


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("_spf.example.com", "_spf.example.com"),
        ("xn--85x722f.com.cn", "xn--85x722f.com.cn"),
        ("食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("мойсайт.рф", "xn--80arbjktj.xn--p1ai"),
        ("straße.de", "xn--strae-oqa.de"),  # IDNA 2008: never strasse.de
        ("Ｅｘample。com", "example.com"),  # fullwidth letters and an ideographic full stop look like the plain ones
        ("e\u0301.example", "xn--9ca.example"),  # NFC
    ],
)
def test_a_labels(name: str, expected: str) -> None:
    """Every spelling of a name has one ASCII form."""
    assert expected == to_ascii(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..b",
        ".a",
        "[1.2.3.4]",
        "a b.c",
        "a\x00.b",
        "a" * 64 + ".com",
        "a." * 127 + "a",
        "é" * 300,
        "é" * 63 + ".com",
        "xn--é.com",
        "exam\u00adple.com",
        "a\u200bb.com",
        "a\u200db.com",
        "a\ufe0f.com",
        "e\ud800.com",
        "a\u00a0b.com",
        "a/é.com",
        "legit.com'a.attack.com",
        "legit.com(.attack.com",
    ],
)
def test_no_domain_name(name: str) -> None:
    """ML04, ML10: what is no domain name has no ASCII form; nor has a name with characters that cannot be seen."""
    assert to_ascii(name) is None


@given(st.text(max_size=300))
def test_to_ascii_is_total(name: str) -> None:
    """Any text gives a host name in lower case or None."""
    found = to_ascii(name)
    assert found is None or (is_hostname(found) and can_exist(found) and found == to_ascii(found))


@given(st.text(st.characters(categories=["Ll", "Nd"], max_codepoint=0x2FFF), min_size=1, max_size=20))
def test_agrees_with_idna(label: str) -> None:
    """Where the idna package finds an A-label for a label, it is the same."""
    try:
        expected = idna.encode(label, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return
    if expected == label or expected.startswith("xn--"):
        assert expected == to_ascii(label)


@pytest.mark.parametrize(
    ("name", "domain", "expected"),
    [
        ("a.example.com", "example.com", True),
        ("EXAMPLE.com", "example.COM", True),
        ("badexample.com", "example.com", False),
        ("com", "example.com", False),
    ],
)
def test_is_within(name: str, domain: str, expected: bool) -> None:
    """A subdomain ends with a dot and the domain."""
    assert expected == is_within(name, domain)
