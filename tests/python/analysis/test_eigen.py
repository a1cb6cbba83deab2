"""Eigenvectors: against scipy's wrapper of the same routine, bit for bit, and without Python's lock."""

import ctypes
import threading
import time

import numpy as np
import pytest
from scipy.linalg.lapack import ssyevd

from inv_widgets.analysis import eigen
from inv_widgets.analysis.eigen import symmetric_eigen


def symmetric(n):
    matrix = np.random.default_rng(n).normal(size=(n, n)).astype(np.float32)
    return matrix @ matrix.T


@pytest.mark.parametrize("n", [1, 2, 3, 17, 150])
def test_the_bits_are_those_of_scipy_s_wrapper(n):
    matrix = symmetric(n)
    before = matrix.copy()
    values, vectors = symmetric_eigen(matrix)
    known = ssyevd(matrix.T)
    np.testing.assert_array_equal(values, known[0])
    np.testing.assert_array_equal(vectors, known[1])
    np.testing.assert_array_equal(matrix, before)


def test_this_scipy_offers_the_routine():
    assert eigen._ssyevd() is not None


def test_where_divide_and_conquer_fails(monkeypatch):
    matrix = symmetric(20)

    def failing(*places):
        ctypes.memset(places[3], 0, 4 * 20 * 20)
        places[-1]._obj.value = 1

    monkeypatch.setattr(eigen, "_ssyevd", lambda: failing)
    values, vectors = symmetric_eigen(matrix)
    np.testing.assert_allclose((vectors * values) @ vectors.T, matrix, atol=1e-3)


def test_where_scipy_s_lapack_takes_other_integers(monkeypatch):
    matrix = symmetric(20)
    known = symmetric_eigen(matrix)[0]
    monkeypatch.setattr(eigen, "_ssyevd", lambda: None)
    values, vectors = symmetric_eigen(matrix)
    np.testing.assert_allclose(values, known, atol=1e-3)
    np.testing.assert_allclose((vectors * values) @ vectors.T, matrix, atol=1e-3)


def test_other_threads_go_on_meanwhile():
    matrix, begun, moments = symmetric(900), threading.Event(), []

    def compute():
        begun.set()
        symmetric_eigen(matrix)
        moments.append(time.perf_counter())

    computing = threading.Thread(target=compute)
    computing.start()
    begun.wait()
    ticks = 0
    while not moments:
        time.sleep(0.001)
        ticks += 1
    computing.join()
    assert ticks > 5  # with the lock held: one or two
