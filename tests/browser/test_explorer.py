"""The Explorer in JupyterLab: what it shows, what it does alone, and that it keeps its keys to itself."""

import re

import pytest
from examples import LAYERS, NAMES
from explorer_view import ExplorerView
from lab import at_rest
from playwright.sync_api import expect

SETUP = "import inv_widgets as inv\nfrom examples import examples\nrun = examples()\nstate = inv.State()"
TITLES = [f"block {block}, layer {place}" for _, block, place, _ in LAYERS]


@pytest.fixture
def opened(notebook_of):
    """Open a notebook with one Explorer; give the notebook and the view."""

    def open_it(name, **viewport):
        notebook = notebook_of(name, [SETUP, "inv.Explorer(run, state=state)", "1 + 1"], **viewport)
        notebook.run_all()
        return notebook, ExplorerView(notebook.output(1)).ready()

    return open_it


def test_a_column_a_layer_and_cards_by_weight(opened):
    _, view = opened("columns.ipynb")
    assert [section.get_attribute("aria-label") for section in view.columns().all()] == TITLES
    expect(view.heading()).to_have_text(NAMES[0])
    for title in TITLES:
        weights = [
            float(re.search(r"([\d.]+)\s*%", card.get_attribute("aria-label"))[1])
            for card in view.column(title).get_by_role("button").all()
        ]
        assert weights == sorted(weights, reverse=True)
        assert len(weights) == 3
        expect(view.column(title).get_by_role("heading", name=title)).to_be_visible()
    # Nothing is selected at first.
    expect(view.detail()).to_have_count(0)
    assert all(card.get_attribute("aria-expanded") == "false" for card in view.cards().all())
    for card in view.column(TITLES[0]).get_by_role("button").all():
        card.scroll_into_view_if_needed()
        view.painted(card.locator("canvas"))
    shown = {view.pixels(card.locator("canvas")) for card in view.column(TITLES[0]).get_by_role("button").all()}
    assert len(shown) == 3, "each cluster map must look different"


def test_the_detail_opens_by_click_and_by_key_and_gives_the_focus_back(opened):
    notebook, view = opened("detail.ipynb")
    card = view.card(2, TITLES[2])
    card.click()
    expect(view.detail()).to_have_attribute("aria-label", f"cluster 2 of {TITLES[2]}")
    expect(card).to_have_attribute("aria-expanded", "true")
    canvases = view.detail().locator("figure canvas")
    expect(canvases).to_have_count(3)
    for canvas in canvases.all():
        canvas.scroll_into_view_if_needed()
        view.painted(canvas, colours=3)
    overlay, mask, alone = (view.pixels(canvas) for canvas in canvases.all())
    assert len({overlay, mask, alone}) == 3
    expect(view.detail()).to_contain_text("#8")  # channels 8..13 are the second cluster's
    expect(view.detail().get_by_role("img", name=re.compile("clusters fit best"))).to_be_visible()

    notebook.page.keyboard.press("Escape")
    expect(view.detail()).to_have_count(0)
    expect(card).to_be_focused()
    notebook.page.keyboard.press("ArrowUp")
    expect(view.card(1, TITLES[2])).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(view.detail()).to_have_attribute("aria-label", f"cluster 1 of {TITLES[2]}")


def test_colours_and_opacity_change_pixels_without_the_kernel(opened):
    _, view = opened("colours.ipynb")
    canvas = view.card(1).first.locator("canvas")
    viridis = view.pixels(canvas)
    seen = {viridis}
    for name in ("inferno", "turbo", "cividis", "greys"):
        before = view.pixels(canvas)
        view.colour_map().select_option(name)
        view.changes(canvas, before)
        seen.add(view.pixels(canvas))
    assert len(seen) == 5
    view.colour_map().select_option("viridis")
    view.returns(canvas, viridis)

    view.slider("opacity").fill("0.2")
    view.changes(canvas, viridis)
    view.slider("opacity").fill("0.6")
    view.returns(canvas, viridis)
    for mode in ("mask", "map"):
        before = view.pixels(canvas)
        view.root.get_by_role("radio", name=mode).click()
        view.changes(canvas, before)


