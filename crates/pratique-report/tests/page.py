#!/usr/bin/env python3
"""Opens the HTML page in headless Chromium and clicks through it: sorting, filters, folding, no errors, no requests.

usage: page.py PAGE [SCREENSHOT]     exit code 0: all well, 1: not, 77: what is needed is not installed

Speaks the DevTools protocol on pipes (file descriptors 3 and 4 of the browser), so that it needs nothing but Chromium.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BROWSER = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)


class Browser:
    def __init__(self):
        self.home = tempfile.TemporaryDirectory()
        ours, theirs = os.pipe()
        theirs_in, ours_out = os.pipe()

        def wire():
            # The browser reads commands from 3 and writes answers to 4.
            read, write = os.dup(theirs_in), os.dup(theirs)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             f"--user-data-dir={self.home.name}", "about:blank"],
            preexec_fn=wire, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(theirs_in)
        self.out, self.input = os.fdopen(ours_out, "wb", 0), os.fdopen(ours, "rb", 0)
        self.count, self.events, self.rest, self.session = 0, [], b"", None

    def message(self):
        while b"\0" not in self.rest:
            part = self.input.read(65536)
            if not part:
                raise EOFError("the browser went away")
            self.rest += part
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.count += 1
        command = {"id": self.count, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        self.out.write(json.dumps(command).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message())

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (EOFError, OSError):
            pass
        self.process.wait(20)


def check(page, what, script, want):
    have = page.run(script)
    if have != want:
        sys.exit(f"{what}: {have!r}, expected {want!r}")


VISIBLE = "[...document.querySelectorAll('#findings tbody tr')].filter(r => !r.hidden)"
FIRST = f"{VISIBLE}.map(r => r.cells[1].dataset.value)"


def click_through(page):
    rows = page.run(f"{VISIBLE}.length")
    assert rows > 0, "no findings on the page"
    original = page.run(FIRST)
    check(page, "the count", "document.getElementById('shown').textContent", f"{rows} of {rows} shown")
    head = "document.querySelectorAll('#findings thead th')"

    page.run(f"{head}[1].querySelector('button').click()")
    ids = page.run(FIRST)
    check(page, "aria-sort", f"{head}[1].getAttribute('aria-sort')", "ascending")
    assert ids != original or len(set(ids)) == 1, "sorting changed nothing"
    page.run(f"{head}[1].querySelector('button').click()")
    check(page, "sorted the other way", f"{FIRST}[0]", ids[-1])
    page.run(f"{head}[0].querySelector('button').click()")
    check(page, "the worst first", f"{VISIBLE}[0].dataset.level", page.run(
        "[...document.querySelectorAll('.tile')].find(t => t.textContent.trim()[0] !== '0').dataset.level"))
    values = page.run(f"{VISIBLE}.map(r => parseFloat(r.cells[0].dataset.value))")
    assert values == sorted(values, reverse=True), values

    page.run("document.querySelector('.tile[data-level=critical]').click()")
    check(page, "no critical ones", f"{VISIBLE}.some(r => r.dataset.level === 'critical')", False)
    page.run("document.querySelector('.tile[data-level=critical]').click()")
    for box, flag in (("fixable", "fixable"), ("exploited", "exploited")):
        page.run(f"document.getElementById('{box}').click()")
        check(page, box, f"{VISIBLE}.every(r => r.dataset.{flag} === '1')", True)
        page.run(f"document.getElementById('{box}').click()")
    page.run("{const s = document.getElementById('search'); s.value = %s; s.dispatchEvent(new Event('input'))}"
             % json.dumps(ids[0].lower()))
    check(page, "search", f"{VISIBLE}.every(r => r.textContent.includes({json.dumps(ids[0])}))", True)
    assert 0 < page.run(f"{VISIBLE}.length") < max(rows, 2)
    page.run("{const s = document.getElementById('search'); s.value = ''; s.dispatchEvent(new Event('input'))}")
    kind = page.run("document.getElementById('kind').options[1].value")
    page.run("{const k = document.getElementById('kind'); k.selectedIndex = 1; k.dispatchEvent(new Event('input'))}")
    check(page, "kind", f"{VISIBLE}.every(r => r.dataset.kind === {json.dumps(kind)})", True)
    page.run("{const k = document.getElementById('kind'); k.selectedIndex = 0; k.dispatchEvent(new Event('input'))}")
    check(page, "all are back", f"{VISIBLE}.length", rows)
    page.run("document.querySelector('#findings summary').click()")
    check(page, "unfolds", "document.querySelector('#findings details').open", True)
    check(page, "names of controls", "[...document.querySelectorAll('button, input, select')].every(e => "
          "e.textContent.trim() || e.getAttribute('aria-label') || e.closest('label'))", True)
    check(page, "strangers' markup", "document.querySelectorAll('main img, main b > b, main script').length", 0)
    check(page, "strangers' links", "[...document.links].every(a => /^https?:/.test(a.href))", True)


def other_lists(page):
    """Secrets, misconfigurations and licences are sorted and searched as findings are."""
    for name in page.run("[...document.querySelectorAll('section.list table')].map(t => t.id)"):
        if name == "findings":
            continue
        visible = f"[...document.querySelectorAll('#{name} tbody tr')].filter(r => !r.hidden).length"
        rows = page.run(visible)
        page.run(f"document.querySelector('#{name} thead th button').click()")
        check(page, f"{name}: sorted", f"document.querySelector('#{name} thead th').getAttribute('aria-sort')", "descending")
        search = f"document.getElementById('{name}').closest('section').querySelector('[type=search]')"
        for words, want in (("no such words", 0), ("", rows)):
            page.run(f"{{const s = {search}; s.value = {json.dumps(words)}; s.dispatchEvent(new Event('input'))}}")
            check(page, f"{name}: search for {words!r}", visible, want)


def main():
    if BROWSER is None:
        print("not installed: chromium")
        sys.exit(77)
    path = pathlib.Path(sys.argv[1]).resolve()
    page = Browser()
    try:
        page.open(path.as_uri())
        click_through(page)
        other_lists(page)
        if len(sys.argv) > 2:
            shot = page.call("Page.captureScreenshot", captureBeyondViewport=True)
            pathlib.Path(sys.argv[2]).write_bytes(base64.b64decode(shot["data"]))
        page.run("0")
        asked = [e["params"]["request"]["url"] for e in page.events if e.get("method") == "Network.requestWillBeSent"]
        if asked != [path.as_uri()]:
            sys.exit(f"the page asks for {asked}")
        wrong = [e for e in page.events if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")]
        if wrong:
            sys.exit(f"errors: {wrong}")
    finally:
        page.close()


main()
