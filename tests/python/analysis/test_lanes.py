"""The loop over sixteen points side by side, as it is compiled for processors with narrow registers."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite import binding

import inv_widgets as inv

ROOT = Path(inv.__file__).parents[1]
INTEL = platform.machine().lower() in {"x86_64", "amd64"}
AVX2 = pytest.mark.skipif(not (INTEL and binding.get_host_cpu_features()["avx2"]), reason="needs a processor with AVX2")
LOOP = """
from inv_widgets.analysis.lanes import forces
def run(goal, x, y, block, sums):
    forces(goal, x, y, block, sums)
"""
USE = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from run_forces import run
from inv_widgets.analysis import lanes
from inv_widgets.analysis.compiled import compiled
loop = compiled(run, "void(float32[:,:,::1], float32[::1], float32[::1], int64, float32[:,::1])", lanes.register)
random = np.random.default_rng(0)
goal = random.random((2, 21, 16), np.float32)
x, y = random.normal(size=(2, 32)).astype(np.float32)
for block in range(2):
    sums, plain = np.full((5, 16), np.nan, np.float32), np.empty((5, 16), np.float32)
    loop(goal, x, y, block, sums)
    lanes.forces(goal, x, y, block, plain)
    np.testing.assert_allclose(sums, plain, rtol=1e-5, atol=1e-5)
from numba.core.registry import cpu_target
print(lanes._width(cpu_target.target_context))
"""


@pytest.mark.parametrize(
    ("name", "features", "width"),
    [
        ("generic", "", 4),
        pytest.param("haswell", "+avx,+avx2,+fma", 8, marks=AVX2),
    ],
)
def test_sums_are_those_of_the_plain_loop_on_processors_with_narrower_registers(name, features, width, tmp_path):
    (tmp_path / "run_forces.py").write_text(LOOP)
    environment = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == width
