"""An exported page, opened from disk with no network: the same Explorer. Labels are simulated."""

import re

import pytest
from chart_view import ChartView
from examples import LAYERS, NAMES, examples
from explorer_view import ExplorerView
from lab import at_rest
from labelled_examples import labelled, summary
from merged_examples import merged_examples
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
    at_rest(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), "the page scrolls sideways"
    screenshot(page, f"page-{name}-400")
    elsewhere = [url for url in asked if url != exported.as_uri() and not url.startswith(("data:", "blob:"))]
    assert elsewhere == []


@pytest.mark.parametrize("width", [1600, 700])
def test_a_chart_is_linked_both_ways_with_no_kernel(page_of, screenshot, tmp_path, width):
    path = inv.export.page(labelled(), tmp_path / "global.html", summary=summary())
    page = page_of(width=width, offline=True, dark=width < 1000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    explorer, chart = ExplorerView(page.locator("body")).ready(), ChartView(page.locator("body")).ready()
    cards = explorer.cards().count()
    expect(chart.root.get_by_label("class")).to_have_value("taxi (simulated)")

    # Chart to Explorer: only the cluster maps that carry the label.
    chart.bars("wheel").last.click()
    expect(chart.option("wheel")).to_have_attribute("aria-selected", "true")
    expect(explorer.root.get_by_role("status").filter(has_text="wheel")).to_be_visible()
    assert 0 < explorer.cards().count() < cards
    for card in explorer.cards().all():
        expect(card).to_contain_text("wheel")
    # The first picture's stand in the last columns: they come into sight.
    if width > 1200:
        expect(explorer.cards().first).to_be_in_viewport(ratio=0.5)
    screenshot(page, f"page-global-picked-{width}")
    # An example opens there, in whatever picture it is.
    example = chart.examples().get_by_role("button", name=re.compile("^taxi-[1-4]")).first
    name = example.get_attribute("aria-label").split(",")[0]
    example.click()
    expect(explorer.heading()).to_have_text(name)
    expect(explorer.detail()).to_be_visible()
    chart.option("wheel").click()
    expect(explorer.cards()).to_have_count(cards)

    # Explorer to chart: a cluster map's labels stand out, another class comes along.
    explorer.cards().filter(has_text="yellow").first.click()
    expect(chart.option("yellow")).to_have_attribute("data-highlighted", "true")
    assert chart.highlighted() == ["yellow"]
    expect(chart.bars("wheel").first).to_have_attribute("opacity", "0.25")
    screenshot(page, f"page-global-highlighted-{width}")
    page.keyboard.press("Escape")
    explorer.picture("lighthouse-1.png").click()
    expect(chart.root.get_by_label("class")).to_have_value("lighthouse (simulated)")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), "the page scrolls sideways"

    # The theme is one.
    page.get_by_role("button", name=re.compile("theme$")).click()
    theme = page.locator(".inv-explorer").evaluate("element => element.closest('.inv-root').dataset.theme")
    expect(page.locator(".inv-page-chart .inv-root")).to_have_attribute("data-theme", theme)
    assert [url for url in asked if url != path.as_uri() and not url.startswith(("data:", "blob:"))] == []


def test_members_of_a_merged_cluster_map_keep_its_labels_highlighted(page_of, tmp_path):
    run = merged_examples()
    path = inv.export.page(run, tmp_path / "merged.html", summary=inv.summarize(run))
    page = page_of(width=1600, offline=True)
    page.goto(path.as_uri())
    explorer, chart = ExplorerView(page.locator("body")).ready(), ChartView(page.locator("body")).ready()
    explorer.cards().filter(has_text="merged").first.click()
    status = chart.root.get_by_role("status")
    expect(status).to_contain_text("of this cluster map")
    merged = chart.highlighted()
    explorer.detail().get_by_role("region", name="Members", exact=True).get_by_role("button").first.click()
    expect(explorer.detail()).to_have_attribute("aria-label", re.compile("^member 1 of "))
    expect(status).to_contain_text("of this cluster map")
    assert chart.highlighted() == merged != []


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
