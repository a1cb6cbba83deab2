"""Thumbnails of single channels in JupyterLab: asked for when a detail is opened, saved then, and missed with words."""

from explorer_view import ExplorerView
from playwright.sync_api import expect

NAMES = [f"picture {place}" for place in range(5)]
# As if the run were a large one: nothing of the channels comes with it.
SETUP = f"""\
import inv_widgets as inv
from examples import example
from inv_widgets.run import Run
from inv_widgets.widgets import explorer_pictures
explorer_pictures.CHANNEL_BYTES = 0
given, give = [], explorer_pictures.asked_channels
explorer_pictures.asked_channels = lambda run, place: (given.append(place), give(run, place))[1]
run = Run([example(name, seed) for seed, name in enumerate({NAMES!r})])"""
HERE = "[data-here=true]"
SAVE = """async () => {
  const { commands, shell } = jupyterapp;
  const automatically = "@jupyter-widgets/jupyterlab-manager:saveWidgetState";
  await commands.execute(automatically);
  await shell.currentWidget.context.save();
  await commands.execute(automatically);
}"""


def test_channels_come_with_a_detail_are_saved_and_are_missed_calmly(notebook_of, screenshot):
    notebook = notebook_of(
        "channels.ipynb", [SETUP, "inv.Explorer(run, height=900)", "print(sorted(given))"], height=1200
    )
    notebook.run_all()
    view = ExplorerView(notebook.output(1)).ready()
    maps = view.detail().locator(".inv-channels canvas")
    view.card(1).first.click()
    expect(maps).to_have_count(6)
    expect(view.detail().locator(f".inv-channels canvas{HERE}")).to_have_count(6)
    shown = {view.pixels(canvas) for canvas in maps.all()}
    assert len(shown) == 6, "each channel must look different"
    # Those of the picture beside it come too, before what is printed after them.
    notebook.run_until(2, "[0, 1]")
    notebook.page.evaluate(SAVE)

    # Opened without its kernel.
    notebook.shut_down()
    notebook.page.reload()
    expect(view.banner()).to_be_visible()
    view.ready()
    expect(view.detail().locator(f".inv-channels canvas{HERE}")).to_have_count(6)
    assert {view.pixels(canvas) for canvas in maps.all()} == shown
    view.picture(NAMES[1]).click()
    view.card(2).first.click()
    expect(view.detail().locator(f".inv-channels canvas{HERE}")).to_have_count(6)
    assert {view.pixels(canvas) for canvas in maps.all()}.isdisjoint(shown)
    view.picture(NAMES[4]).click()
    view.card(1).first.click()
    words = view.detail().get_by_role("status")
    expect(words).to_contain_text("come from the kernel")
    expect(maps).to_have_count(6)
    expect(view.detail()).to_contain_text("#0")
    words.scroll_into_view_if_needed()
    screenshot(notebook.page, "channels-missing")
    words.get_by_role("button", name="Try again").click()
    expect(words).to_be_visible()
