"""Looks at a page in headless Chromium over its DevTools pipe, at several widths, in light and dark.

Usage: look.py CHROMIUM URL [FOLDER]. Prints a JSON list of what was seen; with a folder, screenshots go there.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile

# What lies outside of the window, and text with too little contrast (WCAG 2.1, AA), as the browser itself computes it.
SURVEY = r"""
(() => {
  const parse = c => { const n = c.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  const pale = [], wide = [];
  const width = document.documentElement.clientWidth;
  for (const e of document.querySelectorAll("body *")) {
    const box = e.getBoundingClientRect();
    if (box.width > 1 && (box.right > width + 1 || box.left < -1)) wide.push(e.tagName + ": " + e.textContent.slice(0, 40));
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.closest("defs, title")) continue;
    const style = getComputedStyle(e), inSVG = e.namespaceURI.endsWith("svg");
    const [a, b] = [light(parse(inSVG ? style.fill : style.color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) pale.push(ratio.toFixed(2) + ": " + e.textContent.slice(0, 40));
  }
  return { width, scrollWidth: document.documentElement.scrollWidth, wide, pale, title: document.title,
    styled: getComputedStyle(document.body).marginTop === "0px", text: document.body.innerText };
})()
"""


class Browser:
    def __init__(self, program, folder):
        to_read, self.to = os.pipe()
        self.answers, from_write = os.pipe()
        arguments = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                     "--disable-background-networking", "--user-data-dir=" + folder, "--remote-debugging-pipe"]

        def descriptors():
            # Out of the way first, since they may be 3 and 4 themselves.
            high_read, high_write = os.dup(to_read), os.dup(from_write)
            os.dup2(high_read, 3)
            os.dup2(high_write, 4)

        self.process = subprocess.Popen(arguments, preexec_fn=descriptors, close_fds=False,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.rest = b""
        self.number = 0
        self.events = []

    def receive(self):
        while b"\0" not in self.rest:
            chunk = os.read(self.answers, 1 << 20)
            if not chunk:
                raise SystemExit("the browser has ended")
            self.rest += chunk
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            reply = self.receive()
            if reply.get("id") == self.number:
                if "error" in reply:
                    raise SystemExit(f"{method}: {reply['error']}")
                return reply["result"]
            self.events.append(reply)

    def wait(self, method):
        while True:
            for index, event in enumerate(self.events):
                if event.get("method") == method:
                    return self.events.pop(index)
            self.events.append(self.receive())


def look(browser, url, width, scheme, folder):
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.events.clear()
    for domain in ["Page", "Log", "Runtime", "Network"]:
        browser.call(domain + ".enable", session)
    browser.call("Emulation.setDeviceMetricsOverride", session, width=width, height=900, deviceScaleFactor=1,
                 mobile=width < 600)
    browser.call("Emulation.setEmulatedMedia", session,
                 features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Page.navigate", session, url=url)
    browser.wait("Page.loadEventFired")
    seen = browser.call("Runtime.evaluate", session, expression=SURVEY, returnByValue=True)
    if "exceptionDetails" in seen:
        raise SystemExit(f"the survey fails: {seen['exceptionDetails']}")
    seen = seen["result"]["value"]
    seen["scheme"] = scheme
    kinds = ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"]
    seen["complaints"] = [json.dumps(e["params"])[:500] for e in browser.events if e.get("method") in kinds]
    asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    seen["requests"] = [address for address in asked if not address.startswith("data:")]
    if folder:
        height = browser.call("Page.getLayoutMetrics", session)["cssContentSize"]["height"]
        shot = browser.call("Page.captureScreenshot", session, captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        with open(os.path.join(folder, f"{width}-{scheme}.png"), "wb") as file:
            file.write(base64.b64decode(shot["data"]))
    browser.call("Target.closeTarget", targetId=target)
    return seen


def main():
    program, url = sys.argv[1:3]
    folder = sys.argv[3] if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            views = [(width, scheme) for width in (320, 360, 600, 1000, 1600) for scheme in ("light", "dark")]
            print(json.dumps([look(browser, url, width, scheme, folder) for width, scheme in views]))
        finally:
            browser.process.kill()
            browser.process.wait()


main()
