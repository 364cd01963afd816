from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.placing import latest_stamp

stamps = st.builds(
    "2026-11-24T21-32-{:02}.{}".format, st.integers(0, 3), st.sampled_from(["000000", "000001", "0000005", "999999"])
)
messages = st.one_of(
    st.builds("{}-{}-0a1b2c3d.md".format, stamps, st.sampled_from(["user", "assistant"])),
    st.sampled_from(["9999-99-99T00-00-00.000000-user-0a1b2c3d.md", "zzz", "notes.md", "é.md"]),
)
runs = st.one_of(
    st.builds("{}-k3xq-{}".format, stamps, st.sampled_from(["0000", "0001", "more"])), st.sampled_from(["0", "zzz"])
)
drops = st.builds("{}-k3xq-9c0d11ee.yaml".format, stamps)
paths = st.one_of(
    st.builds("messages/{}/{}".format, runs, messages),
    st.builds("messages/{}/{}/{}".format, runs, runs, messages),
    st.builds("drops/{}".format, drops),
)


@given(st.lists(paths, max_size=30))
def test_no_well_formed_name_in_a_tree_is_later_than_the_latest(found):
    """Of a run's pages the last counts, since those before it are full."""
    root = Folder(lambda _: b"")
    for path in found:
        root = root.put(path, "0" * 40)
    kept = [path for path, _ in root.walk()]  # of two at one place, the later put stands
    pages = {folder for path in kept for folder in _folders(path)}
    kept = [path for path in kept if not any(f"{folder[:-4]}0001" in pages for folder in _folders(path, "-0000"))]
    assert latest_stamp(root) == max((stamp for path in kept for stamp in _stamps(path)), default="")


def _folders(path, ending=""):
    parts = path.split("/")
    folders = ["/".join(parts[:end]) for end in range(2, len(parts))]
    named = [folder for folder in folders if layout.parse_run_name(folder.rpartition("/")[2])]
    return [folder for folder in named if folder.endswith(ending)]


def _stamps(path):
    top, *folders, name = path.split("/")
    if top == "drops":
        yield layout.drop_stamp(name)
        return
    named = [layout.parse_run_name(folder) for folder in folders]
    if all(named):
        named.append(layout.parse_message_name(name))
    else:
        named = named[: named.index(None)]
    yield from (one.stamp for one in named if one)
