"""Addresses: what is taken, what is refused because it could run a program, and what never reaches a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError, RemoteError, RemoteNotFoundError, UnsafeAddressError
from claif_git.git.transport import Limits, parse_address, redact
from claif_git.git.transport.process import gist, printable


@pytest.mark.parametrize(
    ("text", "kind", "host", "port", "user", "path"),
    [
        ("/srv/hub.git", "path", "", None, "", "/srv/hub.git"),
        ("file:///srv/my%20hub.git", "path", "", None, "", "/srv/my hub.git"),
        ("file://localhost/srv/hub.git", "path", "", None, "", "/srv/hub.git"),
        ("ssh://git@example.org:2222/hub.git", "ssh", "example.org", 2222, "git", "/hub.git"),
        ("SSH://example.org/~ada/hub.git", "ssh", "example.org", None, "", "~ada/hub.git"),
        ("git@example.org:ada/hub.git", "ssh", "example.org", None, "git", "ada/hub.git"),
        ("example.org:hub.git", "ssh", "example.org", None, "", "hub.git"),
        ("git@[::1]:hub.git", "ssh", "[::1]", None, "git", "hub.git"),
        ("git://example.org/hub.git", "git", "example.org", None, "", "/hub.git"),
        ("https://example.org:8443/ada/hub.git", "http", "example.org", 8443, "", "/ada/hub.git"),
        ("http://ada:secret@[::1]:80/hub.git", "http", "[::1]", 80, "ada", "/hub.git"),
    ],
)
def test_known_forms_are_taken(text, kind, host, port, user, path):
    address = parse_address(text)
    assert (address.kind, address.host, address.port, address.user, address.path) == (kind, host, port, user, path)


def test_a_relative_path_is_fixed_once_and_a_file_is_a_bundle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_address("hub.git").url == str(tmp_path / "hub.git")
    (tmp_path / "a:b").write_bytes(b"")
    assert parse_address("a:b").kind == "bundle"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--upload-pack=touch x",
        "ext::sh -c touch% x",
        "fd::7",
        "ssh::x",
        "ftp://example.org/x",
        "rsync://example.org/x",
        "javascript://x/y",
        "git+ssh://example.org/x",
        "ssh://-oProxyCommand=touch/x",
        "ssh://%2doProxyCommand=touch/x",
        "ssh://-l@example.org/x",
        "ssh://example.org/-x",
        "ssh://example.org",
        "ssh://example.org/",
        "ssh://exam ple/x",
        "ssh://example.org:port/x",
        "-oProxyCommand=x:y",
        "git@-oProxyCommand=x:y",
        "example.org:-x",
        "example.org:",
        "git://example.org/x%0aevil",
        "git://example.org/x\nevil",
        "git://user@example.org/x",
        "/srv/hub\x00",
        "/srv/hub\x1b[2J",
        "file://example.org/x",
        "http://[::1/x",
    ],
)
def test_what_could_run_something_is_refused(text):
    with pytest.raises(UnsafeAddressError) as caught:
        parse_address(text)
    assert str(caught.value).isprintable()


@given(st.text())
def test_any_text_is_an_address_or_refused(text):
    try:
        address = parse_address(text)
    except UnsafeAddressError:
        return
    assert not address.url.startswith("-")
    assert not address.host.startswith("-")
    assert address.is_local == (address.kind in ("path", "bundle"))


def test_credentials_are_in_no_text_of_an_address():
    address = parse_address("https://ada:p%40ss%3Aword@example.org/hub.git?token=abc")
    assert address.password == "p@ss:word"
    for text in (str(address), repr(address), address.redact(f"fatal: {address.url} p@ss:word p%40ss%3Aword")):
        for secret in ("p@ss", "p%40ss", "abc", "word"):
            assert secret not in text
    assert "ada" not in str(address)
    assert str(parse_address("ssh://git:secret@example.org/x")) == "ssh://git@example.org/x"


def test_credentials_are_taken_out_of_any_text():
    said = redact("fatal: unable to access 'https://u:p@ss@host/x/': see http://v:w@host and ssh://git:q@host/y")
    assert said == "fatal: unable to access 'https://host/x/': see http://host and ssh://git@host/y"


def test_the_line_that_says_most_is_given():
    assert gist("hint: x\nremote: no such thing\nfatal: Could not read from remote repository.\n\n") == "no such thing"
    assert gist("ssh: connect: refused\nfatal: Could not read from remote repository.") == "ssh: connect: refused"
    assert gist("") == ""
    assert printable("a\x1b[2Jb\nc") == "a [2Jb c"


def test_limits_are_settings():
    values = {"claif.maxPackSize": "10m", "claif.maxRefs": "7"}
    assert Limits.of(values.get) == Limits(max_pack_size=10 << 20, max_refs=7)
    with pytest.raises(InvalidInputError, match="maxTreeDepth"):
        Limits.of({"claif.maxTreeDepth": "deep"}.get)


def test_remotes_stand_in_git_config_without_secrets_in_the_list(hub, person):
    ada = person("ada", hub)
    ada.add_remote("web", "https://ada:secret@example.org/hub.git")
    assert ada.remotes() == {"origin": hub.address, "web": "https://example.org/hub.git"}
    with pytest.raises(InvalidInputError, match="already"):
        ada.add_remote("web", "/x")
    for name in ("", "-x", "a/b", "a..b", "a.lock", "x" * 65):
        with pytest.raises(InvalidInputError):
            ada.add_remote(name, "/x")
    with pytest.raises(UnsafeAddressError):
        ada.add_remote("evil", "ext::sh")
    ada.remove_remote("web")
    assert list(ada.remotes()) == ["origin"]
    for verb in (ada.remove_remote, ada.fetch, lambda name: ada.pull(remote=name), lambda name: ada.push(remote=name)):
        with pytest.raises(RemoteNotFoundError, match="web"):
            verb("web")


def test_a_remote_that_is_away_is_one_line_without_the_password(hub, person):
    ada = person("ada", hub)
    ada.add_remote("away", "http://ada:s3cret-w0rd@127.0.0.1:9/hub.git")
    for verb in (ada.fetch, lambda name: ada.pull(remote=name), lambda name: ada.push(remote=name)):
        with pytest.raises(RemoteError) as caught:
            verb("away")
        assert "s3cret" not in str(caught.value)
        assert str(caught.value).isprintable()
