"""No shape of a password in an address is shown, and none reaches what is kept or sent."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.people import git

from claif_git import clone
from claif_git.cli.app import COMMANDS, run
from claif_git.cli.context import Run
from claif_git.cli.lazy import Family
from claif_git.cli.terminal import Output
from claif_git.errors import (
    ClaifGitError,
    InvalidInputError,
    RemoteNotFoundError,
    SessionNotFoundError,
    UnsafeAddressError,
)
from claif_git.git.command import without_credentials
from claif_git.git.transport import DulwichTransport, GitTransport, parse_address, redact, redact_typed
from claif_git.session import SessionManager
from claif_git.session.making import init

SECRETS = ["se'cret", 'se"cret', "se/cret", "se@cret", "secret", "se:cret"]
SHAPES = [
    "https://ada:{}@127.0.0.1:1/x.git",
    "https://ada:{}@127.0.0.1:1/x.git?a=b",
    "http://ada:{}@127.0.0.1:1/x.git#part",
    "http://127.0.0.1:1/x.git?token={}",
    "http://127.0.0.1:1/x.git#{}",
    "https://{}@127.0.0.1:1/x.git",
    "https://ada:{}@127.0.0.1:1",
    "https://ada:{}@/x.git",
    "https:/ada:{}@127.0.0.1/x.git",
    "https//ada:{}@127.0.0.1/x.git",
    "https:ada:{}@127.0.0.1/x.git",
    "//ada:{}@127.0.0.1/x.git",
    "ssh://ada:{}@127.0.0.1:1/x.git",
    "git://ada:{}@127.0.0.1:1/x.git",
    "ftp://ada:{}@127.0.0.1/x.git",
    "ada:{}@127.0.0.1:x.git",
    "ada:{}@127.0.0.1/x.git",
    "-ada:{}@127.0.0.1:x.git",
]
MARKS = "QXZJqxzj0189/@:?#%&+=~;,.!$*()'\"<>[]{}|\\^` \u00a0éß中\u200b\U0001f511"  # no words that an error could say
PASSWORDS = st.text(MARKS, min_size=6, max_size=20).map(lambda text: f"Q{text}Z")


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


def pieces(password: str) -> set[str]:
    """Give what would give a password away: any four marks of it in a row, as it is and as an address writes it."""
    forms = (password, quote(password, safe=""))
    return {form[at : at + 4] for form in forms for at in range(len(form) - 3)}


def leaks(password: str, shown: str) -> set[str]:
    plain = " ".join(shape.format("") for shape in SHAPES)
    return {piece for piece in pieces(password) if piece in shown and piece not in plain}


@given(st.sampled_from(SHAPES), PASSWORDS, st.booleans())
@settings(max_examples=1500)
def test_no_password_is_in_what_an_address_shows_or_why_it_is_refused(shape, password, escaped):
    text = shape.format(quote(password, safe="") if escaped else password)
    try:
        address = parse_address(text)
    except UnsafeAddressError as error:
        shown = f"{error} {error.hint}"
    else:
        shown = f"{address} {address!r} {address.redact(f'fatal: {text}: no')} {address.redact(f'at {address.url}')}"
    assert leaks(password, shown) == set()


@given(
    st.sampled_from(SHAPES),
    st.integers(0, 99999999),
    st.sampled_from("/?#@:"),
    st.text("abc/?#@:%0123456789", max_size=9),
)
@settings(max_examples=1500)
def test_no_password_that_looks_like_a_port_and_more_is_shown(shape, number, mark, rest):
    password = f"{number}{mark}{rest}PqRs"
    try:
        shown = str(parse_address(shape.format(password)))
    except UnsafeAddressError as error:
        shown = str(error)
    assert "PqRs" not in shown
    assert not leaks(password, shown)


@pytest.fixture(params=[GitTransport, DulwichTransport])
def ada(request, tmp_path, monkeypatch):
    monkeypatch.setattr("claif_git.session.remotes.default_transport", request.param)
    with SessionManager(tmp_path / "ada", author="Ada <ada@example.org>", durability="relaxed") as manager:
        yield manager


PASSWORD = "Qx7-vW9_zK4"


@pytest.mark.parametrize("shape", SHAPES)
def test_no_password_is_in_lists_errors_the_op_log_or_commits(ada, shape):
    told = []
    one = ada.create_session("One")
    acts = (
        lambda: ada.add_remote("web", shape.format(PASSWORD)),
        lambda: ada.add_remote("web", shape.format(PASSWORD)),
        lambda: ada.fetch("web", progress=told.append),
        lambda: ada.pull(remote="web", progress=told.append),
        lambda: ada.push([one], "web", progress=told.append),
        lambda: ada.status(remote="web"),
    )
    for act in acts:
        try:
            told.append(repr(act()))
        except ClaifGitError as error:
            told += [str(error), error.hint, repr(error)]
    told += [repr(ada.remotes()), repr(ada.operations()), git(ada.path, "log", "--all", "--format=fuller", "-p")]
    assert not leaks(PASSWORD, "\n".join(told))
    if "web" in ada.remotes():
        assert (ada.path / "config").stat().st_mode & 0o777 == 0o600
        ada.remove_remote("web")
        assert PASSWORD not in (ada.path / "config").read_text()
        assert (ada.path / "config").stat().st_mode & 0o777 == 0o600


def test_who_may_read_the_config_changes_with_a_password_only(ada, tmp_path):
    config = ada.path / "config"
    before = config.stat().st_mode
    ada.add_remote("plain", str(tmp_path / "hub"))
    assert config.stat().st_mode == before
    git(ada.path, "config", "core.sharedRepository", "group")
    ada.add_remote("web", "https://ada:secret@example.org/x.git")
    assert config.stat().st_mode == before


def test_an_address_that_git_was_given_is_shown_without_what_could_be_secret(ada):
    git(ada.path, "config", "remote.odd.url", f"ext::sh -c {PASSWORD}@x")
    git(ada.path, "config", "remote.typo.url", f"https:/ada:{PASSWORD}@example.org/x.git")
    assert ada.remotes() == {"odd": "…x", "typo": "…example.org/x.git"}


WHOLE = "https://ada:{}@127.0.0.1:1/x.git"
TYPED = (
    WHOLE,
    "https://127.0.0.1:1/x.git?token={}",
    "ssh://ada:{}@127.0.0.1:1/x.git",
    "https:/ada:{}@127.0.0.1:1/x.git",
    "https//ada:{}@127.0.0.1:1/x.git",
    "ada:{}@127.0.0.1:x.git",
)
NAME_IT = "error: that is an address; name it first: claif-git remote add NAME ADDRESS\n"
LEAVES = [
    words
    for name, entry in COMMANDS.items()
    for words in ([(name, one) for one in entry.entries] if isinstance(entry, Family) else [(name,)])
]


class Terminal(io.StringIO):
    """A stderr on which progress is shown."""

    def isatty(self) -> bool:
        return True


def claif(*args: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), Terminal()
    code = run(args, Run(Output(out, err, no_colour=True)))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to be in, and a store elsewhere, with a session and a remote that cannot be reached."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setenv("CLAIF_GIT_STORE", str(tmp_path / "store"))
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as manager:
        manager.create_session("One")
        manager.add_remote("origin", str(tmp_path / "hub"))
    return folder


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_no_command_shows_the_password_of_an_address_that_stands_for_a_name_an_id_or_a_path(here, words):
    told = []
    for shape in TYPED[:3] if words == ("init",) else TYPED:
        address = shape.format(PASSWORD)
        for more in ((), (address,), (address, address), ("-r", address), (address, "-r", address), ("-o", address)):
            told += claif(*words, *more)[1:]
    assert not leaks(PASSWORD, "\n".join(told))
    assert not [path for path in here.rglob("*") if PASSWORD in path.name]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("verb", ["pull", "push", "fetch", "sync", "status", "remote remove"])
def test_where_a_remote_is_named_by_its_address_it_is_said_what_to_do(verb):
    address = WHOLE.format(PASSWORD)
    code, out, err = claif(*verb.split(), *(() if verb == "remote remove" else ("-r",)), address)
    assert (code, out) == (3, "")
    assert err.rpartition("\x1b[K")[2] == NAME_IT


@pytest.mark.usefixtures("here")
def test_a_pull_of_an_address_says_to_name_it():
    assert claif("pull", WHOLE.format(PASSWORD)) == (3, "", NAME_IT)
    assert claif("pull", "ada@127.0.0.1:x.git") == (3, "", NAME_IT)


@pytest.mark.usefixtures("here")
def test_a_name_and_an_address_in_the_wrong_order_are_told():
    code, _, err = claif("remote", "add", WHOLE.format(PASSWORD), "origin")
    assert (code, err) == (
        2,
        "error: not a name for a remote: an address\nhint: claif-git remote add NAME ADDRESS\n",
    )


@pytest.mark.parametrize("typed", [str, Path])
@pytest.mark.parametrize("shape", [WHOLE, "ada:{}@host.example", "ada:{}@host.example/talks", "ada:a/{}@host.example"])
def test_no_store_or_bundle_is_made_at_an_address(ada, tmp_path, monkeypatch, typed, shape):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    place = typed(shape.format(PASSWORD))
    one = ada.create_session("One")
    acts = (
        lambda: init(place),
        lambda: init(place, namespace=True),
        lambda: clone(str(ada.path), place),
        lambda: SessionManager(place),
        lambda: ada.write_bundle(place, [one]),
    )
    for act in acts:
        with pytest.raises(InvalidInputError, match="an address stands where a path") as caught:
            act()
        assert not leaks(PASSWORD, f"{caught.value!r} {caught.value.hint}")
    assert not [path for path in sorted(tmp_path.rglob("*")) if path not in before and PASSWORD in str(path)]


def test_what_is_there_may_be_called_like_an_address(ada, tmp_path):
    place = tmp_path / "backup:2026" / "ada@work"
    place.parent.mkdir()
    assert init(place).is_new
    (tmp_path / "ada:talks@work").mkdir()
    assert init(tmp_path / "ada:talks@work" / "store").is_new
    ada.write_bundle(place / "all.bundle", [ada.create_session("One")])


def test_a_path_that_ends_like_an_address_is_told_without_its_password(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"ada:{PASSWORD}@host").mkdir()
    code, out, err = claif("init", "--namespace", f"ada:{PASSWORD}@host")
    assert (code, out) == (3, "")
    assert "ada:…@host is in no git repository" in err
    assert not leaks(PASSWORD, err)


@pytest.mark.parametrize("shape", TYPED)
def test_the_library_quotes_no_address_either(ada, shape):
    address = shape.format(PASSWORD)
    acts = {
        ada.get_session: SessionNotFoundError,
        ada.remove_remote: RemoteNotFoundError,
        ada.fetch: RemoteNotFoundError,
        lambda name: ada.create_session("x", template=name): InvalidInputError,
        lambda name: ada.add_remote(name, "/hub"): InvalidInputError,
        ada.log: ClaifGitError,
    }
    for act, kind in acts.items():
        with pytest.raises(kind) as caught:
            act(address)
        assert not leaks(PASSWORD, f"{caught.value!r} {caught.value} {caught.value.hint}")


@pytest.mark.parametrize("shape", TYPED)
@pytest.mark.parametrize("frame", ["{}", "error: {}: no such file", "no session '{}'", 'not "{}"', "PATH={}"])
def test_what_was_typed_is_repeated_without_its_password(shape, frame):
    shown = redact_typed(frame.format(shape.format(PASSWORD)))
    assert PASSWORD not in shown
    assert "127.0.0.1" in shown


@pytest.mark.parametrize(
    "text",
    [
        "https://host.example:8443/a@b",
        "/talks/a@b",
        "note: write to ada@example.org",
        "error: ssh://git@host.example:22/x: there is no repository",
        "git@host.example:talks.git",
        "a-session-k3xqabcdefgh@{yesterday}: no such point",
        "/talks/a-session:messages/a.md:3: no front matter",
        "/talks/backup:2026: not a store",
        "what? nothing",
    ],
)
def test_what_was_typed_without_a_password_is_repeated_as_it_was(text):
    assert redact_typed(text) == text
