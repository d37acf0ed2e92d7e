"""The fixture itself: what it says of pages that are known to be wrong."""

import pytest

PAGE = "<!DOCTYPE html><html lang='en'><meta charset='utf-8'><body style='margin:0;background:#fff'>{}</body></html>"


def test_a_request_is_blocked_and_counted(page):
    shown = page(PAGE.format("<img src='http://example.org/a.png'><script>fetch('https://example.org/b')</script>"))
    shown.until("return performance.getEntriesByType('resource').length === 2")
    shown.listen()
    assert sorted(shown.requests) == ["http://example.org/a.png", "https://example.org/b"]
    assert len(shown.messages) >= 2
    shown.requests, shown.messages = [], []


def test_an_exception_is_a_message(page):
    shown = page(PAGE.format("<script>throw new Error('mine')</script>"))
    shown.listen()
    (message,) = shown.messages
    assert "mine" in message
    shown.messages = []


def test_contrast_is_that_of_the_colours(page):
    grey = "<p style='color:#767676'>grey</p><p style='color:#000'>black</p>"
    drawn = "<svg><rect width='99' height='40' fill='#000'/><text x='9' y='25' fill='#fff'>white</text></svg>"
    found = {text: ratio for ratio, text in page(PAGE.format(grey + drawn)).contrasts()}
    assert found == {"grey": pytest.approx(4.54, abs=0.01), "black": pytest.approx(21), "white": pytest.approx(21)}


def test_text_over_text_is_found(page):
    lines = "".join(
        f"<p style='position:absolute;margin:0;top:{y}px'>{t}</p>" for y, t in ((0, "a"), (9, "b"), (40, "c"))
    )
    assert page(PAGE.format(lines)).overlaps() == [("a", "b")]


def test_hidden_text_is_not_seen(page):
    hidden = (
        "<p hidden>a</p><p style='visibility:hidden'>b</p><p style='opacity:0'>c</p><p>d</p><details><p>e</p></details>"
    )
    assert [text["text"] for text in page(PAGE.format(hidden)).texts()] == ["d"]


def test_scripts_can_be_off(page):
    assert page(PAGE.format("<script>document.body.id = 'ran'</script>"), scripts=False).count("#ran") == 0


def test_red_and_green_are_alike_without_green_cones(distance):
    assert distance((205, 85, 60), (135, 122, 55)) < 12 < distance((60, 90, 200), (200, 180, 60))
    assert distance((0, 0, 0), (255, 255, 255)) == pytest.approx(100, abs=0.5)
