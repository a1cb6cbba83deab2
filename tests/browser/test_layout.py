"""Where things stand: long names and small cards, narrow views, two views in one output, what is opened from Python."""

import pytest
from examples import LAYERS, NAMES
from explorer_view import ExplorerView
from lab import at_rest
from playwright.sync_api import expect

SETUP = """
from dataclasses import replace
from ipywidgets import VBox
import inv_widgets as inv
from examples import examples
from inv_widgets.explanation import Label

LONG = "Donaudampfschifffahrtsgesellschaft" * 4
run = examples()
first = run[0]
labels = (Label(LONG, 0.9), Label("\\u05d0\\u05d5\\u05d6\\u05df", 0.4), Label("<script>alert(1)</script>", 0.2))
columns = tuple(
    replace(column, cluster_maps=tuple(replace(shown, labels=labels) for shown in column.cluster_maps))
    for column in first.columns
)
first = replace(first, name=LONG, target_name=LONG, columns=columns)
state = inv.State()
"""
LAST = "state.cluster_map = first.columns[-1].cluster_maps[-1].id"

# Which elements reach out of their column or, sideways, out of the view; and neighbours that overlap.
OUTSIDE = """root => {
  const found = [];
  const columns = [...root.querySelectorAll(".inv-column")];
  const boxes = columns.map(column => column.getBoundingClientRect());
  boxes.forEach((box, i) => { if (i && box.left < boxes[i - 1].right) found.push(`column ${i} overlaps`); });
  columns.forEach((column, i) => {
    for (const inner of column.querySelectorAll("h3, p, p span, .inv-card, .inv-figure, .inv-weight, .inv-card-foot")) {
      const box = inner.getBoundingClientRect();
      if (box.right > boxes[i].right + 1) found.push(`${inner.tagName}.${inner.className}: ${inner.textContent}`);
      if (inner.matches("h3, p span") && inner.scrollWidth > inner.clientWidth + 1 && inner.clientWidth > 0)
        found.push(`cut: ${inner.textContent}`);
    }
  });
  const heads = new Set(columns.map(column => column.querySelector(".inv-column-head").offsetHeight));
  if (heads.size > 1) found.push("heads differ in height");
  return found;
}"""

INSIDE = """(inner, root) => {
  const [box, outer] = [inner.getBoundingClientRect(), root.getBoundingClientRect()];
  const wide = [...inner.querySelectorAll("*")].every(e => e.getBoundingClientRect().right <= box.right + 1);
  return wide && box.left >= outer.left && box.right <= outer.right + 1 && box.bottom <= outer.bottom + 1;
}"""


@pytest.fixture
def opened(notebook_of):
    def open_it(name, show, *more, **viewport):
        notebook = notebook_of(name, [SETUP, show, *more], **viewport)
        for index in (0, 1):
            notebook.run(index)
        notebook.scroll_to(1)
        return notebook, ExplorerView(notebook.output(1)).ready()

    return open_it


@pytest.mark.parametrize("size", [88, 116, 144])
def test_nothing_reaches_out_of_its_column(opened, screenshot, size):
    notebook, view = opened(f"small-{size}.ipynb", f"inv.Explorer(first, card_size={size}, state=state)", height=1100)
    assert view.root.evaluate(OUTSIDE) == []
    # A name of any length leaves room for the cards.
    assert view.root.locator(".inv-toolbar").bounding_box()["height"] < 140
    view.card(1).first.click()
    at_rest(notebook.page)
    detail = view.detail()
    assert detail.evaluate("d => [d, d.lastElementChild].every(e => e.scrollWidth <= e.clientWidth)")
    rows = detail.locator(".inv-identity > *").all()
    tops = [row.bounding_box() for row in rows]
    assert [row.evaluate("e => e.tagName") for row in rows] == ["DT", "DD"] * 3
    for term, words in zip(tops[::2], tops[1::2], strict=True):
        assert term["x"] + term["width"] <= words["x"], "a term and its words stand side by side"
        assert abs(term["y"] - words["y"]) < 12
    screenshot(notebook.page, f"small-{size}")


def test_the_menu_of_columns_fits_in_the_view(opened, screenshot):
    notebook, view = opened("menu.ipynb", "inv.Explorer(first, state=state, height=280)", width=1440, height=1100)
    menu = view.root.get_by_role("group", name="Card size and columns")
    for width in (1440, 900, 400):
        notebook.page.set_viewport_size({"width": width, "height": 1100})
        at_rest(notebook.page)
        view.root.get_by_role("button", name="4 of 4").click()
        expect(menu).to_be_visible()
        at_rest(notebook.page)
        screenshot(notebook.page, f"menu-{width}")
        assert menu.evaluate(INSIDE, view.root.element_handle())
        notebook.page.keyboard.press("Escape")
        expect(menu).to_have_count(0)
    view.root.get_by_role("button", name="4 of 4").click()
    menu.get_by_role("button", name="Hide all").click()
    expect(view.columns()).to_have_count(0)
    expect(view.root.get_by_text("No column is shown")).to_be_visible()
    menu.get_by_role("button", name="Show all").click()
    expect(view.columns()).to_have_count(len(LAYERS))


def test_two_views_in_one_output_do_not_touch(opened):
    notebook, _ = opened(
        "apart.ipynb", "VBox([inv.Explorer(run, state=state, height=300), inv.Explorer(run, state=state, height=300)])"
    )
    one, two = (ExplorerView(notebook.output(1), place).root.bounding_box() for place in (0, 1))
    assert 8 <= two["y"] - (one["y"] + one["height"]) <= 16


def test_what_is_opened_from_python_comes_into_sight(opened):
    notebook, view = opened(
        "sight.ipynb", "inv.Explorer(first, state=state, card_size=240, height=400)", LAST, width=900
    )
    notebook.run(2)
    card = view.root.locator("button.inv-card[aria-expanded=true]")
    expect(card).to_have_count(1)
    box = view.root.locator(".inv-columns")
    notebook.page.wait_for_function(
        """([card, box]) => {
          const [inner, outer] = [card.getBoundingClientRect(), box.getBoundingClientRect()];
          return inner.top >= outer.top && inner.top < outer.bottom - 80 && inner.right <= outer.right + 1;
        }""",
        arg=[card.element_handle(), box.element_handle()],
    )


def test_saving_works_from_anywhere(opened):
    notebook, view = opened("saving.ipynb", "inv.Explorer(run, state=state)")
    dirty = "wanted => window.jupyterapp.shell.currentWidget.context.model.dirty === wanted"
    before = notebook.cells()
    for focus in (view.card(1).first.focus, view.picture(NAMES[0]).focus, view.slider("opacity").focus):
        notebook.page.evaluate("() => { window.jupyterapp.shell.currentWidget.context.model.dirty = true; }")
        focus()
        notebook.page.keyboard.press("Control+s")
        notebook.page.wait_for_function(dirty, arg=False)
        # The chord alone goes through.
        for key in ("a", "d", "d", "Control+Enter"):
            notebook.page.keyboard.press(key)
        notebook.page.wait_for_timeout(150)
        assert notebook.cells() == before
