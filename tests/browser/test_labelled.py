"""Labelled runs in the Explorer (simulated players): labels on cards, merged cluster maps that open into members."""

import re

import pytest
from explorer_view import ExplorerView
from merged_examples import merged_examples
from playwright.sync_api import expect

import inv_widgets as inv

FIRST, CHAIN, FEW, TYPED = "block 3, layer 1", "block 3, layer 2", "block 4, layer 1", "block 5, layer 1"
SETUP = (
    "import inv_widgets as inv\nfrom merged_examples import merged_examples\n"
    "run = merged_examples()\nstate = inv.State()"
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return inv.export.page(merged_examples(), tmp_path_factory.mktemp("page") / "labelled.html")


@pytest.fixture
def page_at(exported, page_of):
    """Open the exported page of this size and theme; give the page and its Explorer."""

    def open_it(width=1440, *, dark=False):
        page = page_of(width=width, height=1000, dark=dark, offline=True)
        page.goto(exported.as_uri())
        return page, ExplorerView(page.locator("body")).ready()

    return open_it


def part(view, name):
    return view.detail().get_by_role("region", name=name, exact=True)


def members(view):
    return part(view, "Members").get_by_role("button")


def test_cards_are_headed_by_their_best_labels(page_at):
    _, view = page_at()
    merged = view.card(1, FIRST)
    expect(merged).to_have_attribute("aria-label", re.compile("merged of 2, labels: arch$"))
    expect(merged).to_contain_text("arch")
    expect(merged).to_contain_text("2 merged")
    expect(view.column(CHAIN).get_by_role("button")).to_have_count(1)  # a chain: door, gate
    low = view.card(1, FEW)
    expect(low).to_have_attribute("aria-label", re.compile("labels: edge, shadow, low support$"))
    marked, plain = (card.locator("[dir=auto]") for card in (low, merged))
    line = "each => getComputedStyle(each).textDecorationLine"
    assert (marked.evaluate(line), plain.evaluate(line)) == ("underline", "none")
    expect(view.card(3, FEW)).to_contain_text("cluster 3")  # nobody has played it


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 400])
def test_a_merged_cluster_map_opens_into_its_members_and_back(page_at, screenshot, dark, width):
    page, view = page_at(width, dark=dark)
    name = f"labelled-{'dark' if dark else 'light'}-{width}"
    view.card(1, CHAIN).click()
    expect(view.detail().get_by_role("heading", level=3)).to_have_text("door")
    expect(part(view, "Labels").get_by_role("listitem").filter(has_text="door")).to_contain_text("3.54")
    whole = view.detail().locator("figure canvas").first
    view.painted(whole)
    merged = view.pixels(whole)
    screenshot(page, f"{name}-merged")
    seen = {merged}
    for place in range(3):
        canvas = members(view).nth(place).locator("canvas")
        canvas.scroll_into_view_if_needed()
        view.painted(canvas)
    screenshot(page, f"{name}-members")
    for place in range(3):
        members(view).nth(place).click()
        expect(view.detail()).to_have_attribute("aria-label", f"member {place + 1} of cluster 1 of {CHAIN}")
        expect(view.detail().get_by_role("heading", level=3)).to_be_focused()
        view.changes(whole, merged)
        seen.add(view.pixels(whole))
        if place == 1:
            screenshot(page, f"{name}-member")
        view.detail().get_by_role("navigation").get_by_role("button", name="door").click()
        expect(members(view).nth(place)).to_be_focused()
        view.returns(whole, merged)
    assert len(seen) == 4, "the merged map and its members must look different"
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), "the page scrolls sideways"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_bars_are_stacked_in_colours_that_are_told_apart(page_at, dark):
    _, view = page_at(dark=dark)
    view.card(1, CHAIN).click()
    row = part(view, "Labels").get_by_role("listitem").filter(has_text="door")
    # Scores 4.5 and 3.2 by weights of 41 and 22 of 72.
    widths = [box["width"] for box in (each.bounding_box() for each in row.locator("[style*=member]").all())]
    assert len(widths) == 2
    assert widths[0] / widths[1] == pytest.approx(4.5 * 41 / (3.2 * 22), rel=0.03)
    legend = part(view, "Labels").locator("ul").first.locator("[style]")
    colours = [colour(each, "backgroundColor") for each in legend.all()]
    bars = [colour(each, "backgroundColor") for each in row.locator("[style*=member]").all()]
    assert bars == colours[:2]
    cards = [colour(each.locator("[class*=dot]"), "backgroundColor") for each in members(view).all()]
    assert cards == colours
    surface = colour(view.detail(), "backgroundColor")
    assert len(set(colours)) == 3
    assert all(contrast(each, surface) >= 3 for each in colours), (colours, surface)


