"""PROXY headers as a proxy on loopback sends them."""

from ipaddress import ip_address

PROXY = "127.0.0.7"


def v1(client: str, server: str, port: int = 25) -> bytes:
    """A version 1 header for this client, whose port is 4321."""
    family = "TCP6" if ":" in client else "TCP4"
    return f"PROXY {family} {client} {server} 4321 {port}\r\n".encode()


def v2(client: str, server: str, port: int = 25) -> bytes:
    """The same in version 2, with a TLV to skip."""
    addresses = ip_address(client).packed + ip_address(server).packed + (4321).to_bytes(2) + port.to_bytes(2) + b"\x04\x00\x03xyz"
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x21 if ":" in client else 0x11]) + len(addresses).to_bytes(2) + addresses


def local(version: int) -> bytes:
    """A header that names no client."""
    return b"PROXY UNKNOWN\r\n" if version == 1 else b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"
