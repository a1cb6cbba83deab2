"""The reveal game in JupyterLab: whole rounds by keyboard and by mouse, beside an Explorer, through a killed kernel."""

import json
import re

import pytest
from examples import NAMES
from explorer_view import ExplorerView
from game_view import GameView
from lab import at_rest
from playwright.sync_api import expect

SETUP = (
    "import inv_widgets as inv\nfrom examples import examples\n"
    "run = examples()\nstate = inv.State()\nstore = inv.LabelStore({store!r})"
)
PLAY = "game = inv.RevealGame(run, store=store, player='ada', state=state)\ngame"
EXPLORE = "inv.Explorer(run, state=state, height=480)"
READ = (
    "import json\n"
    "names = ['status', 'step', 'guess', 'truth', 'outcome', 'labels', 'labels_corrected', 'language', 'withdrawn']\n"
    "rows = store.rounds()[names].astype(object)\n"
    "print(json.dumps(rows.where(rows.notna(), None).to_dict('records'), default=list))"
)


@pytest.fixture
def game_of(notebook_of):
    def open_it(name, *more, play=PLAY, **options):
        cells = [SETUP.format(store=name.replace(".ipynb", ".db")), play, *more, READ]
        notebook = notebook_of(name, cells, height=1100, **options)
        for index in range(len(cells) - 1):
            notebook.run(index)
        return notebook, GameView(notebook.output(1)).ready()

    return open_it


def rounds(notebook):
    """Give what the store holds, as the last cell prints it."""
    last = len(notebook.sources()) - 1
    notebook.run(last)
    notebook.wait_until_done(last)
    return json.loads(notebook.text(last))


def category(name):
    return f"category of {name}"


def test_a_round_by_keyboard_alone(game_of, screenshot):
    notebook, game = game_of("game-keyboard.ipynb")
    game.on("round")
    before = notebook.cells()
    expect(game.guess_field()).not_to_be_focused()  # who runs the cells above goes on typing there
    game.guess_field().click()
    first = game.shown()
    screenshot(notebook.page, "game-round")

    keyboard = notebook.page.keyboard
    keyboard.press("PageDown")
    expect(game.root.get_by_role("img", name="Step 2 of 6")).to_be_visible()
    assert game.shown() > first
    keyboard.type("kitch")
    keyboard.press("Enter")
    expect(game.guess_field()).to_have_value(category("kitchen"))
    expect(game.words_field()).to_be_focused()
    keyboard.type("round, red <b>bump</b>")
    keyboard.press("Enter")
    keyboard.type("zebra")
    keyboard.press("Enter")
    assert game.words() == ["round", "red <b>bump</b>", "zebra"]
    keyboard.press("Backspace")
    assert game.words() == ["round", "red <b>bump</b>"]
    keyboard.press("Control+z")
    assert game.words() == ["round", "red <b>bump</b>", "zebra"]
    keyboard.press("Enter")

    game.on("result")
    expect(game.outcome()).to_be_visible()
    expect(game.root.get_by_text("Saved", exact=True)).to_be_visible()
    assert game.shown() > 95
    screenshot(notebook.page, "game-result")
    keyboard.press("Enter")
    game.on("round")
    expect(game.guess_field()).to_be_focused()
    assert notebook.cells() == before, "a key leaked into the notebook"

    (one,) = [row for row in rounds(notebook) if row["status"] == "answered"]
    assert one["guess"] == category("kitchen")
    assert one["labels"] == ["round", "red <b>bump</b>", "zebra"]
    assert one["step"] == 1
    assert one["outcome"] == ("won" if one["truth"] == one["guess"] else "lost")


def test_a_round_needs_fewer_than_five_keys_besides_typing(game_of):
    notebook, game = game_of("game-keys.ipynb")
    game.answer("meadow", ["bump"])  # Enter, Enter, Enter
    notebook.page.keyboard.press("Enter")
    game.on("round")
    assert len(rounds(notebook)) == 1


def test_rounds_by_mouse(game_of, screenshot):
    notebook, game = game_of("game-mouse.ipynb")
    game.on("round")
    game.option(category("harbour")).click()
    game.words_field().fill("water")
    game.button(re.compile("^Show more")).click()
    expect(game.root.get_by_role("img", name="Step 2 of 6")).to_be_visible()
    game.button(re.compile("^Answer")).click()
    game.on("result")
    game.button("Edit").click()
    game.root.get_by_role("textbox", name="Correct your words").fill("waves")
    game.button("Save the words").click()
    expect(game.root.get_by_text("Your words, corrected")).to_be_visible()
    game.button("Withdraw").click()
    expect(game.root.get_by_text("Withdrawn", exact=True)).to_be_visible()
    screenshot(notebook.page, "game-withdrawn")
    game.button("Count it again").click()
    expect(game.root.get_by_text("Saved", exact=True)).to_be_visible()
    game.button(re.compile("^Next")).click()

    game.on("round")
    game.button("Give up").click()
    game.words_field().fill("no idea 🤷")
    game.button("Go on guessing").click()
    game.button("Give up").click()
    game.button(re.compile("^Show the answer")).click()
    game.on("result")
    expect(game.outcome()).to_contain_text("You gave up")
    game.button(re.compile("^Next")).click()

    game.on("round")
    before = game.source()
    game.button(re.compile("^Skip")).click()
    expect(game.picture().locator("img").last).not_to_have_attribute("src", before)
    expect(game.progress()).to_contain_text("3 of")
    game.button("Pause").click()
    expect(game.root.get_by_role("img", name="Paused")).to_be_visible()
    expect(game.root.locator("img")).to_have_count(0)
    game.button("Go on").click()
    game.shown()

    won, resigned, *others = sorted(rounds(notebook), key=lambda row: row["status"])
    assert (won["labels"], won["labels_corrected"], won["withdrawn"]) == (["water"], ["water", "waves"], False)
    assert (resigned["outcome"], resigned["guess"], resigned["labels"]) == ("resigned", None, ["no idea 🤷"])
    assert [row["status"] for row in others] == ["skipped"]