def test_another_picture_is_chosen_from_the_strip(opened):
    _, view = opened("strip.ipynb")
    canvas = view.card(1).first.locator("canvas")
    before = view.pixels(canvas)
    view.picture(NAMES[2]).click()
    expect(view.heading()).to_have_text(NAMES[2])
    expect(view.picture(NAMES[2])).to_have_attribute("aria-selected", "true")
    view.painted(view.card(1).first.locator("canvas"))
    assert view.pixels(view.card(1).first.locator("canvas")) != before
    view.picture(NAMES[2]).press("ArrowLeft")
    expect(view.heading()).to_have_text(NAMES[1])


KEYS = [
    "a",
    "b",
    "c",
    "x",
    "v",
    "m",
    "y",
    "r",
    "d",
    "d",
    "1",
    "j",
    "k",
    "o",
    "l",
    "ArrowDown",
    "ArrowUp",
    "Shift+Enter",
]


def test_keys_do_not_reach_the_notebook(opened):
    notebook, view = opened("keys.ipynb")
    page = notebook.page
    before = notebook.cells()
    places = [
        ("card", lambda: view.card(2, TITLES[0]).focus()),
        ("thumbnail", lambda: view.picture(NAMES[0]).focus()),
        ("slider", lambda: view.slider("opacity").focus()),
        ("colour map", lambda: view.colour_map().focus()),
        ("view", lambda: view.root.get_by_role("radio", checked=True).focus()),
        ("detail", lambda: (view.card(1, TITLES[1]).click(), view.detail().get_by_role("button").first.focus())),
    ]
    for place, focus in places:
        focus()
        active = notebook.active_cell()
        for key in KEYS:
            page.keyboard.press(key)
        page.wait_for_timeout(150)
        assert notebook.cells() == before, f"a key pressed on the {place} changed the notebook"
        assert notebook.active_cell() == active, f"a key pressed on the {place} moved to another cell"
        assert view.root.evaluate("root => root.contains(document.activeElement)"), f"the {place} lost the focus"

    # The same keys do something where they should: else the test above could not fail.
    page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".jp-InputPrompt").click()
    page.keyboard.press("a")
    page.wait_for_function(
        "count => window.jupyterapp.shell.currentWidget.model.sharedModel.cells.length > count", arg=len(before)
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_and_follows_the_theme(opened, screenshot, dark):
    name = "dark" if dark else "light"
    notebook, view = opened(f"look-{name}.ipynb", dark=dark, width=1440)
    page = notebook.page
    for width in (2000, 1440, 560):
        page.set_viewport_size({"width": width, "height": 1000})
        notebook.scroll_to(1)
        at_rest(page)
        view.painted(view.card(1).first.locator("canvas"))
        inside = view.root.evaluate(
            """root => {
              const box = root.getBoundingClientRect();
              const outer = root.closest(".jp-OutputArea").getBoundingClientRect();
              return box.right <= outer.right + 1 && box.left >= outer.left - 1 && box.width > 200;
            }"""
        )
        assert inside, f"the Explorer reaches out of its output at {width} px"
        screenshot(page, f"explorer-{name}-{width}")
    view.card(1, TITLES[0]).click()
    view.painted(view.detail().locator("figure canvas").first)
    screenshot(page, f"detail-{name}-560")
    page.set_viewport_size({"width": 1440, "height": 1000})
    notebook.scroll_to(1)
    at_rest(page)
    screenshot(page, f"detail-{name}-1440")
    brightness = view.heading().evaluate(
        """heading => {
          const [r, g, b] = getComputedStyle(heading).color.match(/[\\d.]+/g).map(Number);
          return (r + g + b) / 3;
        }"""
    )
    assert (brightness > 150) == dark, f"text brightness {brightness} in {name}"


def test_an_empty_run_says_what_to_do(notebook_of):
    notebook = notebook_of("empty.ipynb", ["import inv_widgets as inv", "inv.Explorer([])"])
    notebook.run_all()
    expect(notebook.output(1).get_by_text("Nothing to explore yet")).to_be_visible()
