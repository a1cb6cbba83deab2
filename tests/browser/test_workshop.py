"""A workshop in the browser: players' pages and the host's, on Solara and on Voila."""

import re

import pytest
from examples import examples
from game_view import GameView
from playwright.sync_api import expect

import inv_widgets as inv
from inv_widgets.workshop import serve


@pytest.fixture(scope="module")
def run_file(tmp_path_factory):
    return examples().save(tmp_path_factory.mktemp("workshop") / "run.parquet")


@pytest.fixture
def workshop_of(run_file, tmp_path):
    """Open a workshop; give it and what reads its store."""
    opened = []

    def open_it(engine="solara", **rules):
        place = tmp_path / "labels.db"
        server = serve(run_file, store=place, host="127.0.0.1", port=0, engine=engine, **rules)
        opened.append(server)

        def stored():
            with inv.LabelStore(place) as store:
                return store.rounds()

        return server, stored

    yield open_it
    for server in opened:
        server.stop()


def player_on(page, server):
    page.goto(server.link)
    return GameView(page.locator("body")).ready()


def category(name):
    return f"category of {name}"


@pytest.mark.parametrize("engine", ["solara", "voila"])
def test_rounds_by_keyboard_and_by_mouse_on_a_phone(engine, workshop_of, page_of, screenshot):
    server, stored = workshop_of(engine, title="Deep Reveal at school")
    page = page_of(width=390, height=844, has_touch=True)
    game = player_on(page, server)
    screenshot(page, f"workshop-{engine}-welcome")
    game.enter("ada")
    screenshot(page, f"workshop-{engine}-round")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    game.answer("kitchen", ["a bump", "<b>red</b>"])
    expect(game.root.get_by_text("Saved", exact=True)).to_be_visible()
    screenshot(page, f"workshop-{engine}-result")
    game.button("Next").click()

    game.on("round")
    game.button(re.compile("^Show more")).click()
    expect(game.root.get_by_role("img", name="Step 2 of 6")).to_be_visible()
    game.option(category("harbour")).click()
    game.words_field().fill("water")
    game.button(re.compile("^Answer")).click()
    game.on("result")
    expect(game.root.get_by_text("Saved", exact=True)).to_be_visible()

    rounds = stored()
    assert list(rounds.status) == ["answered", "answered"]
    assert set(rounds.player) == {"ada"}
    assert sorted(rounds.step) == [0, 1]
    assert sorted(map(tuple, rounds.labels)) == [("a bump", "<b>red</b>"), ("water",)]
    assert not page.get_by_text("import").count()  # no code in sight


def test_a_whole_game_by_keyboard_alone(workshop_of, page_of):
    server, stored = workshop_of(rounds=2, consent="Your answers are kept.")
    game = player_on(page_of(), server).on("welcome")
    keyboard = game.page.keyboard

    def tab_to(thing):
        for _ in range(12):
            keyboard.press("Tab")
            if thing.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"the Tab key does not come to {thing}")

    tab_to(game.root.get_by_role("textbox", name="Your nickname"))
    keyboard.type("ada")
    tab_to(game.root.get_by_label("I agree to take part"))
    keyboard.press("Space")
    tab_to(game.button("Play"))
    keyboard.press("Enter")
    for _ in range(2):
        game.on("round")
        expect(game.guess_field()).to_be_focused()
        keyboard.type("kitch")
        keyboard.press("Enter")
        keyboard.type("a bump")
        keyboard.press("Enter")
        keyboard.press("Enter")
        game.on("result")
        keyboard.press("Enter")
    game.on("end")
    tab_to(game.button("Play on"))
    keyboard.press("Enter")
    game.on("round")
    answered = stored().query("status == 'answered'")
    assert [list(labels) for labels in answered["labels"]] == [["a bump"]] * 2


def test_who_comes_back_goes_on(workshop_of, page_of):
    server, stored = workshop_of()
    page = page_of()
    game = player_on(page, server).enter("ada")
    game.answer("meadow", ["grass"])
    page.wait_for_load_state("networkidle")  # to leave a page that still loads cuts its scripts short
    page.reload()
    game = GameView(page.locator("body")).ready()
    if game.root.get_attribute("data-screen") == "welcome":
        game.button(re.compile("ada")).click()
    game.on("round")
    game.answer("meadow", ["hill"])
    rounds = stored()
    assert len(rounds) == 2
    assert rounds.player_id.nunique() == 1
    assert rounds.cluster_map.nunique() == 2


def test_a_lost_connection_loses_nothing(workshop_of, page_of):
    server, stored = workshop_of()
    page = page_of()
    game = player_on(page, server).enter("ada")
    assert page.evaluate("solara.debug.dropConnection()")
    page.wait_for_function("solara.debug.reconnectCount > 0 || solara.debug.kernel().connectionStatus === 'connected'")
    game.answer("meadow", ["grass"])
    expect(game.root.get_by_text("Saved", exact=True)).to_be_visible()
    assert len(stored()) == 1


def test_the_host_sees_pauses_and_exports(workshop_of, page_of, screenshot):
    server, _ = workshop_of(title="Class 4b")
    host = page_of(width=1440, height=1000)
    host.goto(server.host_link)
    expect(host.get_by_role("heading", name="Class 4b")).to_be_visible()
    expect(host.get_by_text(server.link.removesuffix("/").removeprefix("http://")).first).to_be_visible()
    player = page_of(width=390, height=844, dark=True)
    game = player_on(player, server).enter("ada")
    game.answer("meadow", ["grass"])
    expect(host.get_by_text("ada").first).to_be_visible(timeout=30_000)
    screenshot(host, "workshop-host")
    screenshot(player, "workshop-dark")

    host.get_by_role("button", name="Pause").click()
    expect(host.get_by_text("Paused", exact=True).first).to_be_visible()
    game.button("Next").click()
    game.on("waiting")
    host.get_by_role("button", name="Resume").click()
    game.on("round")  # by itself

    with host.expect_download() as download:
        host.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")


def test_the_host_s_page_needs_its_key(workshop_of, page_of):
    server, _ = workshop_of()
    for link in (f"{server.link}host", f"{server.link}host?key=guess"):
        page = page_of()  # one each: to leave a page that still loads cuts its scripts short
        page.goto(link)
        expect(page.get_by_text("This page is the host's")).to_be_visible()
        expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_the_host_s_page_on_voila(workshop_of, page_of):
    server, _ = workshop_of("voila", title="Class 4b")
    page = page_of(dark=True)
    page.goto(server.host_link)
    expect(page.locator(".inv-root")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_text("Class 4b").first).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
