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
