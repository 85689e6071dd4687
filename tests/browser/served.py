"""A console as it is served, and a browser before it that keeps an eye on what must never happen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, Page, expect

from firsthand import Desk
from firsthand.asgi import console
from firsthand.serving import listen
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.console.console import Console

PRIYA, SAM, NOOR = "priya@acme.com", "sam@acme.com", "noor@acme.com"
"""Of the demo's people: support, lead who administers, billing."""

PASSWORD = "correct horse battery"
expect.set_options(timeout=20_000)
WIDE, NARROW = 1440, 360
AXE = AXE_FILE_PATH.read_text(encoding="utf-8")
STRAY = """() => {
  const made = ".xss, script:not([src]), iframe, object, embed, base, main img, [onerror], [onload], [onfocus]";
  const leads = (each) => ["href", "src", "action", "formaction"].map((name) => each.getAttribute(name) ?? "");
  const program = (each) => leads(each).some((where) => /^\\s*(javascript|data|vbscript):/i.test(where));
  const found = [...document.querySelectorAll("[href], [src], [action], [formaction]")].filter(program);
  return [...document.querySelectorAll(made), ...found].map((each) => each.outerHTML.slice(0, 200));
}"""
"""What data could have made of itself: elements, handlers, links that are programs."""

TOO_WIDE = """() => {
  const page = document.scrollingElement, out = [];
  if (page.scrollWidth <= page.clientWidth) return out;
  for (const each of document.querySelectorAll("body *")) {
    const box = each.getBoundingClientRect(), sticks = box.width && box.right > page.clientWidth + 1;
    if (sticks && !each.closest(".scroll, .vh")) out.push(`${Math.round(box.right)} ${each.outerHTML.slice(0, 120)}`);
  }
  return [`${page.scrollWidth} > ${page.clientWidth}`, ...out.slice(0, 4)];
}"""
"""What makes the page wider than the window."""


@dataclass
class Site:
    """A console that is served on this machine."""

    desk: Desk
    journal: SqlJournal
    console: Console
    url: str

    def __str__(self) -> str:
        return self.url

    def password(self, person: str) -> str:
        """Let somebody sign in with a password, and return it."""
        accounts = self.console.accounts
        accounts.accept(accounts.invite(person, "root"), PASSWORD, "test")
        return PASSWORD

    def cookies(self, person: str) -> list[Any]:
        """Return the cookies of a browser in which somebody is signed in."""
        return [{"name": "firsthand", "value": self.console.accounts.enter_as(person, "test"), "url": self.url}]


@contextmanager
def served(desk: Desk, folder: Path, **given: Any) -> Iterator[Site]:
    """Serve the console of a desk with the journal of a folder; the desk has its own again afterwards."""
    before = desk._journal, desk.clock
    journal = SqlJournal(f"sqlite:///{folder}/firsthand.db?synchronous=off")
    desk.use(journal)
    _ = journal.process  # the journal is there before two threads look for it
    app = console(desk, **given)
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield Site(desk, journal, app.state.console, f"http://127.0.0.1:{listening.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join(10)
        journal.close()
        desk.use(*before)


@dataclass
class Seen:
    """A browser's window on a site. Whatever must never happen is noted; ``clean`` asserts that nothing did."""

    page: Page
    site: Site
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(20_000)
        self.page.on("dialog", self.dialog)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("console", self.said)
        self.page.on("request", self.requested)
        self.page.on("response", self.answered)

    def dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def said(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def requested(self, request: Any) -> None:
        if not request.url.startswith((f"{self.site}/", "data:")):
            self.wrong.append(f"request: {request.url[:200]}")

    def answered(self, response: Any) -> None:
        if response.status >= 500:
            self.wrong.append(f"{response.status}: {response.url[:200]}")

    def open(self, path: str, status: int = 200) -> Page:
        """Open a page of the site, which must answer so."""
        answer = self.page.goto(f"{self.site}{path}")
        assert answer is not None
        assert answer.status == status, (path[:200], answer.status, self.page.inner_text("main")[:500])
        return self.page

    def clean(self) -> None:
        """Assert that nothing happened of what must never happen, and that no data has become a part of the page."""
        stray = self.page.evaluate(STRAY)
        assert (self.wrong, stray, self.page.evaluate("'xss' in window")) == ([], [], False), self.page.url[:300]

    def search(self, text: str) -> None:
        """Open the palette and type, as somebody does who looks where they type; wait for what it finds."""
        self.page.keyboard.press("Control+k")
        self.page.locator("#palette-q:focus").wait_for()
        self.page.keyboard.type(text, delay=40)
        self.page.locator("#hits a").first.wait_for()

    def fits(self, *widths: int) -> None:
        """Assert that the page is no wider than the window, however wide that is."""
        now = (self.page.viewport_size or {})["width"]
        for width in sorted(widths or (NARROW, WIDE), key=lambda each: each != now):
            self.page.set_viewport_size({"width": width, "height": 900})
            assert self.page.evaluate(TOO_WIDE) == [], (width, self.page.url[:300])

    def axe(self, **options: Any) -> list[str]:
        """Return what axe finds on the page, in lines; what is right is not told, which takes most of its time."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate(
            "(options) => axe.run(document, options)", {"resultTypes": ["violations"], **options}
        )
        return [
            f"{each['id']}: {node['html'][:240]} {node['failureSummary'][:300]}"
            for each in found["violations"]
            for node in each["nodes"][:4]
        ]


@contextmanager
def seen(browser: Browser, site: Site, person: str | None = None, **how: Any) -> Iterator[Seen]:
    """Open a window on a site, with somebody signed in or nobody, and be sure that nothing went wrong within."""
    how = {"viewport": {"width": WIDE, "height": 900}, "reduced_motion": "reduce", **how}
    context = browser.new_context(**how)
    if person:
        context.add_cookies(site.cookies(person))
    window = Seen(context.new_page(), site)
    try:
        yield window
        assert window.wrong == [], window.wrong
    finally:
        context.close()


Window = Callable[..., Seen]
"""Opens a window on the demo: of somebody, or of nobody yet."""
