"""A real browser opens an exported page that does its worst."""

from __future__ import annotations

import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from export_samples import SHARP, TOOL_ROUND, picture, said, session

from claif_git.export import export

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-extensions", "--enable-logging=stderr"),
    *("--virtual-time-budget=3000", "--dump-dom"),
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")


class Beacon(ThreadingHTTPServer):
    """Remembers what was asked of it."""

    daemon_threads = True

    def __init__(self):
        self.asked = asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_):
                return

        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def beacon():
    with Beacon() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def opened(tmp_path, html):
    """Give the document as it stood after the page had its time, and what the browser said about it."""
    page = tmp_path / "page.html"
    page.write_text(html, encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr


def hostile(address):
    owned = "document.title='owned'"
    tricks = [
        f"<script>{owned}</script>", f'<img src=x onerror="{owned}">', f"<img src={address}/html-img>",
        f"![a]({address}/markdown-img)", f'<svg onload="{owned}"><image href={address}/svg></svg>',
        f"<link rel=stylesheet href={address}/css>", f"<style>@import url({address}/import);</style>",
        f"<iframe src={address}/frame></iframe>", f'<iframe srcdoc="<script>parent.{owned}</script>"></iframe>',
        f'<meta http-equiv=refresh content="0;url={address}/refresh">', f"<base href={address}>",
        f"<video src={address}/video autoplay></video>", f"<object data={address}/object></object>",
        f'<details open ontoggle="{owned}">', f'<input autofocus onfocus="{owned}">',
        f"</style></head><script>{owned}</script>",
        f'<p style="background:url({address}/style)">', f"<link rel=prefetch href={address}/prefetch>",
        f"<link rel=dns-prefetch href={address}>", f'![a](data:image/svg+xml;utf8,<svg onload="{owned}">)',
        f"```html\n<script>{owned}</script>\n```", f'```"><script>{owned}</script>\nx\n```',
    ]  # fmt: skip
    text = "\n\n".join([*tricks, *SHARP])
    blocks = [
        {"type": "text", "text": text},
        {"type": "thinking", "thinking": text},
        {"type": "tool_use", "id": text, "name": text, "input": {text: text, "list": [text]}},
        {"type": "tool_result", "tool_use_id": text, "content": [{"type": "text", "text": text}, picture()]},
        {"type": "image", "source": {"type": "url", "url": f"{address}/image-block"}},
        picture(f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{owned}\"/>".encode(), "image/svg+xml"),
        {"type": text, "x": text},
    ]
    contents = [*tricks, *SHARP, text, blocks]
    return session(*(said("assistant", content, metadata={text: text}, model=text) for content in contents), title=text)


@pytest.mark.parametrize("options", [{}, {"theme": "dark"}, {"include_css": False}])
def test_nothing_runs_and_nothing_is_fetched(tmp_path, beacon, options):
    html = export(hostile(beacon.address), "html", include_metadata=True, include_tokens=True, **options)
    dom, log = opened(tmp_path, html)
    assert "<title>owned</title>" not in dom
    assert "<title>&lt;script&gt;" in dom
    assert beacon.asked == []
    assert "Content Security Policy" not in log
    assert "Refused" not in log


def test_the_browser_would_have_shown_us(tmp_path, beacon):
    dom, _ = opened(tmp_path, f"<script>document.title='owned'</script><img src={beacon.address}/seen>")
    assert "<title>owned</title>" in dom
    assert beacon.asked == ["/seen"]


def test_the_style_sheet_and_pictures_in_the_file_are_let_in(tmp_path):
    html = export(session(*TOOL_ROUND, said("user", [picture()])), "html")
    _, log = opened(tmp_path, html)
    assert "Content Security Policy" not in log
    _, log = opened(tmp_path, html.replace("<style>", "<style> "))
    assert "Content Security Policy" in log
