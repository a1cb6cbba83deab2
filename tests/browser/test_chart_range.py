"""Layers brushed in the chart, in the Explorer and from Python, and marks of a TCAV test. Labels are simulated."""

import re

import pytest
from chart_view import ChartView
from explorer_view import ExplorerView
from labelled_examples import LAYERS, labelled, summary
from playwright.sync_api import expect
from tcav_examples import simulated_tcav

import inv_widgets as inv
from inv_widgets.widgets.global_chart import GlobalChart

SETUP = """import inv_widgets as inv
from labelled_examples import labelled, summary
from tcav_examples import simulated_tcav
run, state = labelled(), inv.State()
chart = inv.GlobalChart(summary(), state=state, view="layers")"""
EXPLORER = "inv.Explorer(run, state=state, height=480)"
SAY = "print(state.layers)"
SET = "state.layers = ['features.12', 'features.14', 'features.16']"
TEST = "chart.tcav = simulated_tcav()\nchart.view = 'labels'"
TITLES = [f"block {block}, layer {place}" for _, block, place, _ in LAYERS]


def columns(explorer):
    return [each.get_attribute("aria-label") for each in explorer.columns().all()]


def marks(chart):
    """The marks of a TCAV test in the first facet, by label."""
    return chart.root.locator(".inv-vega .mark-text text").filter(has_text=re.compile("^[▲▼○?]$"))


@pytest.fixture
def pair(notebook_of):
    notebook = notebook_of("range.ipynb", [SETUP, "chart", EXPLORER, SAY, SET, TEST], height=2100)
    for index in (0, 1, 2):
        notebook.run(index)
    return notebook, ChartView(notebook.output(1)).ready(), ExplorerView(notebook.output(2)).ready()


def test_in_jupyterlab_chart_state_and_explorer_keep_to_the_same_layers(pair, screenshot):
    notebook, chart, explorer = pair
    keys = notebook.page.keyboard
    chart.show("layers")
    shown = explorer.columns().count()
    assert shown == len(LAYERS)

    # A drag over the table: the chart answers at once, the Explorer when the hand lets go.
    chart.drag(chart.cell("wheel", TITLES[4]), chart.cell("wheel", TITLES[6]), release=False)
    expect(chart.range_told(f"{TITLES[4]} to {TITLES[6]}")).to_be_visible()
    expect(explorer.columns()).to_have_count(shown)
    notebook.page.mouse.up()
    expect(explorer.columns()).to_have_count(3)
    assert columns(explorer) == TITLES[4:7]
    expect(chart.cell("yellow", TITLES[0])).to_have_attribute("opacity", "0.3")
    expect(chart.cell("yellow", TITLES[5])).to_have_attribute("opacity", "1")
    assert chart.option("wheel").get_attribute("aria-selected") == "false", "a drag is no click on a label"
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text(str([name for name, *_ in LAYERS[4:7]]))
    screenshot(notebook.page, "chart-range-lab")

    # Escape cancels a drag that is under way.
    chart.drag(chart.cell("wheel", TITLES[4]), chart.cell("wheel", TITLES[1]), release=False)
    expect(chart.range_told(f"{TITLES[1]} to {TITLES[4]}")).to_be_visible()
    keys.press("Escape")
    notebook.page.mouse.up()
    expect(chart.range_told(f"{TITLES[4]} to {TITLES[6]}")).to_be_visible()
    assert columns(explorer) == TITLES[4:7]

    # By keys: one layer further, then Escape lets go; none of it reaches the notebook.
    before = notebook.cells()
    last = chart.range_ends().nth(1)
    last.focus()
    keys.press("ArrowDown")
    expect(chart.range_told(f"{TITLES[4]} to {TITLES[7]}")).to_be_visible()
    expect(explorer.columns()).to_have_count(4)
    keys.press("Escape")
    expect(explorer.columns()).to_have_count(shown)
    expect(chart.range_told(" to ")).to_have_count(0)
    assert notebook.cells() == before

    # And back: from Python.
    notebook.run(4)
    expect(chart.range_told(f"{TITLES[1]} to {TITLES[3]}")).to_be_visible()
    expect(chart.range_ends().first).to_have_value("features.12")
    assert columns(explorer) == TITLES[1:4]
    chart.root.get_by_role("button", name="Show all layers").click()
    expect(explorer.columns()).to_have_count(shown)
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("[]")

    # A test's marks come in place.
    notebook.run(5)
    expect(marks(chart).first).to_be_visible()
    wheel = chart.option("wheel")
    expect(wheel).to_have_attribute(
        "aria-label", re.compile(r"rises with it: score 0\.94, p < 0\.001, block 5, layer 3")
    )
    screenshot(notebook.page, "chart-tcav-lab")


