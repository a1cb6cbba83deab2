"""A workshop that is really open, on both engines: its pages, its process, its end."""

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import inv_widgets as inv
from inv_widgets.workshop import Server, serve
from inv_widgets.workshop.engines import environment_of, installed

NEEDED = {"solara": "solara", "voila": "voila"}


@pytest.fixture(scope="module")
def run_file(tmp_path_factory):
    """A run of two pictures of three classes."""
    from inv_widgets import datasets

    file = tmp_path_factory.mktemp("workshop") / "run.parquet"
    pictures = [sample.picture for sample in datasets.fashion()][:2]
    inv.explain_many(inv.Classifier.demo("fashion"), pictures, layers="last 1", out=file)
    return file


@pytest.fixture(scope="module")
def workshop(run_file, tmp_path_factory):
    """A workshop on Solara."""
    place = tmp_path_factory.mktemp("store") / "labels.db"
    with serve(run_file, store=place, host="127.0.0.1", port=0, title="Guess <b>what</b>", key="a-key") as server:
        yield server


def fetched(address, **headers):
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
        return answer.status, dict(answer.headers), answer.read()


def test_the_links_lead_to_pages(workshop):
    assert workshop.running
    assert workshop.link == f"http://127.0.0.1:{workshop.port}/"
    assert workshop.host_link == f"{workshop.link}host?key=a-key"
    assert workshop.qr.link == workshop.link
    assert repr(workshop) == f"Server({workshop.link!r}, open)"
    assert workshop.host_link in workshop._repr_html_()
    for link in (workshop.link, workshop.host_link):
        status, headers, page = fetched(link)
        assert status == 200
        assert "solara-session-id" in headers["set-cookie"]
        assert b"solara.dev" not in page
        assert b"a-key" not in page


