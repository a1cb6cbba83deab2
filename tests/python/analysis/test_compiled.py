"""Compiled loops: kept on disk, by several processes at once, where nothing can be written, and without numba."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import inv_widgets as inv
from inv_widgets.analysis import batches
from inv_widgets.analysis import compiled as compiled_module
from inv_widgets.analysis.compiled import compiled

ROOT = Path(inv.__file__).parents[1]
LOOP = """
import sys
import numpy as np
def total(values):
    result = 0.0
    for i in range(len(values)):
        result += values[i]
    return result
"""
USE = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from loops import total
from inv_widgets.analysis.compiled import compiled, told_of_compiling
told = []
with told_of_compiling(lambda: told.append(1)):
    loop = compiled(total, "float64(float64[::1])")
assert loop(np.arange(5.0)) == 10
print(sum(loop.stats.cache_hits.values()), sum(loop.stats.cache_misses.values()), len(told))
"""


def total(values):
    result = 0.0
    for i in range(len(values)):
        result += values[i]
    return result


def untyped(values):
    return values.no_such_method()


def use(folder, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", USE, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(processes):
    for process in processes:
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        yield out.split()


def test_processes_that_compile_at_once_leave_what_the_next_one_loads(tmp_path):
    (tmp_path / "loops.py").write_text(LOOP)
    kept = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    list(answers([use(tmp_path, **kept) for _ in range(3)]))
    assert list(answers([use(tmp_path, **kept)])) == [["1", "0", "0"]]  # nothing is compiled
    assert not list(tmp_path.rglob("*.tmp.*"))


def test_a_damaged_file_on_disk_is_compiled_anew(tmp_path):
    (tmp_path / "loops.py").write_text(LOOP)
    kept = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    list(answers([use(tmp_path, **kept)]))
    for pattern, left in (("*.nbc", 100), ("*.nbi", 0)):
        (file,) = tmp_path.rglob(pattern)
        whole = file.read_bytes()
        file.write_bytes(whole[:left])
        list(answers([use(tmp_path, **kept)]))
        file.write_bytes(whole)


def test_where_nothing_can_be_written_it_is_compiled_for_the_process(tmp_path):
    # Files where each of the folders of compiled code would be: root may write anywhere else.
    (tmp_path / "loops.py").write_text(LOOP)
    for name in ("taken", "__pycache__"):
        (tmp_path / name).write_text("")
    below = str(tmp_path / "taken" / "below")
    nowhere = {"NUMBA_CACHE_DIR": below, "XDG_CACHE_HOME": below, "HOME": below, "PYTHONDONTWRITEBYTECODE": "1"}
    assert [(hits, told) for hits, _, told in answers([use(tmp_path, **nowhere)])] == [("0", "1")]
    assert not list(tmp_path.rglob("*.nb?"))


def test_the_bar_says_what_it_waits_for_while_loops_are_compiled(monkeypatch):
    shown = []

    class Bar(batches.tqdm):
        def refresh(self, *args, **options):
            shown.append((self.desc, self.n))
            return super().refresh(*args, **options)

        def close(self):
            shown.append((self.desc, self.n))
            super().close()

    made = batches.outcomes

    def outcomes(*args, **options):
        for tell in compiled_module._told:
            tell()
        return made(*args, **options)

    monkeypatch.setattr(batches, "tqdm", Bar)
    monkeypatch.setattr(batches, "outcomes", outcomes)
    inv.explain_many(inv.Classifier.demo("fashion"), [inv.datasets.fashion()[3]], layers="last 1")
    assert [desc for desc, done in shown if not done][-1].startswith("Compiling the analysis, once for this machine")
    assert [desc for desc, done in shown if done][-1].startswith("Explaining")
    assert not compiled_module._told


def test_without_numba_explanations_are_made_too(monkeypatch):
    net, picture = inv.Classifier.demo("fashion"), inv.datasets.fashion()[3]
    with_numba = inv.explain(net, picture, layers="last 3")
    compiled_module._compiled.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    try:
        assert compiled(total, "float64(float64[::1])") is None
        without = inv.explain(net, picture, layers="last 3")
    finally:
        compiled_module._compiled.cache_clear()
    for one, two in zip(with_numba.columns, without.columns, strict=True):
        assert one.total_weight == pytest.approx(two.total_weight, rel=1e-6)
        assert max(two.silhouettes.values()) == pytest.approx(max(one.silhouettes.values()), abs=0.25)
        np.testing.assert_allclose(one.weighted_sum, two.weighted_sum, rtol=1e-4, atol=1e-4)


def test_what_this_numba_does_not_compile_is_left_to_numpy(caplog):
    caplog.set_level("INFO")
    assert compiled(untyped, "float64(float64[::1])") is None
    assert "untyped cannot be compiled" in caplog.text


def test_the_compiled_loop_is_the_loop():
    values = np.random.default_rng(0).normal(size=1000)
    loop = compiled(total, "float64(float64[::1])")
    assert loop is compiled(total, "float64(float64[::1])")
    assert loop(values) == pytest.approx(total(values), rel=1e-12)
