"""A GlobalChart on a page, in the words of the person who uses it."""

import re

from playwright.sync_api import expect


class ChartView:
    """A GlobalChart on a page, in the words of the person who uses it."""

    def __init__(self, scope):
        self.page = scope.page
        self.root = scope.locator(".inv-global")

    def ready(self):
        expect(self.root.locator(".inv-vega[data-state=drawn] svg")).to_be_visible(timeout=120_000)
        return self

    def options(self):
        return self.root.locator(".inv-chart-labels [role=option]")

    def option(self, label):
        return self.options().and_(self.root.get_by_role("option", name=re.compile(rf"^{label},")))

    def highlighted(self):
        return self.root.locator("[role=option][data-highlighted=true]").all_inner_texts()

    def bars(self, label):
        """The bars of a label, as Vega names them for screen readers."""
        return self.root.locator(f'.inv-vega path[aria-label*="label: {label};"][aria-roledescription="bar"]')

    def examples(self):
        return self.root.get_by_role("region", name=re.compile("^Examples of"))

    def show(self, view):
        """Choose a view, and wait until it stands."""
        self.root.get_by_role("radio").nth(("labels", "trends", "layers").index(view)).click()
        expect(self.root.locator(f".inv-chart[data-view={view}] .inv-vega[data-state=drawn]")).to_be_visible()
        expect(self.root.locator(".inv-vega")).to_have_count(1)
        return self

    def range_ends(self):
        """The two controls for the layers that are brushed: first and last."""
        return self.root.locator(".inv-range select")

    def range_told(self, words):
        return self.root.get_by_role("status").filter(has_text=words)

    def cell(self, label, layer):
        """A cell of the table of labels and layers, as Vega names it for screen readers."""
        return self.root.locator(f'.inv-vega path[aria-label*="label: {label};"][aria-label*="layer: {layer};"]')

    def drag(self, start, end, *, release=True):
        """Drag from the middle of one mark to that of another."""
        start.hover(force=True, trial=True)  # into sight; tries again where the chart draws itself anew
        boxes = [each.bounding_box() for each in (start, end)]
        points = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        self.page.mouse.move(*points[1], steps=12)
        if release:
            self.page.mouse.up()
