"""As many rounds as the paper has, all simulated: how long their analysis takes."""

import sys
import time
from importlib import util
from pathlib import Path

import pytest

from inv_widgets.labels import embeddings
from inv_widgets.labels.pipeline import label

BENCH = Path(__file__).parents[2] / "bench" / "bench_labels.py"


@pytest.fixture(scope="module")
def bench():
    spec = util.spec_from_file_location("bench_labels", BENCH)
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize(("given", "most"), [(False, 5), (True, 30)])
def test_ten_thousand_rounds_take_seconds(bench, given, most):
    if given and not embeddings.is_installed():
        pytest.skip("no embedding extra is installed")
    run, rounds = bench.simulated_run(50, 9, 4), bench.simulated_rounds(bench.simulated_run(50, 9, 4), 10_000)
    start = time.process_time()  # of this process alone: the machine may be busy with other tests
    labelled = label(run, rounds, embeddings=given)
    found = sum(bool(shown.labels) for explanation in labelled for _, shown in explanation.cluster_maps())
    assert time.process_time() - start < most
    assert found > 1000
