"""The quickstart, run from top to bottom in JupyterLab as a newcomer would."""

import pytest
from explorer_view import ExplorerView
from playwright.sync_api import expect


@pytest.mark.timeout(500)
def test_it_runs_and_its_explorers_work(notebook_of, screenshot):
    notebook = notebook_of("notebooks/01_quickstart.ipynb", height=1600)
    notebook.run_all()
    page = notebook.page
    sources = notebook.sources()
    first = next(i for i, source in enumerate(sources) if source.rstrip().endswith("explorer"))
    pair = next(i for i, source in enumerate(sources) if "VBox" in source)

    notebook.scroll_to(first)
    view = ExplorerView(notebook.output(first)).ready()
    screenshot(page, "quickstart")
    assert view.columns().count() >= 3
    assert view.pictures().count() >= 5
    card = view.columns().last.get_by_role("button").first
    card.click()
    view.painted(view.detail().locator("figure canvas").first)
    screenshot(page, "quickstart-detail")

    notebook.scroll_to(pair)
    one, two = (ExplorerView(notebook.output(pair), place).ready() for place in (0, 1))
    expect(two.colour_map()).to_have_value("inferno")
    one.colour_map().select_option("cividis")
    expect(two.colour_map()).to_have_value("cividis")
    # The cell below has set the picture from the kernel.
    expect(one.heading()).to_have_text(two.heading().inner_text())
    screenshot(page, "quickstart-linked")
