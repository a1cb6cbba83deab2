"""Two Explorers on one State: with the kernel busy, and after it is gone."""

import pytest
from examples import LAYERS, NAMES
from explorer_view import ExplorerView
from playwright.sync_api import expect

SETUP = "import inv_widgets as inv\nfrom examples import examples\nrun = examples()\nstate = inv.State()"
SHOW = "inv.Explorer(run, state=state, height=480)"
BUSY = "import time\ntry:\n    time.sleep(900)\nexcept KeyboardInterrupt:\n    print('woken')"
SAY = "print(state.picture, state.colour_map, state.layer, state.cluster_map == run[1].columns[1].cluster_maps[1].id)"
TITLE = f"block {LAYERS[1][1]}, layer {LAYERS[1][2]}"


@pytest.fixture
def pair(notebook_of):
    def open_it(name):
        notebook = notebook_of(name, [SETUP, SHOW, SHOW, BUSY, SAY], height=1900)
        for index in (0, 1, 2):
            notebook.run(index)
        return notebook, ExplorerView(notebook.output(1)).ready(), ExplorerView(notebook.output(2)).ready()

    return open_it


def test_they_follow_each_other_while_the_kernel_is_busy(pair, screenshot):
    notebook, one, two = pair("linked.ipynb")
    notebook.start(3)
    canvas = two.card(1).first.locator("canvas")
    before = two.pixels(canvas)

    one.colour_map().select_option("inferno")
    two.changes(canvas, before)
    expect(two.colour_map()).to_have_value("inferno")
    one.picture(NAMES[1]).click()
    expect(two.heading()).to_have_text(NAMES[1])
    one.card(2, TITLE).click()
    expect(two.detail()).to_have_attribute("aria-label", f"cluster 2 of {TITLE}")
    expect(two.card(2, TITLE)).to_have_attribute("aria-expanded", "true")
    screenshot(notebook.page, "linked-busy")
    # And back: the second leads, the first follows.
    two.slider("opacity").fill("0.9")
    expect(one.slider("opacity")).to_have_value("0.9")
    assert notebook.running(3), "the kernel was not busy all the while: nothing was shown"

    notebook.interrupt()
    notebook.wait_until_done(3)
    assert notebook.text(3).strip() == "woken"
    # What was clicked meanwhile reaches the kernel, a message at a time: the next leaves when the last is answered.
    expected = [NAMES[1], "inferno", LAYERS[1][0], "True"]
    notebook.run_until(4, " ".join(expected))


def test_a_banner_says_that_the_kernel_is_gone(pair, screenshot):
    notebook, one, two = pair("restart.ipynb")
    for view in (one, two):
        expect(view.banner()).to_have_count(0)
    notebook.restart()
    for view in (one, two):
        expect(view.banner()).to_be_visible()
    screenshot(notebook.page, "banner")
    # What is on screen works on, and stays linked.
    one.card(3, TITLE).click()
    expect(one.detail()).to_have_attribute("aria-label", f"cluster 3 of {TITLE}")
    expect(two.detail()).to_have_attribute("aria-label", f"cluster 3 of {TITLE}")
    # Running the cells again brings it back.
    for index in (0, 1, 2):
        notebook.run(index)
    again = ExplorerView(notebook.output(1)).ready()
    expect(again.banner()).to_have_count(0)
