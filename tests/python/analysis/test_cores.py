"""Who may be busy: never more than there are cores, passes first."""

import threading
import time

import pytest

from inv_widgets.analysis.cores import Cores, count_cores


def run(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_no_more_are_busy_than_there_are():
    cores, busy, most, lock = Cores(3), [0], [0], threading.Lock()

    def change(by):
        with lock:
            busy[0] += by
            most[0] = max(most[0], busy[0])

    def column():
        for _ in range(20):
            with cores.one():
                change(1)
                time.sleep(0.0005)
                change(-1)

    def passes():
        for _ in range(10):
            with cores.several(2):
                change(2)
                time.sleep(0.0005)
                change(-2)

    run(passes, *[column] * 5)
    assert most[0] == 3
    assert busy[0] == 0


def test_a_pass_that_waits_comes_before_columns_and_is_content_with_all_cores():
    cores, order = Cores(2), []
    first = threading.Event()

    def column():
        with cores.one():
            first.set()
            time.sleep(0.2)
            order.append("column")

    def passes():
        first.wait()
        with cores.several(16):
            order.append("pass")

    def late():
        first.wait()
        time.sleep(0.1)
        with cores.one():
            order.append("late")

    run(column, passes, late)
    assert order == ["column", "pass", "late"]


@pytest.mark.parametrize("hold", [Cores.one, lambda cores: cores.several(1)])
def test_an_error_gives_the_cores_back(hold):
    cores = Cores(1)
    with pytest.raises(ZeroDivisionError), hold(cores):
        1 / 0  # noqa: B018
    with cores.several(1):
        pass


def test_there_is_one_at_least():
    assert count_cores() >= 1