def test_pages_ask_for_nothing_elsewhere(workshop):
    page = fetched(workshop.link)[2].decode()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]+', page)
    paths = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css|png|svg)[^"]*)"', page)
    assert len(paths) > 5
    for path in paths:
        assert fetched(workshop.link[:-1] + path)[0] == 200


def test_front_ends_come_by_http_once(workshop):
    status, headers, script = fetched(f"{workshop.link}inv-widgets/reveal_game.js", **{"Accept-Encoding": "gzip"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["content-type"].startswith("text/javascript")
    again = urllib.request.Request(
        f"{workshop.link}inv-widgets/reveal_game.js", headers={"If-None-Match": headers["etag"]}
    )
    with pytest.raises(urllib.error.HTTPError, match="304"):
        urllib.request.urlopen(again, timeout=30)
    assert script


@pytest.mark.parametrize("path", ["resourcez", "_solara/api/evict/x", "inv-widgets/secrets.js", "inv-widgets/page.js"])
def test_what_is_no_player_s_business_is_not_served(workshop, path):
    with pytest.raises(urllib.error.HTTPError, match=r"404|405"):
        fetched(workshop.link + path)


def test_serving_needs_neither_torch_nor_sklearn(workshop):
    """Of the real process: what it has mapped."""
    maps = Path(f"/proc/{workshop.pid}/maps")
    if not maps.exists():
        pytest.skip("only Linux tells what a process has loaded")
    mapped = maps.read_text()
    assert "numpy" in mapped
    assert "/torch/" not in mapped
    assert "/sklearn/" not in mapped


def test_the_pages_module_needs_neither_torch_nor_sklearn():
    code = (
        "import sys\nimport inv_widgets.workshop.solara_engine, inv_widgets.widgets.host_desk\n"
        "print(sorted({'torch', 'sklearn', 'torchvision', 'captum'} & set(sys.modules)))"
    )
    root = str(Path(__file__).parents[3])
    environment = os.environ | environment_of("solara") | {"PYTHONPATH": root}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_voila_s_kernel_needs_neither_torch_nor_sklearn(run_file, tmp_path):
    from inv_widgets.workshop.plan import Plan
    from inv_widgets.workshop.voila_page import VARIABLE

    plan = Plan(run_file, str(tmp_path / "labels.db"), "a-key", language="it")
    code = (
        "import os, sys\nfrom inv_widgets.workshop.voila_page import page\n"
        "shown = page()\nprint(type(shown).__name__, sorted({'torch', 'sklearn'} & set(sys.modules)),"
        " sorted(name for name in os.environ if 'WORKSHOP' in name))"
    )
    root = str(Path(__file__).parents[3])
    for query, name in (("", "RevealGame"), ("key=wrong", "RevealGame"), ("key=a-key", "HostDesk")):
        environment = os.environ | {VARIABLE: plan.to_json(), "QUERY_STRING": query, "PYTHONPATH": root}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        assert done.stdout.strip() == f"{name} [] []"


def test_a_voila_page_without_a_workshop_is_answered(monkeypatch):
    from inv_widgets.workshop import voila_page

    monkeypatch.delenv(voila_page.VARIABLE, raising=False)
    with pytest.raises(RuntimeError, match="inv-widgets play"):
        voila_page.page()


def test_voila_opens_and_ends(run_file, tmp_path):
    with serve(run_file, store=tmp_path / "labels.db", host="127.0.0.1", port=0, engine="voila", key="k") as server:
        assert server.host_link == f"{server.link}?key=k"
        page = fetched(server.link)[2].decode()
        assert re.search(r'"kernelId":\s*"\w', page)
        assert "inv_widgets" not in page  # no code in sight
        assert not re.findall(r'<(?:script|link)[^>]+(?:src|href)="https?://[^"]+', page)
    assert not server.running


def test_the_end_is_clean_and_the_store_stays(run_file, tmp_path):
    place = tmp_path / "labels.db"
    server = serve(run_file, store=place, host="127.0.0.1", port=0)
    port, pid = server.port, server.pid
    start = time.perf_counter()
    server.stop()
    server.stop()  # twice is no harm
    assert time.perf_counter() - start < 20
    assert not server.running
    assert repr(server).endswith("ended)")
    assert "ended" in server._repr_html_()
    assert not Path(f"/proc/{pid}").exists()
    assert server._log.closed
    assert place.is_file()
    assert not Path(f"{place}-wal").exists()
    with serve(run_file, store=place, host="127.0.0.1", port=port) as again:  # the port is free at once
        assert again.port == port


def test_it_ends_with_who_opened_it_and_leaves_nothing_behind(run_file, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code = (
        "import os, sys\nfrom inv_widgets.workshop import serve\n"
        f"server = serve({str(run_file)!r}, store={str(tmp_path / 'labels.db')!r}, host='127.0.0.1', port=0)\n"
        "print(server.pid, flush=True)\nos._exit(0)"
    )
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": root, "TMPDIR": str(temporary)},
    )
    pid = int(done.stdout)
    deadline = time.perf_counter() + 60
    while Path(f"/proc/{pid}/stat").exists() and not _zombie(pid):
        assert time.perf_counter() < deadline, "the workshop is still open"
        time.sleep(0.1)
    assert not list(temporary.iterdir())


def _zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_process_that_dies_is_told(run_file, tmp_path):
    import signal

    server = serve(run_file, store=tmp_path / "labels.db", host="127.0.0.1", port=0)
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match=r"ended by itself \(status -9\)"):
        server.wait()
    server.stop()


def test_games_and_runs_in_memory_are_played_with_their_rules(run_file, tmp_path):
    run = inv.load(run_file)
    in_memory = inv.Run if hasattr(inv, "Run") else type(run)
    game = inv.Game(in_memory(list(run)), tmp_path / "labels.db", inv.Rules(rounds=3, title="Mine"))
    seen = []

    class Told(Exception):  # noqa: N818
        pass

    def told(self, plan, keep=None):
        seen.append((plan, inv.load(plan.run)))
        keep.close()
        raise Told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Server, "__init__", told)
        with pytest.raises(Told):
            serve(game, port=0, seconds=30)
    game.store.close()
    plan, played = seen[0]
    assert len(played) == len(run)
    assert not plan.run.exists()  # it was for the workshop only
    assert (plan.rules.rounds, plan.rules.seconds, plan.rules.title) == (3, 30.0, "Mine")
    assert plan.store.endswith("labels.db")
    assert len(plan.key) >= 12


def test_what_is_refused_leaves_no_run_behind(run_file, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run = inv.load(run_file)
    with pytest.raises(ValueError, match="rounds=-1"):
        serve(run[:1], store=tmp_path / "labels.db", rounds=-1)
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_in_a_file_is_served_from_it(run_file, tmp_path):
    from inv_widgets.workshop import server

    keep = contextlib.ExitStack()
    game = inv.Game(inv.load(run_file), tmp_path / "labels.db")
    for source in (game, inv.load(run_file), str(run_file)):
        assert server._sources(source, None, keep)[0] == run_file.resolve()
    game.store.close()
    # A part of it is another run.
    part, _, _ = server._sources(inv.load(run_file)[:1], tmp_path / "other.db", keep)
    assert part != run_file.resolve()
    assert len(inv.load(part)) == 1
    keep.close()


def test_a_run_in_a_folder_or_behind_a_url_is_served_from_a_file_here(run_file, tmp_path):
    from inv_widgets.analysis.distributed_folder import PartsFolder
    from inv_widgets.workshop import server

    run = inv.load(run_file)
    folder, url = tmp_path / "folder", "memory://workshop/run.parquet"
    parts = PartsFolder(folder, {}, resume=False)
    run.save(folder / "parts" / "part.parquet")
    rows = [(f"{place:10d}".encode(), *names) for place, names in enumerate(run.keys)]
    parts.add("part.parquet", rows)
    parts.commit([(entry, picture) for entry, picture, _ in rows], {})
    run.save(url)
    with contextlib.ExitStack() as keep:
        for source in (folder, str(folder), inv.load(folder), url, inv.load(url)):
            file, _, _ = server._sources(source, tmp_path / "labels.db", keep)
            assert list(inv.load(file)) == list(run)


def test_a_password_reaches_the_process_and_nobody_else():
    from inv_widgets.workshop import server

    address = "postgresql+psycopg://me:secret@localhost/db"
    assert server._place(address) == address


@pytest.mark.parametrize(
    ("arguments", "kind", "answer"),
    [
        ({"engine": "flask"}, ValueError, "give 'solara' or 'voila'"),
        ({"seconds_": 3}, TypeError, "no argument 'seconds_'. Did you mean 'seconds'"),
        ({"rounds": 0}, ValueError, "rounds=0"),
        ({"categories": ["zebra"]}, ValueError, "none of the 1 categories"),
        ({"port": 99_999}, OSError, "from 0 to 65535"),
    ],
)
def test_what_cannot_be_served_is_answered(run_file, tmp_path, arguments, kind, answer):
    with pytest.raises(kind, match=r"\[inv-widgets\] .*" + re.escape(answer)):
        serve(run_file, **{"store": tmp_path / "labels.db", "host": "127.0.0.1", "port": 0} | arguments)


def test_a_run_or_a_store_that_is_not_there_is_answered(run_file, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no run .*nope\.parquet"):
        serve(tmp_path / "nope.parquet", store=tmp_path / "labels.db")
    (tmp_path / "text.db").write_text("no database at all, " * 100)
    with pytest.raises(Exception, match=r"\[inv-widgets\] .*text\.db"):
        serve(run_file, store=tmp_path / "text.db", host="127.0.0.1", port=0)


@pytest.mark.parametrize("engine", NEEDED)
def test_an_engine_that_is_not_installed_is_answered(engine, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "inv_widgets.workshop.engines.find_spec",
        lambda name: None if name.split(".")[0] == NEEDED[engine] else found(name),
    )
    with pytest.raises(ModuleNotFoundError, match=rf"needs {NEEDED[engine]}.*pip install \"inv-widgets\["):
        installed(engine)
