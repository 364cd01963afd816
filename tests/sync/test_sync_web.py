"""A real web server with a password: who has it, gets in, whether the address or a credential helper says it."""

from __future__ import annotations

import os

import pytest
from support.git_servers import PASSWORD, USER
from support.people import git

from claif_git.errors import RemoteError
from claif_git.model import Message

pytestmark = [pytest.mark.usefixtures("transport"), pytest.mark.parametrize("way", ["http"], indirect=True)]


@pytest.fixture
def ada(far_hub, person):
    manager = person("ada", far_hub)
    manager.one = manager.create_session("One")
    manager.bare = far_hub.address.replace(f"{USER}:{PASSWORD}@", "")
    return manager


def test_a_large_session_is_sent_and_comes_back_whole(ada, far_hub, person):
    """Larger than what git sends in one piece (http.postBuffer)."""
    noise = os.urandom(1 << 20).hex()
    ada.add_message(ada.one, Message("user", noise))
    ada.push([ada.one])
    bob = person("bob", far_hub)
    assert bob.pull().of(ada.one).outcome == "new"
    assert bob.get_messages(ada.one)[0].text == noise


def test_a_wrong_password_and_none_are_one_line_each(ada):
    for name, address in (("none", ada.bare), ("wrong", ada.bare.replace("://", "://ada:wr0ng-w0rd@"))):
        ada.add_remote(name, address)
        for verb in (ada.fetch, lambda name: ada.pull(remote=name), lambda name: ada.push([ada.one], name)):
            with pytest.raises(RemoteError) as caught:
                verb(name)
            assert "wr0ng" not in str(caught.value)
            assert str(caught.value).isprintable()


def test_a_credential_helper_is_asked(ada, transport):
    if transport.name != "git":
        pytest.skip("credential helpers are git's")
    ada.add_remote("helped", ada.bare)
    git(ada.path, "config", "credential.helper", f"!printf 'username={USER}\\npassword={PASSWORD}\\n' #")
    assert ada.push([ada.one], "helped").of(ada.one).outcome == "sent"
    assert PASSWORD not in git(ada.path, "config", "remote.helped.url")
