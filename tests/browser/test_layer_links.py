"""Groups and ranges of layers between chart and Explorer; the Explorer in Italian. Labels are simulated."""

import re

import pytest
from chart_view import ChartView
from explorer_view import ExplorerView
from labelled_examples import LAYERS, labelled, summary
from playwright.sync_api import expect

import inv_widgets as inv

NAMES = [layer for layer, _, _, _ in LAYERS]
TITLES = [f"block {block}, layer {place}" for _, block, place, _ in LAYERS]
BESIDE = {"x": 4, "y": 4}  # the line of an interval lies on the middle of its bar
SETUP = (
    "import inv_widgets as inv\nfrom labelled_examples import labelled, summary\n"
    "run = labelled()\nstate = inv.State()\nexplorer = inv.Explorer(run, state=state, height=420)"
)


def bands(view):
    """Give the names of groups that can be chosen."""
    return view.root.locator(".inv-band").get_by_role("button")


def chosen(view):
    """Give the columns that stand out, by their ground."""
    return view.root.locator("section").evaluate_all(
        """sections => sections
          .filter(section => getComputedStyle(section.closest(".inv-run")).backgroundColor !== "rgba(0, 0, 0, 0)")
          .map(section => section.getAttribute("aria-label"))"""
    )


@pytest.fixture
def page_with(page_of, tmp_path):
    def open_it(state=None, **options):
        path = inv.export.page(labelled(), tmp_path / "linked.html", summary=summary(), state=state)
        page = page_of(**({"width": 1700} | options), offline=True)
        page.goto(path.as_uri())
        return page, ExplorerView(page.locator("body")), ChartView(page.locator("body")).ready()

    return open_it


def test_a_group_stands_out_here_and_there_with_no_kernel(page_with, screenshot):
    page, explorer, chart = page_with()
    explorer.ready()
    assert bands(explorer).all_inner_texts() == ["block 3", "block 4", "block 5"]
    assert chosen(explorer) == []
    # A bar of a group: its label is picked, and its group stands out.
    chart.bars("yellow").nth(1).click(position=BESIDE)
    expect(bands(explorer).nth(1)).to_have_attribute("aria-pressed", "true")
    assert chosen(explorer) == TITLES[3:6]
    screenshot(page, "layers-group-page")
    # And back: the chart shows examples of the group that was chosen here.
    bands(explorer).nth(0).click()
    assert chosen(explorer) == TITLES[:3]
    expect(chart.examples().get_by_role("radio", name="block 3")).to_have_attribute("aria-checked", "true")
    bands(explorer).nth(0).click()
    assert chosen(explorer) == []


def strong(chart, label):
    """Say which bars of a label stand out, facet by facet."""
    return chart.bars(label).evaluate_all("bars => bars.map(bar => Number(bar.getAttribute('opacity') ?? 1) > 0.5)")


@pytest.mark.parametrize(("width", "dark"), [(1700, False), (420, True)])
def test_a_group_without_a_label_stands_out_in_the_chart_until_it_is_let_go(page_with, screenshot, width, dark):
    page, explorer, chart = page_with(width=width, dark=dark)
    explorer.ready()
    assert strong(chart, "yellow") == [True] * 4
    bands(explorer).nth(0).click()
    told = chart.range_told("layers: block 3")
    expect(told).to_be_visible()
    expect(chart.bars("yellow").last).to_have_attribute("opacity", "0.25")
    assert strong(chart, "yellow") == [True, False, False, False]
    chart.root.scroll_into_view_if_needed()
    screenshot(page, f"chart-group-{width}")
    # A label that is picked stands out in all groups, as it did before.
    chart.option("yellow").click()
    expect(told).to_have_count(0)
    expect(chart.bars("yellow").last).to_have_attribute("opacity", "1")
    page.keyboard.press("Escape")
    bands(explorer).nth(2).click()
    told = chart.range_told("layers: block 5")
    told.get_by_role("button").click()
    expect(told).to_have_count(0)
    expect(bands(explorer).nth(2)).to_have_attribute("aria-pressed", "false")
    assert strong(chart, "yellow") == [True] * 4


