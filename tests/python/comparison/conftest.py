"""The small network and its labelled run, made once."""

import planted
import pytest

from inv_widgets.comparison.tcav import tcav


@pytest.fixture(scope="session")
def net():
    return planted.network()


@pytest.fixture(scope="session")
def summary(net):
    return planted.summary_of(planted.labelled_run(net))


@pytest.fixture(scope="session")
def result(net, summary):
    return tcav(net, summary, ["stripes", "masked"], layer="all")
