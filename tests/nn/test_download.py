"""Files from the network: the right one or none, whatever the server does; against a server on this machine."""

import gzip
import hashlib
import http.server
import importlib
import os
import sys
import threading

import numpy as np
import pytest

from nn.data import data_folder, fashion_mnist, fetch, mnist
from nn.errors import DataError

CONTENT = bytes(range(256)) * 40
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


class Mirror(http.server.ThreadingHTTPServer):
    """Serves `files` in the manner that the first part of the path names, and notes what it was asked for."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = {"file": CONTENT}
        self.asked = []
        self.quiet = threading.Event()

    def url(self, manner, name="file"):
        return f"http://127.0.0.1:{self.server_port}/{manner}/{name}"


class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        """Says nothing."""

    def do_GET(self):
        _, manner, name = self.path.split("/", 2)
        span = self.headers.get("Range")
        self.server.asked.append((manner, span))
        getattr(self, manner)(self.server.files.get(name, b""), int(span[6:-1]) if span else 0)

    def send(self, code, body, length=None, **headers):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def whole(self, body, start):
        self.send(200, body)

    def ranges(self, body, start, most=None):
        if start >= len(body):
            return self.send(416, b"")
        part = body[start:]
        sent = part[:most]
        span = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        return self.send(206 if start else 200, sent, len(part), **span)

    def drops(self, body, start):
        self.ranges(body, start, 3000)

    def cut(self, body, start):
        self.send(200, body[:5000], len(body))

    def crooked(self, body, start):
        self.send(206, body, Content_Range=f"bytes 0-{len(body) - 1}/{len(body)}")

    def other(self, body, start):
        self.send(200, b"<html>Please log in</html>")

    def missing(self, body, start):
        self.send(404, b"not here")

    def moved(self, body, start):
        self.send(302, b"", Location=self.server.url("ranges"))

    def loop(self, body, start):
        self.send(302, b"", Location=self.server.url("loop"))

    def nothing(self, body, start):
        self.close_connection = True

    def hangs(self, body, start):
        self.server.quiet.wait(30)


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with Mirror() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.quiet.set()
        server.shutdown()
        thread.join()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------------- what comes right
@pytest.mark.parametrize("manner", ["whole", "ranges", "moved"])
def test_a_file_is_downloaded_once(manner, mirror, tmp_path):
    path = fetch("file", [mirror.url(manner)], DIGEST, tmp_path / "new" / "folder")
    assert path.read_bytes() == CONTENT
    asked = len(mirror.asked)
    assert fetch("file", [mirror.url(manner)], DIGEST, path.parent) == path
    assert len(mirror.asked) == asked
    assert names(path.parent) == ["file"]


def test_a_connection_that_breaks_off_is_taken_up(mirror, tmp_path):
    assert fetch("file", [mirror.url("drops")], DIGEST, tmp_path).read_bytes() == CONTENT
    assert [span for _, span in mirror.asked] == [None, "bytes=3000-", "bytes=6000-", "bytes=9000-"]


def test_a_later_call_goes_on_where_an_earlier_one_was(mirror, tmp_path):
    with pytest.raises(DataError, match="broke off after 5000 of 10240 bytes"):
        fetch("file", [mirror.url("cut")], DIGEST, tmp_path)
    assert names(tmp_path) == [".file.part"]
    mirror.asked.clear()
    assert fetch("file", [mirror.url("ranges")], DIGEST, tmp_path).read_bytes() == CONTENT
    assert mirror.asked == [("ranges", "bytes=5000-")]
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("manner", ["whole", "crooked"])
def test_a_server_without_ranges_starts_anew(manner, mirror, tmp_path):
    (tmp_path / ".file.part").write_bytes(CONTENT[:5000])
    assert fetch("file", [mirror.url(manner)], DIGEST, tmp_path).read_bytes() == CONTENT
    assert mirror.asked == [(manner, "bytes=5000-")]


@pytest.mark.parametrize("left", [b"something else", b"x" * 20_000, b"x" * len(CONTENT)])
def test_what_is_left_of_another_file_is_thrown_away(left, mirror, tmp_path):
    (tmp_path / ".file.part").write_bytes(left)
    assert fetch("file", [mirror.url("ranges")], DIGEST, tmp_path).read_bytes() == CONTENT


def test_a_complete_part_is_not_downloaded_again(mirror, tmp_path):
    (tmp_path / ".file.part").write_bytes(CONTENT)
    assert fetch("file", [mirror.url("ranges")], DIGEST, tmp_path).read_bytes() == CONTENT
    assert mirror.asked == [("ranges", f"bytes={len(CONTENT)}-")]


@pytest.mark.parametrize("bad", ["missing", "other", "cut", "loop", "nothing"])
def test_the_next_mirror_is_asked(bad, mirror, tmp_path):
    path = fetch("file", [mirror.url(bad), mirror.url("ranges")], DIGEST, tmp_path)
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == ["file"]


def test_what_is_packed_differently_is_the_same_file(mirror, tmp_path):
    mirror.files["file.gz"] = gzip.compress(CONTENT, 1)
    path = fetch("file.gz", [mirror.url("whole", "file.gz")], DIGEST, tmp_path)
    assert gzip.decompress(path.read_bytes()) == CONTENT
    assert fetch("file.gz", [], DIGEST, tmp_path) == path
    path.unlink()
    (tmp_path / "file").write_bytes(CONTENT)
    assert fetch("file.gz", [], DIGEST, tmp_path) == tmp_path / "file"


def test_several_at_once_leave_one_file(mirror, tmp_path):
    found = []
    many = [
        threading.Thread(target=lambda: found.append(fetch("file", [mirror.url("drops")], DIGEST, tmp_path)))
        for _ in range(4)
    ]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    assert found == [tmp_path / "file"] * 4
    assert names(tmp_path) == ["file"]


# ---------------------------------------------------------------------- what goes wrong
@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("missing", "answered 404"),
        ("other", "gave another file than sha256:"),
        ("cut", "broke off after 5000 of 10240 bytes"),
        ("loop", "answered 302"),
        ("nothing", "closed connection"),
        ("hangs", "timed out"),
    ],
)
def test_one_error_says_what_happened_and_what_to_do(manner, words, mirror, tmp_path):
    with pytest.raises(DataError, match=words) as caught:
        fetch("file", [mirror.url(manner)], DIGEST, tmp_path, timeout=0.3 if manner == "hangs" else 20)
    assert mirror.url(manner) in str(caught.value)
    assert f"put the file there: {tmp_path / 'file'}" in str(caught.value)
    assert "file" not in names(tmp_path)


def test_without_a_network_the_error_is_one_line(tmp_path, mirror):
    gone = mirror.url("whole").replace(str(mirror.server_port), "1")
    with pytest.raises(DataError, match=r"cannot be downloaded.*refused.*put the file there") as caught:
        fetch("file", [gone], DIGEST, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/file", "nonsense"])
def test_only_the_web_is_asked(url, tmp_path):
    with pytest.raises(DataError, match="neither http nor https"):
        fetch("file", [url], DIGEST, tmp_path)


def test_a_file_that_is_another_one_is_left_alone(mirror, tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(DataError, match="not the file that is wanted.*move it away"):
        fetch("file", [mirror.url("whole")], DIGEST, tmp_path)
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert mirror.asked == []


def test_a_folder_that_cannot_be_is_named(mirror, tmp_path):
    (tmp_path / "occupied").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be written.*GLASSGRAD_DATA"):
        fetch("file", [mirror.url("whole")], DIGEST, tmp_path / "occupied" / "inside")


# ---------------------------------------------------------------------- where it is kept
@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {}, "~/.cache/glassgrad"),
        ("linux", {"XDG_CACHE_HOME": "/var/tmp/c"}, "/var/tmp/c/glassgrad"),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, "~/.cache/glassgrad"),
        ("darwin", {"XDG_CACHE_HOME": "/var/tmp/c"}, "~/Library/Caches/glassgrad"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/glassgrad/Cache"),
        ("win32", {}, "~/AppData/Local/glassgrad/Cache"),
        ("linux", {"GLASSGRAD_DATA": "~/data", "XDG_CACHE_HOME": "/var/tmp/c"}, "~/data"),
    ],
)
def test_the_cache_lies_where_the_system_keeps_such(platform, variables, folder, monkeypatch):
    for name in ("GLASSGRAD_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert str(data_folder()) == os.path.expanduser(folder)


# ---------------------------------------------------------------------- MNIST
def small(rng):
    """Files as MNIST's, with three digits to learn from and two to test."""
    files = {}
    for prefix, count in (("train", 3), ("t10k", 2)):
        pixels = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels = rng.integers(0, 10, count, np.uint8)
        sizes = count.to_bytes(4, "big")
        files[f"{prefix}-images-idx3-ubyte.gz"] = b"\0\0\x08\x03" + sizes + b"\0\0\0\x1c" * 2 + pixels.tobytes()
        files[f"{prefix}-labels-idx1-ubyte.gz"] = b"\0\0\x08\x01" + sizes + labels.tobytes()
    return files