def test_a_range_keeps_to_its_columns_until_it_is_cleared(page_with, screenshot):
    page, explorer, _ = page_with({"layers": NAMES[2:5], "cluster_map": labelled()[0].columns[7].cluster_maps[0].id})
    expect(explorer.columns().filter(has=page.locator("h3"))).to_have_count(3)
    assert (
        explorer.root.locator("section[data-layer]").evaluate_all("all => all.map(one => one.dataset.layer)")
        == (NAMES[2:5])
    )
    said = explorer.root.get_by_role("status").filter(has_text="layers")
    expect(said).to_contain_text(f"{TITLES[2]} to {TITLES[4]}")
    expect(said).to_contain_text("3 of 9")
    # What was open outside stays open, and leads back in.
    expect(explorer.detail()).to_have_attribute("aria-label", f"cluster 1 of {TITLES[7]}")
    explorer.detail().get_by_role("button", name="Previous cluster map").click()
    expect(explorer.detail()).to_have_attribute("aria-label", re.compile(f"^cluster 3 of {TITLES[4]}$"))
    screenshot(page, "layers-range-page")
    said.get_by_role("button", name="All layers").click()
    expect(explorer.root.locator("section[data-layer]")).to_have_count(9)
    expect(said).to_have_count(0)


def test_heads_stay_in_sight_to_the_end_of_the_longest_column(page_with):
    _, explorer, _ = page_with({"group": "block 4"}, height=700)
    explorer.ready()
    box = explorer.root.locator(".inv-columns")
    box.evaluate("box => box.scrollTo({ top: box.scrollHeight })")
    top = box.bounding_box()["y"]
    for place in range(3):
        assert bands(explorer).nth(place).bounding_box()["y"] == pytest.approx(top + 6, abs=1)
    assert explorer.column(TITLES[0]).get_by_role("heading").bounding_box()["y"] < top + 60


def test_both_follow_in_jupyterlab_from_python_and_by_click(notebook_of, screenshot):
    cells = [
        SETUP, "explorer", "inv.GlobalChart(summary(), state=state)", "print(state.group, len(state.layers))",
        "state.group, state.layers = 'block 5', [run[0].columns[0].layer]",
        "state.layers = []", "state.language = 'it'",
    ]  # fmt: skip
    notebook = notebook_of("layers.ipynb", cells, height=1900, width=1700)
    for index in (0, 1, 2):
        notebook.run(index)
    explorer, chart = ExplorerView(notebook.output(1)).ready(), ChartView(notebook.output(2)).ready()
    before = notebook.cells()
    bands(explorer).nth(1).focus()
    notebook.page.keyboard.press("Enter")
    expect(bands(explorer).nth(1)).to_have_attribute("aria-pressed", "true")
    assert chosen(explorer) == TITLES[3:6]
    assert notebook.cells() == before
    screenshot(notebook.page, "layers-group-lab")
    notebook.run(3)
    expect(notebook.output(3)).to_have_text("block 4 0")
    chart.bars("yellow").first.click(position=BESIDE)
    expect(bands(explorer).nth(0)).to_have_attribute("aria-pressed", "true")
    # From Python: one layer, and a group of which no column is shown then.
    notebook.run(4)
    expect(explorer.root.locator("section[data-layer]")).to_have_count(1)
    assert chosen(explorer) == []
    notebook.run(5)
    expect(explorer.root.locator("section[data-layer]")).to_have_count(9)
    assert chosen(explorer) == TITLES[6:]
    notebook.run(6)
    expect(bands(explorer).nth(2)).to_have_text("blocco 5")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (400, True)])
def test_in_italian(page_of, tmp_path, screenshot, width, dark):
    first = labelled()[0].columns[3].cluster_maps[0].id
    state = {"language": "it", "cluster_map": first, "layers": NAMES[3:8], "group": "block 4"}
    path = inv.export.page(labelled(), tmp_path / "it.html", state=state)
    page = page_of(width=width, dark=dark, offline=True)
    page.goto(path.as_uri())
    explorer = ExplorerView(page.locator("body"))
    expect(explorer.detail()).to_have_attribute("aria-label", "cluster 1 di blocco 4, strato 1")
    expect(explorer.root.get_by_role("status").filter(has_text="strati")).to_contain_text("5 di 9")
    assert page.locator("html").get_attribute("lang") == "it"
    expect(page.get_by_role("heading", level=1)).to_have_text("10 spiegazioni di an example")
    expect(page.get_by_role("button", name=re.compile("^Tema"))).to_be_visible()
    explorer.painted(explorer.detail().locator("figure canvas").first)
    screenshot(page, f"explorer-italian-{width}")
    text = explorer.root.inner_text()
    assert not re.search(
        r"\b(layer|block|shown|columns|opacity|view|labels|rounds|won|channels)\b", text, re.IGNORECASE
    )
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), "the page scrolls sideways"
