"""Real JupyterLab on a free port, real Chromium, and pages that report what they should not have said or asked for."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from lab import Notebook, Witness
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "artifacts" / "browser"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # Names other than this machine's do not resolve: a page that needs a CDN breaks here too.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
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
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port = made.getsockname()[1]
    settings = own / "settings" / "@jupyterlab"
    for plugin, values in {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "apputils-extension/kernels-settings": {"showStatusBarItem": False},
        "docmanager-extension/plugin": {"autosave": False},
    }.items():
        path = settings / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "IPYTHONDIR": str(own / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)]),
        "OMP_NUM_THREADS": "1",
    }
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=",
        f"--LabApp.user_settings_dir={own / 'settings'}",
        f"--LabApp.workspaces_dir={own / 'workspaces'}",
    ]
    log = own / "lab.log"
    address = f"http://localhost:{port}"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(address, server, log)
        yield address, settings
    finally:
        # The kernels are its children: end the group that this fixture started.
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(timeout=15)
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, ARTIFACTS / "lab.log")


def _wait_for(address, server, log):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if server.poll() is not None:
            pytest.fail(f"JupyterLab ended with {server.returncode}:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(f"{address}/api/status", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not answer within 120 s:\n{log.read_text()[-4000:]}")


@pytest.fixture
def page_of(chromium, request):
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
    for context, _, witness in opened:
        complaints += witness.complaints()
        context.close()
    assert complaints == []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call" and outcome.get_result().failed:
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
def notebook_of(lab, folder, page_of):
    """Write cells into a new notebook (or take one that exists) and open it in JupyterLab."""
    opened = []

    def open_notebook(name, cells=None, *, dark=False, **viewport):
        if cells is not None:
            (folder / name).write_text(json.dumps(_document(cells)))
        address, settings = lab
        # Not by JupyterLab's command: its splash screen of the start and that of a change trip over each other.
        theme = settings / "apputils-extension" / "themes.jupyterlab-settings"
        theme.write_text(json.dumps({"theme": "JupyterLab Dark" if dark else "JupyterLab Light"}))
        notebook = Notebook(page_of(dark=dark, **viewport), address, name)
        opened.append(notebook)
        return notebook

    yield open_notebook
    for notebook in opened:
        notebook.shut_down()


def _document(cells):
    made = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(cells)
    ]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
            "language_info": {"name": "python"},
        },
        "cells": made,
    }
