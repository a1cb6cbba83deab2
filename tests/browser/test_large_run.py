"""An Explorer of four thousand pictures in JupyterLab: what comes when, and that the whole strip can be reached."""

import pytest
from examples import NAMES
from explorer_view import ExplorerView
from large_run import large_run
from playwright.sync_api import expect

COUNT = 4000
SETUP = "import inv_widgets as inv\nstate = inv.State()\nexplorer = inv.Explorer('large.parquet', state=state)"
IN_SIGHT = """list => [...list.querySelectorAll("[role=option]")].filter(one => {
  const [box, inner] = [list.getBoundingClientRect(), one.getBoundingClientRect()];
  return inner.right > box.left && inner.left < box.right;
})"""
DRAWN = f"""list => {{
  const seen = ({IN_SIGHT})(list);
  return seen.length > 5 && seen.every(one => one.querySelector("img")?.naturalWidth > 0);
}}"""


@pytest.fixture
def opened(notebook_of, folder):
    if not (folder / "large.parquet").exists():
        large_run(folder / "large.parquet", COUNT)

    def open_it(name, **viewport):
        notebook = notebook_of(name, [SETUP, "explorer", "print(state.picture, explorer.explanation.name)"], **viewport)
        notebook.run_all()
        return notebook, ExplorerView(notebook.output(1)).ready()

    return open_it


def thumbnails_come(view):
    """Wait until each thumbnail in sight is a picture."""
    strip = view.root.get_by_role("listbox").element_handle()
    view.page.wait_for_function(f"list => ({DRAWN})(list)", arg=strip, timeout=30_000)


def test_scroll_search_choose_and_walk(opened):
    notebook, view = opened("large.ipynb")
    strip = view.root.get_by_role("listbox", name="4,000 pictures")
    expect(view.heading()).to_have_text("picture 00000")
    thumbnails_come(view)
    assert view.pictures().count() < 60

    # Far away, thumbnails come for what is in sight, and for nothing between.
    strip.evaluate("list => { list.scrollLeft = list.scrollWidth / 2; }")
    middle = view.picture("picture 02000")
    expect(middle).to_be_visible()
    thumbnails_come(view)
    expect(middle).to_have_attribute("aria-posinset", "2001")
    expect(middle).to_have_attribute("aria-setsize", "4000")
    assert view.pictures().count() < 60
    assert middle.locator("img").get_attribute("src") != view.picture("picture 02001").locator("img").get_attribute(
        "src"
    )
    before = view.pixels(view.card(1).first.locator("canvas"))
    view.picture("picture 02002").click()
    expect(view.heading()).to_have_text("picture 02002")
    view.ready()
    view.changes(view.card(1).first.locator("canvas"), before)

    # Among all names, and by the keyboard on from there.
    search = view.root.get_by_role("searchbox")
    search.fill("03999")
    expect(view.pictures()).to_have_count(1)
    thumbnails_come_one(view, "picture 03999")
    search.press("Tab")
    expect(view.picture("picture 03999")).to_be_focused()
    view.page.keyboard.press("Enter")
    expect(view.heading()).to_have_text("picture 03999")
    view.ready()
    search.fill("")
    expect(view.picture("picture 03999")).to_be_visible()
    view.picture("picture 03999").focus()
    view.page.keyboard.press("ArrowLeft")
    expect(view.picture("picture 03998")).to_be_focused()
    view.page.keyboard.press("Home")
    expect(view.picture("picture 00000")).to_be_focused()
    expect(view.picture("picture 00000")).to_be_in_viewport()
    for _ in range(30):
        view.page.keyboard.press("ArrowRight")
    expect(view.picture("picture 00030")).to_be_focused()
    expect(view.heading()).to_have_text("picture 00030")
    view.page.keyboard.press("End")
    expect(view.picture("picture 03999")).to_be_focused()
    expect(view.picture("picture 03999")).to_be_in_viewport()
    view.ready()
    thumbnails_come(view)
    notebook.run(2)
    assert notebook.text(2).strip() == "picture 03999 picture 03999"


def thumbnails_come_one(view, name):
    view.page.wait_for_function(
        "one => one.querySelector('img')?.naturalWidth > 0", arg=view.picture(name).element_handle(), timeout=30_000
    )


@pytest.mark.parametrize(
    ("dark", "width"), [(False, 1440), (True, 1440), (False, 700)], ids=["light", "dark", "narrow"]
)
def test_the_strip_has_room_at_any_width(opened, screenshot, dark, width):
    _, view = opened(f"large-{dark}-{width}.ipynb", dark=dark, width=width, height=900)
    strip = view.root.get_by_role("listbox")
    strip.evaluate("list => { list.scrollLeft = 54 * 1234; }")
    thumbnails_come(view)
    search = view.root.get_by_role("searchbox")
    expect(search).to_be_visible()
    box, outer = search.bounding_box(), view.root.bounding_box()
    assert box["x"] >= outer["x"]
    assert box["x"] + box["width"] <= outer["x"] + outer["width"]
    # The words in the empty field are not cut.
    assert search.evaluate("""input => {
      const context = document.createElement("canvas").getContext("2d");
      const style = getComputedStyle(input);
      context.font = style.font;
      const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      return context.measureText(input.placeholder).width <= room;
    }""")
    assert strip.bounding_box()["height"] < 90
    screenshot(view.page, f"large-run-{'dark' if dark else 'light'}-{width}")


def test_the_examples_are_there_under_their_new_names(tmp_path):
    from inv_widgets.run import load

    run = load(large_run(tmp_path / "run.parquet", 7))
    assert [one.name for one in run] == [f"picture {place:05d}" for place in range(7)]
    assert run[5].target_name == f"category of {NAMES[2]}"
