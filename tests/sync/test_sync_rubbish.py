"""Without git, who answers with rubbish is told in words of ours: none of dulwich's, and none of a stranger's bytes."""

from __future__ import annotations

import pytest
from support.rude_servers import pkt, rude

from claif_git.errors import RemoteError
from claif_git.git.transport import DulwichTransport, parse_address
from claif_git.git.transport.wording import worded
from claif_git.session import SessionManager

NO_GIT = "answers, but not as a git repository does"
OID = b"1" * 40
TYPES = {"upload": b"application/x-git-upload-pack-advertisement", "text": b"text/plain", "html": b"text/html"}


def page(body: bytes, kind: str = "html", status: bytes = b"200 OK", *heads: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: " + TYPES[kind], b"Content-Length: %d" % len(body), *heads]
    return b"\r\n".join([*lines, b"Connection: close", b"", body])


ANSWERS = {
    "a page": ("http", page(b"<html>\x1b[31mQx7zzz</html>")),
    "a page that looks like refs": ("http", page(b"0" * 40 + b" Qx7zzz")),
    "an empty page": ("http", page(b"")),
    "an answer of another service": ("http", page(pkt(b"Qx7zzz") + b"0000", "upload")),
    "a redirect to a file": ("http", page(b"", "html", b"302 Found", b"Location: file:///Qx7zzz/info/refs")),
    "a redirect to a program": ("http", page(b"", "html", b"302 Found", b"Location: ext::touch Qx7zzz")),
    "garbage": ("git", b"\xfe\xffQx7zzz\x1b[31m" * 40),
    "a line of a bad length": ("git", b"0003Qx7zzz"),
    "a line that is no ref": ("git", pkt(b"Qx7zzz\n")),
}


@pytest.fixture
def ada(tmp_path, monkeypatch):
    monkeypatch.setattr("claif_git.session.remotes.default_transport", DulwichTransport)
    with SessionManager(tmp_path / "ada", author="Ada <ada@example.org>", durability="relaxed") as manager:
        manager.one = manager.create_session("One")
        yield manager


VERBS = {
    "fetch": lambda manager: manager.fetch("rude"),
    "pull": lambda manager: manager.pull(remote="rude"),
    "push": lambda manager: manager.push([manager.one], "rude"),
}


def told(ada, scheme, answer, verb):
    def say(server, connection):
        connection.recv(1 << 16)
        server.send(connection, answer)

    with rude(say) as server:
        ada.add_remote("rude", address := f"{scheme}://127.0.0.1:{server.port}/x.git")
        with pytest.raises(RemoteError) as caught:
            VERBS[verb](ada)
    return str(caught.value).replace(address, "IT")


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("what", sorted(ANSWERS))
def test_what_is_no_git_repository_is_called_that(ada, what, verb):
    assert told(ada, *ANSWERS[what], verb) == f"IT {NO_GIT}"


def test_a_push_to_what_can_only_be_read_says_that_it_is_no_git_server(ada):
    refs = page(OID + b"\trefs/heads/talk\n", "text")
    assert told(ada, "http", refs, "push") == f"IT {NO_GIT}"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_who_hangs_up_is_told(ada, verb):
    assert told(ada, "git", b"", verb) == "IT: it closed the connection too soon"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_what_a_git_server_says_on_purpose_is_repeated(ada, verb):
    shown = told(ada, "git", pkt(b"ERR not for you, says https://ada:Qx7zzz@example.org/x\n"), verb)
    assert shown == "IT: not for you, says https://example.org/x"


def test_a_session_that_a_remote_cannot_give_is_set_aside_without_a_word_of_dulwichs(ada):
    refs = page(OID + b"\trefs/heads/talk\n", "text")

    def say(server, connection):
        connection.recv(1 << 16)
        server.send(connection, refs)

    with rude(say) as server:
        ada.add_remote("rude", address := f"http://127.0.0.1:{server.port}/x.git")
        (aside,) = ada.pull(remote="rude").problems
    assert aside.detail.replace(address, "IT") == "IT: what should be an object cannot be unpacked"


def test_a_fault_of_our_own_store_is_not_laid_to_a_remote(tmp_path):
    (tmp_path / "hub").mkdir()
    hub = parse_address(str(tmp_path / "hub"))
    assert worded(ValueError("a tree is malformed"), hub) == f"{hub}: a tree is malformed"
    assert worded(KeyError(OID), parse_address("git://example.org/x")).startswith("git://example.org/x: ")
