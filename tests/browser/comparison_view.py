"""A Comparison on a page, in the words of the person who uses it: found by role and name, not by class."""

from explorer_view import ExplorerView
from playwright.sync_api import expect


class ComparisonView(ExplorerView):
    """`scope` is a locator (an output, a page's body) with a Comparison in it."""

    def __init__(self, scope, place=0):
        super().__init__(scope, place)
        self.root = scope.locator(".inv-comparison").nth(place)

    def ready(self, name="harbour", method="Grad-CAM"):
        """Wait until a map is painted."""
        expect(self.cell(name, method)).to_be_visible(timeout=120_000)
        self.cell(name, method).scroll_into_view_if_needed()
        self.painted(self.canvas(name, method))
        return self

    def grid(self):
        return self.root.get_by_role("grid")

    def heads(self):
        """Give the methods' names, from left to right."""
        return [head.inner_text().split("\n")[0] for head in self.grid().get_by_role("columnheader").all()[1:]]

    def row(self, name):
        return self.grid().get_by_role("row").filter(has=self.page.get_by_role("button", name=name, exact=True))

    def rows(self):
        """Give the pictures' names, from top to bottom."""
        return self.root.locator("tr[data-key] button.inv-cmp-name").all_inner_texts()

    def cell(self, name, method):
        return self.grid().get_by_role("gridcell", name=f"{method} on {name}", exact=True)

    def canvas(self, name, method):
        return self.cell(name, method).locator("canvas")

    def readings(self, name):
        """Give what the cross-hair reads in each cell of a row."""
        return self.row(name).locator("td .inv-cmp-reading").all_inner_texts()

    def rows_called(self, name):
        return self.row(name)