def test_an_explorer_beside_it_withholds_what_is_not_answered(game_of, screenshot):
    notebook, game = game_of("game-explorer.ipynb", EXPLORE)
    explorer = ExplorerView(notebook.output(2))
    expect(explorer.root.get_by_text("Play to reveal")).to_be_visible(timeout=120_000)
    beside = notebook.output(2).inner_html()
    for name in NAMES:
        assert name not in beside
    assert name not in game.root.locator("img").first.evaluate("image => image.outerHTML")
    screenshot(notebook.page, "game-withheld")
    game.answer("harbour", ["wave"])
    picture = game.root.locator(".inv-facts span").last.inner_text()
    assert picture in NAMES
    # The Explorer goes to the picture and the cluster map that were played; the other two stay hidden.
    expect(explorer.heading()).to_have_text(picture)
    expect(explorer.detail()).to_be_visible()
    for name in NAMES:
        assert (name in notebook.output(2).inner_html()) == (name == picture)
    screenshot(notebook.page, "game-revealed")


def test_an_answer_outlives_a_killed_kernel(game_of, screenshot):
    notebook, game = game_of("game-killed.ipynb")
    game.on("round")
    game.option(category("harbour")).click()
    game.words_field().fill("mast, rope,")
    notebook.restart()
    expect(game.root.get_by_text("The connection to Python is gone.")).to_be_visible()
    assert game.words() == ["mast", "rope"]
    game.button(re.compile("^Answer")).click()
    expect(game.root.get_by_text("Not saved yet.")).to_be_visible()
    screenshot(notebook.page, "game-not-saved")
    for index in (0, 1):
        notebook.run(index)
    again = GameView(notebook.output(1)).ready()
    expect(again.root.get_by_text("not saved yet")).to_have_count(0)
    for _ in range(240):
        answered = [row for row in rounds(notebook) if row["status"] == "answered"]
        if answered:
            break
        notebook.page.wait_for_timeout(250)
    assert [row["labels"] for row in answered] == [["mast", "rope"]]
    assert answered[0]["guess"] == category("harbour")


def test_two_outputs_of_one_player_give_one_round(game_of):
    twice = "other = inv.RevealGame(run, store=store, player='ada')\nother"
    notebook, one = game_of("game-twice.ipynb", twice)
    two = GameView(notebook.output(2)).ready()
    one.on("round")
    two.on("round")
    one.option(category("harbour")).click()
    one.words_field().fill("from the first")
    one.button(re.compile("^Answer")).click()
    one.on("result")
    two.root.scroll_into_view_if_needed()
    two.option(category("meadow")).click()
    two.words_field().fill("from the second")
    two.button(re.compile("^Answer")).click()
    two.on("result")
    expect(two.root.get_by_text("from the first")).to_be_visible()
    (answered,) = [row for row in rounds(notebook) if row["status"] == "answered"]
    assert answered["labels"] == ["from the first"]


def test_consent_nickname_and_languages(game_of, screenshot):
    play = (
        "game = inv.RevealGame(run, store=store, title='Deep Reveal', information='Read <b>me</b>.\\n\\nTwice.',\n"
        "                      consent='We keep what you type.', seconds=90, rounds=2)\ngame"
    )
    notebook, game = game_of("game-consent.ipynb", play=play)
    game.on("welcome")
    expect(game.root.get_by_text("Read <b>me</b>.")).to_be_visible()
    screenshot(notebook.page, "game-welcome")
    game.button("I don’t take part").click()
    game.on("end")
    assert rounds(notebook) == []
    game.button("I’d like to play after all").click()
    game.on("welcome")
    game.button("Play").click()
    expect(game.root.get_by_role("alert").filter(has_text="agree first")).to_have_count(0)
    game.enter("Grace 🚀", agree=True)
    expect(game.root.get_by_role("timer")).to_be_visible()
    game.root.get_by_label("Language", exact=True).select_option("it")
    expect(game.button(re.compile("^Mostra"))).to_be_visible()
    screenshot(notebook.page, "game-italian")
    game.root.get_by_label("Lingua", exact=True).select_option("en")
    for _ in range(2):
        game.answer("meadow", ["erba"])
        notebook.page.keyboard.press("Enter")
    game.on("end")
    screenshot(notebook.page, "game-end")
    game.button("Play on").click()
    game.on("round")
    assert len([row for row in rounds(notebook) if row["status"] == "answered"]) == 2


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_overflows(game_of, screenshot, dark):
    name = f"game-{'dark' if dark else 'light'}"
    notebook, game = game_of(f"{name}.ipynb", width=420, dark=dark)

    def fits(what):
        for width in (420, 1900):
            notebook.page.set_viewport_size({"width": width, "height": 1100})
            at_rest(notebook.page)
            assert game.root.evaluate("element => element.scrollWidth <= element.clientWidth + 1"), f"{what}, {width}"
            screenshot(notebook.page, f"{name}-{width}{what}")

    game.on("round")
    fits("")
    game.answer("harbour", ["something quite long that somebody typed " * 4])
    fits("-result")
