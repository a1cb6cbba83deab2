"""Real JupyterLab on a free port, real Chromium, and pages that report what they should not have said or asked for."""

import json
import os
import shutil
from pathlib import Path

import pytest
from lab import FLAGS, Notebook, Witness, document, jupyterlab, settings_of
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "artifacts" / "browser"
# Test processes take whole files in this order: what takes longest is not left to one of them at the end.
LONGEST = ("test_comparison.py", "test_global_chart.py", "test_reveal_game.py", "test_workspace.py", "test_explorer.py")
# What is looked for may come late on a machine that has other things to do; nobody waits for what is there.
expect.set_options(timeout=60_000)
ADVICE = "no Chromium was found: apt install chromium (or Chrome), or INV_CHROMIUM=/path/to/chromium"


def find_chromium():
    named = os.environ.get("INV_CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
    return next((path for path in found if path), None)


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.browser)
    place = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session")
def chromium():
    path = find_chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(ADVICE)
        pytest.skip(ADVICE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Give JupyterLab's root folder; notebooks of the project stand in it as copies, with room for what they write."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return folder


@pytest.fixture(scope="session")
def lab(folder, tmp_path_factory):
    """Start JupyterLab with settings and workspaces of its own; give its address and the settings' folder."""
    own = tmp_path_factory.mktemp("lab-own")
    try:
        with jupyterlab(folder, own) as address:
            yield address, settings_of(own)
    finally:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        shutil.copy(own / "lab.log", ARTIFACTS / "lab.log")


@pytest.fixture(scope="session")
def windows(chromium):
    """Keep JupyterLab's windows, by theme: opening one takes longer than opening a notebook in it."""
    kept = {}
    yield kept
    for context, *_ in kept.values():
        context.close()


@pytest.fixture
def page_of(chromium, request, windows):
    """Open pages; at the end each must have logged no error and asked nobody but this machine."""
    opened = []

    def open_page(*, width=1440, height=1000, dark=False, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        witness = Witness(page)
        opened.append((context, page, witness))
        return page

    request.node.pages = opened
    yield open_page
    complaints = []
    for window in opened:
        context, _, witness = window
        complaints += witness.complaints()
        if window not in windows.values():
            context.close()
    assert complaints == []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call" and outcome.get_result().failed:
        item.failed = True
        for number, (_, page, _) in enumerate(getattr(item, "pages", [])):
            shoot(page, f"failed-{item.name}-{number}")


def shoot(page, name):
    """Keep a screenshot as an artifact."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    page.screenshot(path=ARTIFACTS / f"{safe}.png")


@pytest.fixture
def screenshot():
    return shoot


@pytest.fixture
def notebook_of(lab, folder, page_of, windows, request):
    """Write cells into a new notebook (or take one that exists) and open it in JupyterLab."""
    opened = []
    pages = request.node.pages

    def open_notebook(name, cells=None, *, dark=False, **viewport):
        if cells is not None:
            (folder / name).write_text(json.dumps(document(cells)))
        address, settings = lab
        if dark in windows and set(viewport) <= {"width", "height"}:
            pages.append(windows.pop(dark))
            page = pages[-1][1]
            page.set_viewport_size({"width": 1440, "height": 1000} | viewport)
        else:
            page = page_of(dark=dark, **viewport)
        # Not by JupyterLab's command: its splash screen of the start and that of a change trip over each other.
        theme = settings / "apputils-extension" / "themes.jupyterlab-settings"
        theme.write_text(json.dumps({"theme": "JupyterLab Dark" if dark else "JupyterLab Light"}))
        notebook = Notebook(page, address, name)
        opened.append((notebook, pages[-1], dark, set(viewport) <= {"width", "height"}))
        return notebook

    yield open_notebook
    for notebook, window, dark, plain in opened:
        if plain and dark not in windows and not getattr(request.node, "failed", False) and notebook.close():
            windows[dark] = window
        else:
            notebook.shut_down()
