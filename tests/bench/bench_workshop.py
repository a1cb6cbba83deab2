"""A workshop under load: 300 simulated players on Solara, then 50 on Voila, through real HTTP and websockets.

    python tests/bench/bench_workshop.py [--players 300] [--voila 50] [--seconds 120] [--join 30]

Each simulated player acts every 8 s on average. Server and simulated players share this machine's cores. Ends with
status 1 where a target is missed.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from simulated_players import Behaviour, Player, Tally, open_solara, open_voila

from inv_widgets.workshop import serve

TARGETS = {"median": 0.5, "p95": 2.0, "mb": 10.0}

MAKE_RUN = """
import sys
import inv_widgets as inv
network = inv.Classifier.demo("fashion")
pictures = [sample.picture for sample in inv.datasets.fashion()][:50]
inv.explain_many(network, pictures, layers="*", out=sys.argv[1])
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--players", type=int, default=300, help="on Solara; 0: leave it out")
    parser.add_argument("--voila", type=int, default=50, help="on Voila; 0: leave it out")
    parser.add_argument("--seconds", type=float, default=120, help="of play after all have joined")
    parser.add_argument("--join", type=float, default=30, help="seconds in which all join")
    parser.add_argument("--voila-join", type=float, default=240, help="a kernel takes seconds of CPU to start")
    parser.add_argument("--cold", action="store_true", help="players come while masked pictures are still being made")
    parser.add_argument("--run", type=Path, help="a run (default: Fashion-MNIST pictures, made once and kept)")
    parser.add_argument("--store", help="a database's URL (default: a new SQLite file)")
    options = parser.parse_args()
    run = options.run or demo_run()
    print(
        f"{os.cpu_count()} cores, shared by the server and the simulated players; run: {run.name}, "
        f"{cluster_maps(run)} cluster maps. All players below are simulated."
    )
    if (load := os.getloadavg()[0]) > 1:
        print(f"Other programs use this machine (load {load:.1f}): the times below include waiting for them.")
    rows = []
    for engine, n, join in (
        ("solara", options.players, options.join),
        ("voila", options.voila, options.voila_join),
    ):
        if n:
            rows.append(bench(engine, n, join, run, options))
    print(table(rows))
    missed = [words for row in rows for words in row["missed"]]
    for words in missed:
        print(f"MISSED  {words}")
    return 1 if missed else 0


def demo_run():
    """The run of the bench, made by the demo network once and kept among temporary files."""
    file = Path(tempfile.gettempdir(), "inv-widgets-bench", "fashion.parquet")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-c", MAKE_RUN, str(file)], check=True)
    return file


def cluster_maps(run):
    import pyarrow.parquet as pq

    return pq.ParquetFile(run).metadata.num_rows


def bench(engine, n, join, run, options):
    with tempfile.TemporaryDirectory() as folder:
        place = options.store or str(Path(folder, "labels.db"))
        start = time.perf_counter()
        with serve(run, store=place, host="127.0.0.1", port=0, engine=engine, title="Bench") as server:
            print(f"\n{engine}: open after {time.perf_counter() - start:.1f} s", flush=True)
            row = asyncio.run(played(engine, server, n, join, options.seconds, cold=options.cold))
        row.update(stored(place, row.pop("tally")))
    row["missed"] = missed(row)
    return row


async def played(engine, server, n, join, seconds, *, cold=False):
    opener = open_solara if engine == "solara" else open_voila
    pid = server.pid
    # What the server has when it has shown its pages once and is at rest is its own memory.
    await visited(opener, server.link)
    waited = 0 if cold else await at_rest(pid)
    before = memory(pid)
    print(f"at rest after {waited:.0f} s with {before:.0f} MB; {n} simulated players join in {join:.0f} s", flush=True)

    tally, chance = Tally(), Behaviour()
    begun = time.perf_counter()
    cpu_before, own_before = cpu_seconds(pid), time.process_time()
    until = begun + join + seconds
    players = [Player(i, server.link, opener, tally, chance) for i in range(n)]
    tasks = [asyncio.create_task(one.play(join * i / n, until)) for i, one in enumerate(players)]
    lags, peak = [], before
    while time.perf_counter() < until:
        asked = time.perf_counter()
        await asyncio.sleep(1.0)
        lags.append(time.perf_counter() - asked - 1.0)
        peak = max(peak, memory(pid))
    await asyncio.gather(*tasks)
    wall = time.perf_counter() - begun
    cpu, own = cpu_seconds(pid) - cpu_before, time.process_time() - own_before
    with_all = memory(pid)
    print(
        f"server: {cpu / wall:.2f} cores, {with_all:.0f} MB (at most {peak:.0f}); simulated players: {own / wall:.2f} "
        f"cores, late by at most {max(lags):.2f} s; {tally.bytes_received / 1e6:.0f} MB received; "
        f"{tally.reconnected} lost connections, {tally.again} answers sent twice, {tally.retries} retries",
        flush=True,
    )
    print(waits_by_kind(tally))
    for error in tally.errors[:10]:
        print(f"  error: {error}")
    await asyncio.gather(*(one.leave() for one in players))
    everything = [wait for waits in tally.waits.values() for _, wait in waits]
    return {
        "engine": engine, "players": n, "joined": len(tally.joins), "join": percentile(tally.joins, 50),
        "actions": len(everything), "median": percentile(everything, 50), "p95": percentile(everything, 95),
        "max": max(everything, default=float("nan")), "mb": (with_all - before) / n, "errors": len(tally.errors),
        "tally": tally,
    }  # fmt: skip