@pytest.fixture
def opened(page_of, tmp_path):
    def open_it(path, **options):
        page = page_of(offline=True, **options)
        page.goto(path.as_uri())
        return page, ChartView(page.locator("body")).ready()

    return open_it


@pytest.mark.parametrize(("width", "dark"), [(1600, False), (420, True)])
def test_in_an_exported_page_too(opened, tmp_path, screenshot, width, dark):
    path = inv.export.page(labelled(), tmp_path / "page.html", summary=summary(), tcav=simulated_tcav())
    page, chart = opened(path, width=width, dark=dark)
    explorer = ExplorerView(page.locator("body")).ready()
    verdicts = {"wheel": "▲", "window": "▼", "yellow": "○", "edge": "?"}
    found = marks(chart).all_text_contents()
    assert {each: found.count(each) > 0 for each in verdicts.values()} == dict.fromkeys(verdicts.values(), True)
    expect(chart.root.get_by_text("TCAV, p < 0.05 after Holm")).to_be_visible()
    for words in ("it rises with the label", "it falls with the label", "not significant", "untestable"):
        expect(chart.root.locator(".inv-tested").get_by_text(words)).to_be_visible()
    chart.bars("wheel").last.hover()
    expect(page.locator("#vg-tooltip-element")).to_contain_text("the class score rises with it: score 0.94, p < 0.001")
    chart.option("window").click()
    expect(chart.examples()).to_contain_text("TCAV: the class score falls with it: score 0.12, p = 0.020")
    screenshot(page, f"chart-tcav-page-{width}")
    chart.option("window").click()
    # The other class was not tested.
    explorer.picture("lighthouse-1.png").click()
    expect(marks(chart)).to_have_count(0)
    explorer.picture("taxi-0.png").click()

    chart.show("trends")
    shown = explorer.columns().count()
    places = chart.root.locator('.inv-vega [aria-roledescription="rect mark container"], .inv-vega .mark-rect')
    row = places.first.locator("path")
    chart.drag(row.nth(5), row.nth(3))
    expect(chart.range_told(f"{TITLES[3]} to {TITLES[5]}")).to_be_visible()
    expect(explorer.columns()).to_have_count(3)
    assert shown == len(LAYERS)
    screenshot(page, f"chart-range-trends-{width}")
    # Groups outside of it step back.
    chart.show("labels")
    expect(chart.bars("yellow").first).to_have_attribute("opacity", "0.25")
    expect(chart.bars("yellow").last).to_have_attribute("opacity", "1")
    screenshot(page, f"chart-range-labels-{width}")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), "the page scrolls sideways"


def test_a_chart_saved_alone_works_from_disk(opened, tmp_path, screenshot):
    made = GlobalChart(summary(), tcav=simulated_tcav(), state=inv.State(language="it"), view="layers")
    page, chart = opened(made.save(tmp_path / "chart.html", theme="dark"), width=1280)
    expect(page.locator(".inv-explorer")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("taxi (simulated)")
    expect(page.locator("html")).to_have_attribute("lang", "it")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    italian = [title.replace("block", "blocco").replace("layer", "strato") for title in TITLES]
    axis = chart.root.locator('.inv-vega [aria-label^="X-axis"] .role-axis-label text')
    assert axis.all_text_contents() == italian
    expect(chart.root.get_by_text("punteggio medio di un’immagine", exact=True)).to_be_visible()
    # The name of a layer stands for it alone.
    axis.nth(2).click()
    expect(chart.range_told(f"1 strato: {italian[2]}")).to_be_visible()
    screenshot(page, "chart-alone-it")
    page.keyboard.press("Escape")
    expect(chart.range_told("1 strato")).to_have_count(0)
    # Linked inside: a label, its examples, the other class.
    chart.show("labels")
    chart.root.locator(".role-axis-label text").filter(has_text=re.compile("^wheel$")).first.click()
    expect(chart.option("wheel")).to_have_attribute("aria-selected", "true")
    expect(chart.root.get_by_role("region", name="Esempi di wheel")).to_contain_text("il punteggio della classe cresce")
    chart.root.get_by_label("classe", exact=True).select_option("lighthouse (simulated)")
    expect(marks(chart)).to_have_count(0)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), "the page scrolls sideways"
