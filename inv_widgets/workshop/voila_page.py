"""What a player's kernel runs on Voilà: the game, or with the host's key the host's desk."""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from inv_widgets.workshop.addresses import web_address
from inv_widgets.workshop.plan import Plan

if TYPE_CHECKING:
    from inv_widgets.widgets.base import Widget

__all__ = ["VARIABLE", "page"]

VARIABLE = "INV_WIDGETS_WORKSHOP"
"""The environment variable that holds the plan."""


def page() -> Widget:
    """Make what this visitor sees.

    Raises
    ------
    RuntimeError
        Where no workshop is open: this runs in kernels that ``inv-widgets play`` starts.
    """
    text = os.environ.pop(VARIABLE, None)
    if text is None:
        raise RuntimeError("[inv-widgets] No workshop is open here: start one with `inv-widgets play`.")
    plan = Plan.from_json(text)
    given = parse_qs(os.environ.get("QUERY_STRING", "")).get("key", [""])[0]
    game = plan.game()
    if plan.key and hmac.compare_digest(given.encode(), plan.key.encode()):
        from inv_widgets.widgets.host_desk import HostDesk

        return HostDesk(game, link=web_address(plan.host, plan.port), language=plan.language)
    from inv_widgets.widgets.reveal_game import RevealGame
    from inv_widgets.widgets.state import State

    return RevealGame(game, state=State(language=plan.language), withhold=False)
