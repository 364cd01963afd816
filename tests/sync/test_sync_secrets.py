"""No shape of a password in an address is shown."""

from __future__ import annotations

import pytest

from claif_git.errors import UnsafeAddressError
from claif_git.git.command import without_credentials
from claif_git.git.transport import parse_address, redact

SECRETS = ["se'cret", 'se"cret', "se/cret", "se@cret", "secret", "se:cret"]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_password_is_taken_out_of_any_text(secret: str) -> None:
    text = f"fatal: unable to access 'https://ada:{secret}@host.example/talks.git': refused"
    for shown in (redact(text), without_credentials(text)):
        assert "cret" not in shown
        assert "host.example/talks.git" in shown


@pytest.mark.parametrize("secret", [*SECRETS, "se cret"])
def test_an_address_that_is_refused_shows_no_password(secret: str) -> None:
    try:
        shown = str(parse_address(f"https://ada:{secret}@host.example/talks.git"))
    except UnsafeAddressError as error:
        shown = str(error)
    assert "cret" not in shown


@pytest.mark.parametrize("text", ["https://host.example:8443/a@b", "https://host.example/@ada/talks", "/talks/a@b"])
def test_what_is_no_password_stays(text: str) -> None:
    assert redact(text) == text
