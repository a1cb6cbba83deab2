"""The reveal game on a page, in the words of the person who plays it: found by role and name, not by class."""

import re

from playwright.sync_api import expect

# What is in the picture: how many of its pixels are not the grey that hides the others.
SHOWN = """async figure => {
  const image = [...figure.querySelectorAll("img")].at(-1);
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let shown = 0;
  for (let i = 0; i < data.length; i += 4)
    if (Math.max(...[0, 1, 2].map(c => Math.abs(data[i + c] - 128))) > 6) shown++;
  return (400 * shown) / data.length;
}"""


class GameView:
    """`scope` is a locator (an output, a page's body) with a game; `place` says which of several."""

    def __init__(self, scope, place=0):
        self.page = scope.page
        self.root = scope.locator(".inv-game").nth(place)

    def ready(self):
        """Wait until the game says what to do."""
        expect(self.root).to_have_attribute(
            "data-screen", re.compile("^(welcome|round|result|waiting|end|trouble)$"), timeout=120_000
        )
        self.root.scroll_into_view_if_needed()
        return self

    def on(self, screen, timeout=60_000):
        """Wait for a screen: welcome, round, result, waiting, end, trouble."""
        expect(self.root).to_have_attribute("data-screen", screen, timeout=timeout)
        return self

    def picture(self):
        return self.root.get_by_role("img", name=re.compile("picture|immagine", re.IGNORECASE)).first

    def shown(self):
        """Give how much of the picture is not hidden, in per cent."""
        expect(self.picture().locator("img").last).to_be_visible()
        return self.picture().evaluate(SHOWN)

    def source(self):
        """Give what the picture is made of."""
        return self.picture().locator("img").last.get_attribute("src")

    def guess_field(self):
        return self.root.get_by_role("combobox", name=re.compile("What is in the picture|Che cosa", re.IGNORECASE))

    def words_field(self):
        return self.root.get_by_role("textbox", name=re.compile("What do you see", re.IGNORECASE))

    def option(self, name):
        return self.root.get_by_role("option", name=name, exact=True)

    def words(self):
        """Give the words that stand there as chips."""
        return [text.strip() for text in self.root.locator(".inv-chip-field .inv-word > span").all_inner_texts()]

    def button(self, name):
        return self.root.get_by_role("button", name=name)

    def outcome(self):
        return self.root.locator(".inv-outcome")

    def progress(self):
        return self.root.get_by_role("heading", level=2)

    def enter(self, nickname, *, agree=False):
        """Fill in the welcome page and play."""
        self.on("welcome")
        if nickname is not None:
            self.root.get_by_role("textbox", name="Your nickname").fill(nickname)
        if agree:
            self.root.get_by_label("I agree to take part").check()
        self.button(re.compile("^Play")).click()
        self.on("round")
        return self

    def answer(self, guess, words):
        """Play the open round by keyboard, as somebody does who knows the game."""
        self.on("round")
        # A game that was just shown leaves the focus where it is; on a phone the field waits for a tap.
        here = "game => game.contains(document.activeElement) && !document.activeElement.matches('[data-lent]')"
        if not self.root.evaluate(here):
            self.guess_field().click()
        expect(self.guess_field()).to_be_focused()
        keyboard = self.page.keyboard
        keyboard.type(guess)
        keyboard.press("Enter")
        for word in words:
            keyboard.type(word)
            keyboard.press("Enter")
        keyboard.press("Enter")
        self.on("result")
        return self