async def visited(opener, link):
    kernel = await opener(link, Tally())
    await kernel.close()


async def at_rest(pid, longest=240):
    """Wait until the server has nothing to do: masked pictures are made in advance."""
    start = time.perf_counter()
    while time.perf_counter() - start < longest:
        used = cpu_seconds(pid)
        await asyncio.sleep(3)
        if cpu_seconds(pid) - used < 0.15:
            break
    return time.perf_counter() - start


def family(pid):
    """The ids of a process and of all that it started."""
    children = {}
    for place in Path("/proc").iterdir():
        if place.name.isdecimal() and (fields := stat(place.name)):
            children.setdefault(int(fields[1]), []).append(int(place.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def stat(pid):
    """What the system says of a process, after its name; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def memory(pid):
    """Resident memory of a process and its children, in MB."""
    pages = sum(int(fields[21]) for one in family(pid) if (fields := stat(one)))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(pid):
    ticks = 0
    for one in family(pid):
        fields = stat(one)
        ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def stored(place, tally):
    """Compare what was acknowledged with what is in the store."""
    from inv_widgets.store.label_store import LabelStore

    with LabelStore(place) as store:
        rounds = store.rounds()
    answered = rounds[rounds.status == "answered"]
    names = set(answered["round"])
    return {
        "acknowledged": len(tally.saved),
        "stored": len(answered),
        "lost": len(tally.saved - names),
        "unasked": len(names - tally.sent),
        "doubled": int(answered.duplicated(["player_id", "cluster_map"]).sum()) + len(answered) - len(names),
    }


def missed(row):
    said = f"{row['engine']}, {row['players']} simulated players:"
    misses = []
    if row["joined"] < row["players"] or row["errors"]:
        misses.append(f"{row['joined']} joined, {row['errors']} errors")
    if row["lost"] or row["doubled"] or row["unasked"]:
        misses.append(f"{row['lost']} lost, {row['doubled']} doubled, {row['unasked']} that nobody sent")
    if row["engine"] == "solara":
        for name, words in (("median", "median answer"), ("p95", "95th percentile"), ("mb", "MB a player")):
            if not row[name] <= TARGETS[name]:
                misses.append(f"{words} {row[name]:.2f}, target {TARGETS[name]:g}")
    return [f"{said} {words}" for words in misses]


def waits_by_kind(tally):
    lines = [f"  {'message':<12} {'n':>6} {'median':>8} {'95 %':>8} {'max':>8}   (seconds, simulated players)"]
    for kind, waits in sorted(tally.waits.items()):
        values = [wait for _, wait in waits]
        numbers = (percentile(values, 50), percentile(values, 95), max(values))
        lines.append(f"  {kind:<12} {len(values):>6} " + " ".join(f"{value:>8.3f}" for value in numbers))
    joins = tally.joins or [float("nan")]
    numbers = (percentile(joins, 50), percentile(joins, 95), max(joins))
    lines.append(f"  {'(joining)':<12} {len(tally.joins):>6} " + " ".join(f"{value:>8.3f}" for value in numbers))
    return "\n".join(lines)


def percentile(values, share):
    """The smallest value that at least `share` per cent of the values do not exceed."""
    if not values:
        return float("nan")
    return sorted(values)[max(0, -(-len(values) * share // 100) - 1)]


def table(rows):
    head = [
        "engine", "simulated players", "joined", "actions", "median s", "95 % s", "max s", "MB a player",
        "acknowledged", "in the store", "lost", "doubled",
    ]  # fmt: skip
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = [
            row["engine"], row["players"], row["joined"], row["actions"], f"{row['median']:.3f}", f"{row['p95']:.3f}",
            f"{row['max']:.3f}", f"{row['mb']:.1f}", row["acknowledged"], row["stored"], row["lost"], row["doubled"],
        ]  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n" + "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
