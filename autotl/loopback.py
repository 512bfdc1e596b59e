"""Recognise addresses and names by which only this machine is reached."""

from __future__ import annotations

import ipaddress
import re

LOOPBACK = "127.0.0.1"
_HOST = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?", re.ASCII | re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server at this address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, which may be that of any network interface
        return False


def names_this_machine(host: str) -> bool:
    """Return whether a ``Host`` header names this machine.

    By another name, a page of a foreign site could read the answers of a local server (DNS rebinding). Any
    port is allowed, because a tunnel may use another one.
    """
    return _HOST.fullmatch(host.strip()) is not None