@pytest.mark.parametrize(("load", "inside"), [(mnist, ""), (fashion_mnist, "fashion-mnist")])
def test_images_are_downloaded_checked_and_scaled(load, inside, mirror, tmp_path, rng, monkeypatch):
    files = small(rng)
    mirror.files = {name: gzip.compress(raw) for name, raw in files.items()}
    module, kind = importlib.import_module("nn.data.mnist"), load.__name__.removesuffix("_mnist").upper()
    digests = {name: "sha256:" + hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    monkeypatch.setattr(module, kind, digests)
    monkeypatch.setattr(module, f"{kind}_MIRRORS", (mirror.url("ranges", ""),))
    monkeypatch.setenv("GLASSGRAD_DATA", str(tmp_path))
    for split, prefix, count in (("train", "train", 3), ("test", "t10k", 2)):
        images, labels = load(split).arrays
        assert (images.shape, images.dtype, labels.dtype) == ((count, 1, 28, 28), np.float32, np.int64)
        raw = np.frombuffer(files[f"{prefix}-images-idx3-ubyte.gz"][16:], np.uint8)
        np.testing.assert_array_equal(images.ravel(), raw / np.float32(255))
        assert labels.tolist() == list(files[f"{prefix}-labels-idx1-ubyte.gz"][8:])
    assert names(tmp_path / inside) == sorted(files)


def test_the_real_digits(real_file):
    folders = {real_file(f"t10k-{kind}-ubyte.gz").parent for kind in ("images-idx3", "labels-idx1")}
    images, labels = mnist("test", *folders).arrays
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert images.shape == (10_000, 1, 28, 28)
    assert (images.min(), images.max()) == (0, 1)
    assert round(float(images.mean()), 4) == 0.1325
