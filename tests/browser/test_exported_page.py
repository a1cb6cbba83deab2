"""An exported page, opened from disk with no network: the same Explorer."""

import pytest
from examples import LAYERS, NAMES, examples
from explorer_view import ExplorerView
from playwright.sync_api import expect

import inv_widgets as inv

TITLE = f"block {LAYERS[0][1]}, layer {LAYERS[0][2]}"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "examples.html"
    inv.export.page(examples(), path)
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_works_from_disk(exported, page_of, screenshot, dark):
    page = page_of(dark=dark, offline=True)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(exported.as_uri())
    view = ExplorerView(page.locator("body")).ready()
    name = "dark" if dark else "light"
    screenshot(page, f"page-{name}-1440")

    canvas = view.card(1, TITLE).locator("canvas")
    before = view.pixels(canvas)
    view.colour_map().select_option("turbo")
    view.changes(canvas, before)
    view.picture(NAMES[1]).click()
    expect(view.heading()).to_have_text(NAMES[1])
    view.card(2, TITLE).click()
    expect(view.detail()).to_have_attribute("aria-label", f"cluster 2 of {TITLE}")
    view.painted(view.detail().locator("figure canvas").first)
    screenshot(page, f"page-detail-{name}-1440")
    expect(view.banner()).to_have_count(0)
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_timeout(300)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), "the page scrolls sideways"
    screenshot(page, f"page-{name}-400")
    elsewhere = [url for url in asked if url != exported.as_uri() and not url.startswith(("data:", "blob:"))]
    assert elsewhere == []


def test_names_are_text_never_markup(page_of, tmp_path):
    from dataclasses import replace

    nasty = "<img src=x onerror=\"document.title='broken'\"></script><script>document.title='broken'</script>"
    path = tmp_path / "nasty.html"
    inv.export.page([replace(examples()[0], name=nasty, target_name=nasty)], path)
    page = page_of(offline=True)
    page.goto(path.as_uri())
    view = ExplorerView(page.locator("body")).ready()
    expect(view.heading()).to_have_text(nasty)
    assert page.title() != "broken"
    assert page.locator("img[src=x]").count() == 0
