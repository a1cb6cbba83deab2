"""Workshops: a class plays the reveal game in its browsers, with no code in sight.

:func:`serve` opens one from Python; ``inv-widgets play`` does so from a shell. The pages are served by a process of
their own (:mod:`~inv_widgets.workshop.child`), with Solara (one process for all players) or Voilà (one a player).
"""

from inv_widgets.workshop.server import Server, serve

__all__ = ["Server", "serve"]
