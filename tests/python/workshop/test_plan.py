"""What the serving process is told."""

from pathlib import Path

from inv_widgets.game.scoring import Points
from inv_widgets.play.rules import Rules
from inv_widgets.workshop.plan import Plan


def test_a_plan_comes_through_a_pipe():
    rules = Rules(
        retire_after=3, gold=("cat.png", "0123"), gold_every=4, rounds=10, seconds=60.5, choices=4,
        categories=("à la carte", "b\n"), truth={"cat.png": "b\n"}, features_required=False, leaderboard=False,
        title="Ciò", consent="I agree.\nReally.", points=Points(most=50, streak_bonus=1), seed=7,
    )  # fmt: skip
    plan = Plan(Path("a run.parquet"), "postgresql+psycopg://me:pass word@host/db", "key", rules=rules, language="it")
    text = plan.to_json()
    assert "\n" not in text
    assert Plan.from_json(text) == plan


def test_rules_that_are_not_given_are_the_defaults():
    plan = Plan(Path("run.parquet"), "labels.db", "key")
    assert '"rules": {}' in plan.to_json()
    assert Plan.from_json(plan.to_json()).rules == Rules()
