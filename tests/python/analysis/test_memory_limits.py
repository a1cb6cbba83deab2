"""The memory that a process may take: its machine's, less where its container says so."""

import os

import pytest

from inv_widgets.analysis import memory_limits

MACHINE = 1000 * 4096


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__, raising=False)
    monkeypatch.setattr(memory_limits, "_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory_limits, "_LIMITS", tmp_path / "limits")


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        (None, {}, MACHINE),
        ("0::/\n", {"memory.max": "max"}, MACHINE),
        ("0::/\n", {"memory.max": "5000000000"}, MACHINE),
        ("0::/\n", {"memory.max": "70000"}, 70_000),
        ("0::/a/b\n", {"memory.max": "max", "a/memory.max": "70000", "a/b/memory.max": "90000"}, 70_000),
        ("0::/a/b\n", {"a/memory.max": "70000", "a/b/memory.max": "6000"}, 6_000),
        ("0::/of/the/host\n", {"memory.max": "70000"}, 70_000),
        ("0::/\n4:cpu,memory:/a\n", {"memory/a/memory.limit_in_bytes": "70000"}, 70_000),
        ("4:memory:/a:b\n", {"memory/memory.limit_in_bytes": str(2**63 - 4096)}, MACHINE),
        ("4:cpu:/\nnonsense\n\n", {"memory/memory.limit_in_bytes": "70000", "memory.max": "70000"}, MACHINE),
    ],
)
def test_the_least_limit_of_all_groups_counts(tmp_path, groups, files, expected):
    if groups is not None:
        (tmp_path / "cgroup").write_text(groups)
    for name, text in files.items():
        file = tmp_path / "limits" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    assert memory_limits.machine_memory() == expected


def test_where_nobody_says_there_is_no_answer(monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert memory_limits.machine_memory() is None
