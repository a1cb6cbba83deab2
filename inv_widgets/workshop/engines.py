"""What serves the pages: which packages each engine needs, and the environment that it is started with."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["environment_of", "installed"]

_PACKAGES = {
    "solara": (("solara.server", "uvicorn", "solara_assets", "segno"), "workshop"),
    "voila": (("voila", "segno"), "workshop,voila"),
}

# Solara reads these when it is imported. It would report to its makers and ask the internet for a newer version; a
# player's kernel would be kept for a day.
_SOLARA = {
    "SOLARA_APP": "inv_widgets.workshop.pages",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "0",
    "SOLARA_MODE": "production",
    "SOLARA_CHECK_HOOKS": "off",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_THEME_VARIANT": "light",  # "auto" makes no page at all in 1.58; templates/index.html.j2 turns it on
    "SOLARA_THEME_LOADER": "workshop",
    "SOLARA_THEME_SHOW_BANNER": "false",
    # A phone that slept for less finds its game as it was; after that the page is made anew, from the store.
    "SOLARA_KERNEL_CULL_TIMEOUT": "10m",
    "SOLARA_STATE_AUTO_REMOUNT": "true",
}
_ALL = {
    # 300 threads must not each get a heap of their own, and numpy needs no threads for pictures of 512 pixels.
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
}


def environment_of(engine: str) -> dict[str, str]:
    """Give the variables that an engine's process is started with."""
    return _ALL | (_SOLARA if engine == "solara" else {})


def installed(engine: str) -> None:
    """Check that an engine's packages are there.

    Raises
    ------
    ModuleNotFoundError
        With the command that installs them.
    """
    names, extra = _PACKAGES[engine]
    missing = [name for name in names if not _found(name)]
    if missing:
        packages = ", ".join(dict.fromkeys(name.split(".")[0].replace("_", "-") for name in missing))
        raise ModuleNotFoundError(
            f"[inv-widgets] The engine {engine!r} needs {packages}, not installed here: "
            f'pip install "inv-widgets[{extra}]".'
        )


def _found(name: str) -> bool:
    parent = name.split(".", maxsplit=1)[0]
    return find_spec(parent) is not None and (name == parent or find_spec(name) is not None)