def test_all_eight_colours_are_seen_on_both_themes(page_at):
    for dark in (False, True):
        _, view = page_at(dark=dark)
        view.card(1, CHAIN).click()
        surface = colour(view.detail(), "backgroundColor")
        dot = part(view, "Labels").locator("ul").first.locator("[style]").first
        seen = []
        for number in range(1, 9):
            dot.evaluate("(each, number) => each.style.setProperty('--member', `var(--inv-member-${number})`)", number)
            seen.append(colour(dot, "backgroundColor"))
        assert len(set(seen)) == 8
        assert min(contrast(each, surface) for each in seen) >= 3, seen


def test_rounds_are_told_and_the_mask_shows_what_players_saw(page_at):
    _, view = page_at()
    view.card(1, FIRST).click()
    rounds = part(view, "Rounds")
    expect(rounds).to_contain_text("by 13 players")
    for words in ("11won", "4lost", "2resigned"):
        expect(rounds.get_by_role("listitem").filter(has_text=re.sub(r"\d", "", words))).to_have_text(words)
    # 7.5 % of the picture are 10 % of the window, three quarters as wide: the other mask at 10 % is the same.
    view.card(1, TYPED).click()
    expect(rounds).to_contain_text("7.5\xa0% of the picture was shown")
    canvas, other = rounds.locator("canvas"), view.detail().locator("figure:has(input) canvas")
    canvas.scroll_into_view_if_needed()
    view.painted(canvas, colours=8)
    seen = view.pixels(canvas)
    assert view.pixels(other) != seen
    view.slider("show the top").fill("10")
    view.returns(other, seen)
    assert view.pixels(canvas) == seen, "what players saw does not follow the slider"


def test_odd_labels_are_text_and_many_come_by_hundreds(page_at):
    page, view = page_at()
    view.card(1, TYPED).click()
    expect(part(view, "Labels").get_by_role("listitem").filter(has_text="<b>bold</b>")).to_have_count(1)
    assert view.detail().locator("b:text-is('bold')").count() == 0
    view.card(2, FEW).click()
    rows = part(view, "Labels").get_by_role("listitem")
    expect(rows).to_have_count(8)
    part(view, "Labels").get_by_role("button").click()
    expect(rows).to_have_count(108)
    view.card(3, FEW).click()
    expect(part(view, "Rounds")).to_contain_text("Nobody has played this cluster map yet.")
    view.picture("kitchen").click()
    view.card(1, FIRST).click()
    expect(part(view, "Rounds")).to_have_count(0)  # this picture was never labelled
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1")


def test_members_in_jupyterlab_by_keyboard_and_from_python(notebook_of):
    cells = [SETUP, "inv.Explorer(run, state=state)", "print(state.cluster_map)"]
    notebook = notebook_of("labelled.ipynb", cells)
    notebook.run_all()
    view = ExplorerView(notebook.output(1)).ready()
    view.card(1, CHAIN).focus()
    keys = notebook.page.keyboard
    keys.press("Enter")
    expect(members(view)).to_have_count(3)
    before = notebook.cells()
    members(view).first.focus()
    for key in ("a", "d", "d", "j", "ArrowRight"):
        keys.press(key)
    expect(members(view).nth(1)).to_be_focused()
    assert notebook.cells() == before
    keys.press("Enter")
    expect(view.detail()).to_have_attribute("aria-label", f"member 2 of cluster 1 of {CHAIN}")
    expect(view.card(1, CHAIN)).to_have_attribute("aria-expanded", "true")
    view.detail().get_by_role("button", name="Next member").click()
    expect(view.detail()).to_have_attribute("aria-label", f"member 3 of cluster 1 of {CHAIN}")
    wanted = merged_examples()[0].columns[1].cluster_maps[0].members[2].id
    notebook.run(2)
    expect(notebook.output(2)).to_have_text(wanted)
    view.detail().get_by_role("button", name="Close").focus()
    keys.press("Escape")
    expect(view.detail()).to_have_count(0)
    expect(view.card(1, CHAIN)).to_be_focused()


def colour(locator, name):
    """Give a computed colour as three numbers, 0..255."""
    text = locator.evaluate("(each, name) => getComputedStyle(each)[name]", name)
    return tuple(float(number) for number in re.findall(r"[\d.]+", text)[:3])


def contrast(one, two):
    """WCAG 2: the contrast of two colours, 1..21."""
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(rgb):
    linear = [part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
