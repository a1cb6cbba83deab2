"""What a workshop plays and where: all that the serving process has to know, as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.play.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inv_widgets.play.game import Game

__all__ = ["ENGINES", "TOLD", "Plan"]

ENGINES = ("solara", "voila")

TOLD = (FileNotFoundError, ModuleNotFoundError, OSError, TypeError, ValueError)
"""Errors of the serving process that who opened the workshop gets as they are; of any other its words."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A workshop before it opens.

    Parameters
    ----------
    run
        The run's file.
    store
        The label store's file or URL (with its password).
    key
        Opens the host's page.
    host, port
        Where to listen.
    engine
        ``"solara"``: one process for all players; ``"voila"``: one a player.
    rules
        Rules of the game that differ from the defaults.
    language
        Of the pages, until a player chooses another: ``"en"`` or ``"it"``.
    """

    run: Path
    store: str
    key: str
    host: str = "0.0.0.0"  # noqa: S104 (players come from other machines)
    port: int = 8765
    engine: str = "solara"
    rules: Rules = field(default_factory=Rules)
    language: str = "en"

    def game(self) -> Game:
        """Open the run and the store.

        Raises
        ------
        OSError, ValueError
            If the run or the store cannot be used.
        """
        from inv_widgets.play.game import Game
        from inv_widgets.run import load
        from inv_widgets.store.label_store import LabelStore

        return Game(load(self.run), LabelStore(self.store), rules=self.rules)

    def to_json(self) -> str:
        """Write one line."""
        plan = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return json.dumps(plan | {"run": str(self.run), "rules": _plain(self.rules)})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what :meth:`to_json` wrote."""
        plan: dict[str, Any] = json.loads(text)
        return cls(**plan | {"run": Path(plan["run"]), "rules": _rules(plan["rules"])})


def _plain(rules: Rules) -> dict[str, Any]:
    """Give the rules that differ from the defaults as what JSON has."""
    default = Rules()
    changed = {
        one.name: value
        for one in dataclasses.fields(rules)
        if (value := getattr(rules, one.name)) != getattr(default, one.name)
    }
    if "points" in changed:
        changed["points"] = dataclasses.asdict(rules.points)
    if "truth" in changed:
        changed["truth"] = dict(rules.truth)
    return changed


def _rules(plain: Mapping[str, Any]) -> Rules:
    rules = dict(plain)
    if "points" in rules:
        from inv_widgets.game.scoring import Points

        rules["points"] = Points(**rules["points"])
    return Rules(**rules)
