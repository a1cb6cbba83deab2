"""An Explorer on a page, in the words of the person who uses it: found by role and name, not by class."""

import re

from playwright.sync_api import expect

# How many different colours stand in a canvas, looked at every few pixels: a blank one has one.
COLOURS = """canvas => {
  if (!canvas.width || !canvas.height) return 0;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4 * 7) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size;
}"""


class ExplorerView:
    """`scope` is a locator (an output, a page's body) with one or more Explorers; `place` says which."""

    def __init__(self, scope, place=0):
        self.page = scope.page
        self.root = scope.locator(".inv-explorer").nth(place)

    def ready(self):
        """Wait until the first card is painted."""
        expect(self.card(1).first).to_be_visible(timeout=120_000)
        # Only what is in sight is painted.
        self.card(1).first.scroll_into_view_if_needed()
        self.painted(self.card(1).first.locator("canvas"))
        return self

    def columns(self):
        return self.root.get_by_role("region")

    def column(self, title):
        return self.root.get_by_role("region", name=title, exact=True)

    def cards(self):
        return self.root.get_by_role("button", name=re.compile(r"^cluster \d+, "))

    def card(self, number, column=None):
        within = self.root if column is None else self.column(column)
        return within.get_by_role("button", name=re.compile(rf"^cluster {number}, "))

    def detail(self):
        return self.root.get_by_role("complementary")

    def heading(self):
        return self.root.get_by_role("heading", level=2)

    def pictures(self):
        return self.root.get_by_role("listbox").get_by_role("option")

    def picture(self, name):
        return self.root.get_by_role("listbox").get_by_role("option", name=re.compile(f"^{re.escape(name)},"))

    def colour_map(self):
        return self.root.get_by_label("colour map")

    def slider(self, label):
        return self.root.get_by_role("slider", name=re.compile(f"^{label}"))

    def banner(self):
        return self.root.get_by_text("The kernel is gone.")

    def pixels(self, canvas):
        """Give what a canvas shows, to compare."""
        return canvas.evaluate("canvas => canvas.toDataURL()")

    def painted(self, canvas, colours=30):
        """Wait until a canvas shows something; a picture under a map has many colours."""
        handle = canvas.element_handle()
        self.page.wait_for_function(f"([canvas, least]) => ({COLOURS})(canvas) >= least", arg=[handle, colours])

    def changes(self, canvas, before):
        """Wait until a canvas shows something else than `before`."""
        handle = canvas.element_handle()
        self.page.wait_for_function(
            "([canvas, before]) => canvas.toDataURL() !== before", arg=[handle, before], timeout=30_000
        )

    def returns(self, canvas, before):
        """Wait until a canvas shows `before` again."""
        handle = canvas.element_handle()
        self.page.wait_for_function(
            "([canvas, before]) => canvas.toDataURL() === before", arg=[handle, before], timeout=30_000
        )
