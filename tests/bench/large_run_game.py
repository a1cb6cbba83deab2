"""A game on a large run: what it takes to begin, a round, the host's desk, labels, chart, workspace and workshop.

Prints JSON for ``bench_browser_large_run.py``: milliseconds by step (wall, and CPU of this process), resident memory.
Rounds are simulated: three players on a part of 500 pictures.

    python tests/bench/large_run_game.py RUN.parquet FOLDER [game | labels | workspace | workshop]
"""

import datetime as dt
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from sqlalchemy import insert

import inv_widgets as inv
from inv_widgets.play.game import Game
from inv_widgets.run import Run
from inv_widgets.store import schema

PICTURES, PLAYERS = 500, 3


class Steps:
    """Times steps, and says what is resident after each."""

    def __init__(self):
        self.found = {"memory before": memory()}

    def __call__(self, name, work):
        start, busy = time.perf_counter(), time.process_time()
        result = work()
        self.found[name] = 1000 * (time.perf_counter() - start)
        self.found[f"{name}, CPU"] = 1000 * (time.process_time() - busy)
        self.found[f"memory: {name}"] = memory()
        return result

    def tell(self):
        self.found["memory: peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(self.found))


def memory(process="self"):
    """Resident, in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def game(path, folder):
    step = Steps()
    made = step("inv.Game(path), a new store", lambda: Game(path, folder / "new.db"))
    step("  and again, on that store", lambda: Game(path, made.store))
    view = step("inv.RevealGame, to the first round", lambda: inv.RevealGame(made, player="simulated"))

    def play():
        answer(view.seat)
        view.seat.handle({"kind": "next"})

    play()
    step("a round: the answer, and the next one chosen", play)
    step("inv.HostDesk", lambda: inv.HostDesk(made))
    step.found["the store"] = (folder / "new.db").stat().st_size / 1e6
    step.tell()


def answer(seat):
    message = {
        "kind": "answer", "round": seat.screen["round"], "guess": seat.game.categories[0], "resigned": False,
        "labels": ["wheel", "door"], "language": "en", "actions": [], "seconds": 4.0,
    }  # fmt: skip
    assert seat.handle(message).get("saved")


def labels(path, folder):
    store = inv.LabelStore(folder / "played.db")
    fill(Game(path, store))
    step = Steps()
    labelled = step(f"inv.label, rounds on {PICTURES} of the pictures", lambda: inv.label(path, store))
    summary = step("inv.summarize", lambda: inv.summarize(labelled, progress=False))
    step("inv.GlobalChart", lambda: inv.GlobalChart(summary))
    step.tell()


def fill(made):
    """Simulate players on a cluster map of each of the first pictures: two words of fifty each, some right guesses."""
    now, random = dt.datetime.now(dt.timezone.utc), np.random.default_rng(0)
    maps = [made.maps[one] for one in first_ids(made)]
    people = [
        {
            "id": f"p{one}", "store": made.store.id, "nickname": f"simulated {one}", "nickname_key": f"simulated {one}",
            "language": "en", "on_leaderboard": True, "created_at": now,
        }
        for one in range(PLAYERS)
    ]  # fmt: skip
    records = [{name: getattr(one.record, name) for name in one.record.__slots__} for one in maps]
    links = [{"run_id": made.run_id, "cluster_map_id": one["id"]} for one in records]
    rounds, said = [], []
    for one in maps:
        for player in people:
            step, name = int(random.integers(0, 6)), f"round{len(rounds)}"
            rounds.append({
                "id": name, "run_id": made.run_id, "cluster_map_id": one.record.id, "player_id": player["id"],
                "status": "answered", "gold": False, "times_seen": 0, "step": step, "steps": 6, "share": 4.5,
                "guess": one.truth, "truth": one.truth, "outcome": "won", "points": 50, "language": "en",
                "seconds": 5.0, "started_at": now, "answered_at": now, "leased_until": now, "labels_version": 1,
                "app_version": "0",
            })  # fmt: skip
            for k, word in enumerate(random.choice(WORDS, 2, replace=False).tolist()):
                said.append({
                    "round_id": name, "version": 1, "position": k, "text": word, "language": "en",
                    "after_reveal": False, "written_at": now,
                })  # fmt: skip
    tables = (schema.cluster_maps, schema.run_cluster_maps, schema.players, schema.rounds, schema.labels)
    with made.store.database.writing(alone=True) as connection:
        for table, rows in zip(tables, (records, links, people, rounds, said), strict=True):
            connection.execute(insert(table), rows)


def first_ids(made):
    outline = made.maps.outline
    places = np.linspace(0, len(outline) - 1, min(PICTURES, len(outline))).astype(int)
    return [outline.cluster_map(outline.starts[place]).id for place in places]


WORDS = [f"{what} {part}" for what in ("round", "long", "dark", "bright", "red") for part in (
    "wheel", "door", "window", "roof", "wing", "beak", "eye", "ear", "nose", "tail"
)]  # fmt: skip


def workspace(path, folder):
    step = Steps()
    made = step(
        "inv.Workspace(path), a new store",
        lambda: inv.Workspace(path, store=folder / "own.db", player="simulated", synonyms=folder / "synonyms.csv"),
    )
    made.wait()

    def play():
        answer(made.game.seat)
        made.wait()

    play()
    made.game.seat.handle({"kind": "next"})
    step("  a round's answer, until labels and chart follow", play)
    made.close()
    step.tell()


def workshop(path, folder):
    from inv_widgets.workshop.server import serve

    step = Steps()
    open_ = lambda: serve(path, store=folder / "shop.db", host="127.0.0.1", port=0)  # noqa: E731
    server = step("the workshop's server, until players can join", open_)
    step.found["memory: its process"] = memory(server.pid)
    server.stop()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    step.found["the workshop's server, until players can join, CPU"] = 1000 * (used.ru_utime + used.ru_stime)
    step.tell()


if __name__ == "__main__":
    inv.Explorer(Run([]))  # imports, and the front end is read
    inv.Workspace, inv.GlobalChart  # noqa: B018 (imports)
    path, folder = Path(sys.argv[1]), Path(sys.argv[2])
    inv.LabelStore(folder / f"{sys.argv[3]}.db").close()
    {"game": game, "labels": labels, "workspace": workspace, "workshop": workshop}[sys.argv[3]](path, folder)
