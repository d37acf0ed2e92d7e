"""Pages in a browser: `page(html)` opens one, and every page that a test opened must have been quiet.

Quiet: no message in the console and no request for anything but the page itself. All hosts are unreachable here.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--force-color-profile=srgb", "--lang=en",
)  # fmt: skip
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND"
SEEN = Path(__file__).with_name("seen.js").read_text("utf-8")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests, with an empty profile."""
    if CHROMIUM is None or DRIVER is None:
        missing = "chromium" if CHROMIUM is None else "chromedriver"
        pytest.skip(f"no {missing} here: install it (Debian: apt-get install chromium chromium-driver)")
    selenium = pytest.importorskip("selenium.webdriver", reason="no selenium here: pip install 'glassgrad[test]'")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, NOWHERE, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = selenium.Chrome(options=options, service=selenium.ChromeService(executable_path=DRIVER))
    try:
        yield started
    finally:
        started.quit()


@pytest.fixture
def page(driver: Any, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """`page(html)` opens a page (or `page(path)` a file) and gives a `Page`; afterwards it must have been quiet."""
    opened = []

    def open_(content: str | Path, **options: Any) -> Page:
        path = content
        if isinstance(content, str):
            path = tmp_path / f"page{len(opened)}.html"
            path.write_text(content, "utf-8")
        for before in opened[-1:]:
            before.listen()
        opened.append(Page(driver, Path(path), **options))
        return opened[-1]

    yield open_
    for last in opened[-1:]:
        last.listen()
    for one in opened:
        assert one.messages == []
        assert one.requests == []


class Page:
    """A page that is open.

    Parameters
    ----------
    theme : "light" or "dark"
        What the reader prefers.
    size : tuple of int
        Of the window, in pixels.
    scripts : bool
        Whether scripts run.
    calm : bool
        Whether the reader asked for less motion: then nothing has to be waited for.
    fragment : str
        What stands after the # of the address.

    Attributes
    ----------
    messages : list of str
        What the console said, exceptions included.
    requests : list of str
        What was asked for beside the page.
    """

    def __init__(
        self, driver: Any, path: Path, *, theme: str = "light", size: tuple[int, int] = (1280, 800),
        scripts: bool = True, calm: bool = True, fragment: str = "",
    ) -> None:  # fmt: skip
        self.driver = driver
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.size = size
        driver.get("about:blank")
        driver.get_log("browser"), driver.get_log("performance")
        self.prefer(theme, calm)
        self.cdp("Network.enable")
        self.cdp("Network.setBlockedURLs", urls=["*://*:*/*"])
        self.cdp("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.cdp("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)
        self.url = path.resolve().as_uri()
        driver.get(self.url + (f"#{fragment}" if fragment else ""))
        self.cdp("Emulation.setScriptExecutionDisabled", value=False)  # the page's have had their turn: ours come now

    def cdp(self, command: str, **parameters: Any) -> Any:
        """A command of Chrome's own protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def prefer(self, theme: str, calm: bool = True) -> None:
        """What the reader prefers from now on."""
        features = {"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce" if calm else "no-preference"}
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": k, "value": v} for k, v in features.items()])

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of a script's `return`."""
        return self.driver.execute_script(script, *arguments)

    def until(self, script: str, seconds: float = 10.0) -> Any:
        """The value of a script's `return` as soon as it is true."""
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, seconds, 0.02).until(lambda _: self.run(script), f"never true: {script}")

    def find(self, selector: str) -> Any:
        from selenium.webdriver.common.by import By

        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def count(self, selector: str) -> int:
        """How many elements match."""
        return int(self.run("return document.querySelectorAll(arguments[0]).length", selector))

    def listen(self) -> None:
        """Add what the page has said and asked for since."""
        self.messages += [entry["message"] for entry in self.driver.get_log("browser")]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if url.partition("#")[0] != self.url and not url.startswith(("data:", "about:", "chrome:")):
                    self.requests.append(url)

    # ---- what a reader does

    def press(self, *keys: str) -> None:
        """Press keys one after the other: "a", "Enter", "ArrowLeft", "Shift+Tab"."""
        from selenium.webdriver import ActionChains, Keys

        names = {"ArrowLeft": "LEFT", "ArrowRight": "RIGHT", "ArrowUp": "UP", "ArrowDown": "DOWN"}
        for key in keys:
            *held, last = key.split("+") if len(key) > 1 else [key]
            actions = ActionChains(self.driver, duration=0)
            code = last if len(last) == 1 else getattr(Keys, names.get(last, last.upper()))
            for name in held:
                actions.key_down(getattr(Keys, name.upper()))
            actions.send_keys(code)
            for name in held:
                actions.key_up(getattr(Keys, name.upper()))
            actions.perform()

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.cdp("Input.insertText", text=text)

    def click(self, target: str | tuple[float, float], times: int = 1) -> None:
        """Click the middle of the element that a selector finds, or a point of the window."""
        x, y = self.middle(target) if isinstance(target, str) else target
        self._mouse("mouseMoved", x, y)
        for n in range(1, times + 1):
            self._mouse("mousePressed", x, y, button="left", clickCount=n)
            self._mouse("mouseReleased", x, y, button="left", clickCount=n)

    def hover(self, target: str | tuple[float, float]) -> None:
        x, y = self.middle(target) if isinstance(target, str) else target
        self._mouse("mouseMoved", x, y)

    def wheel(self, x: float, y: float, turned: float) -> None:
        self._mouse("mouseWheel", x, y, deltaX=0, deltaY=turned)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self._mouse("mouseMoved", *start)
        self._mouse("mousePressed", *start, button="left", clickCount=1)
        for t in (0.25, 0.5, 0.75, 1.0):
            at = [a + t * (b - a) for a, b in zip(start, end, strict=True)]
            self._mouse("mouseMoved", *at, button="left", buttons=1)
        self._mouse("mouseReleased", *end, button="left", clickCount=1)

    def pinch(self, x: float, y: float, factor: float, apart: float = 60.0) -> None:
        """Two fingers around a point go apart by `factor` (or together)."""
        for kind, scale in (("touchStart", 1.0), ("touchMove", (1 + factor) / 2), ("touchMove", factor)):
            fingers = [{"x": x + side * apart * scale, "y": y, "id": i} for i, side in enumerate((-1, 1))]
            self.cdp("Input.dispatchTouchEvent", type=kind, touchPoints=fingers)
        self.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def _mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        self.cdp("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def middle(self, selector: str) -> tuple[float, float]:
        """The middle of an element, in the window."""
        script = "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
        x, y = self.run(script + "return [b.x + b.width / 2, b.y + b.height / 2]", selector)
        return x, y

    # ---- what a reader sees

    def texts(self) -> list[dict[str, Any]]:
        """All text that can be seen: `text`, `x`, `y`, `width`, `height` in the window, `colour` as (r, g, b)."""
        found: list[dict[str, Any]] = self.run(SEEN + "return texts();")
        return found

    def overlaps(self) -> list[tuple[str, str]]:
        """Pieces of text that lie over each other by more than two pixels both ways."""
        texts = self.texts()
        low = np.array([[t["x"], t["y"]] for t in texts]).reshape(-1, 2)
        high = low + np.array([[t["width"], t["height"]] for t in texts]).reshape(-1, 2)
        both = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        pairs = np.argwhere(np.triu((both > 2).all(axis=2), 1))
        return [(texts[i]["text"], texts[j]["text"]) for i, j in pairs]

    def contrasts(self) -> list[tuple[float, str]]:
        """WCAG's contrast of every piece of text with what lies behind nineteen twentieths of it, the least first."""
        texts = self.texts()
        self.run(SEEN + "blank(true);")
        behind = self.pixels()
        self.run(SEEN + "blank(false);")
        found = []
        for text in texts:
            x, y = max(text["x"], 0), max(text["y"], 0)
            part = behind[int(y) : int(np.ceil(y + text["height"])), int(x) : int(np.ceil(x + text["width"]))]
            if part.size:
                ratio = contrast(np.array(text["colour"]), part.reshape(-1, 3))
                found.append((float(np.quantile(ratio, 0.05)), text["text"]))
        return sorted(found)

    def pixels(self) -> np.ndarray:
        """The window as an array of (height, width, rgb)."""
        image = pytest.importorskip("PIL.Image", reason="no Pillow here: pip install 'glassgrad[draw]'")
        return np.asarray(image.open(io.BytesIO(self.png())).convert("RGB"))

    def png(self) -> bytes:
        """The window as a picture."""
        return base64.b64decode(self.cdp("Page.captureScreenshot", format="png")["data"])


def contrast(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """WCAG's contrast ratio of colours with parts from 0 to 255 on the last axis."""
    first, second = luminance(a), luminance(b)
    return (np.maximum(first, second) + 0.05) / (np.minimum(first, second) + 0.05)


def luminance(colour: np.ndarray) -> np.ndarray:
    part = np.asarray(colour) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


# Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009:
# deuteranopia, in linear light.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


@pytest.fixture
def distance() -> Callable[[Sequence[float], Sequence[float]], float]:
    """CIE76's distance of two colours (0 to 255) as somebody without green cones sees them; 2.3 can just be told."""

    def lab(colour: Sequence[float]) -> np.ndarray:
        part = np.asarray(colour) / 255
        linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        seen = np.clip(DEUTERANOPIA @ linear, 0, 1)
        to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        t = to_xyz @ seen / [0.95047, 1.0, 1.08883]
        f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
        return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])

    return lambda a, b: float(np.linalg.norm(lab(a) - lab(b)))
