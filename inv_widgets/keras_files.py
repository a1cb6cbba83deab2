"""Keras files read with care: only Keras's own layers are built, nothing is unpickled or executed.

Keras's safe mode refuses lambdas, but in older releases a file could name any function of any module, open files, or
unpickle (CVE-2025-1550, 8747, 9905, 49655, 12058). So its description is looked through before Keras gets it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_keras"]

_INSTALL = 'pip install "inv-widgets[keras]"'
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_LARGEST = 2**26  # bytes of a description

_PLACES = (
    "keras", "keras.activations", "keras.constraints", "keras.dtype_policies", "keras.initializers", "keras.layers",
    "keras.models", "keras.regularizers",
)  # fmt: skip
# Where Keras finds what has no public name.
_INNER = ("keras.src.models.", "keras.src.layers.", "keras.src.ops.", "keras.src.dtype_policies")
_VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__")
# Layers that carry code, unpickle, or open files.
_REFUSED = (
    "__lambda__", "FlaxLayer", "IndexLookup", "IntegerLookup", "JaxLayer", "Lambda", "StringLookup", "TFSMLayer",
    "TextVectorization", "TorchModuleWrapper",
)  # fmt: skip


def read_keras(path: str | os.PathLike[str]) -> Any:
    """Load a model from a ``.keras`` file of Keras 3, by Keras's own loader in its safe mode.

    Where keras is not imported yet and ``KERAS_BACKEND`` is not set, it becomes ``torch``.

    Returns
    -------
    keras.Model

    Raises
    ------
    FileNotFoundError, ValueError
        For no file, another format, and files with anything but Keras's own layers.
    ImportError
        Where the extra is not installed, or Keras's backend is not.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        kind = "is a folder" if file.is_dir() else "is not there"
        raise FileNotFoundError(f"[inv-widgets] {file} {kind}: give the path of a .keras file.")
    _check(file)
    keras = _keras()
    try:
        return keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # (Keras raises anything)
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        raise ValueError(
            f"[inv-widgets] Keras {keras.__version__} cannot load {file}: {reason}. Load it in Python and give the "
            "model to Classifier.from_keras."
        ) from error


def _keras() -> Any:
    if importlib.util.find_spec("keras") is None:
        raise ImportError(f"[inv-widgets] keras is not installed: {_INSTALL}.")
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        import keras
    except ImportError as error:
        raise ImportError(
            f"[inv-widgets] Keras cannot be imported with its backend {os.environ.get('KERAS_BACKEND')!r} ({error}): "
            "set the environment variable KERAS_BACKEND to torch."
        ) from error
    return keras


def _check(file: Path) -> None:
    """Refuse what is no Keras 3 file, or holds anything but Keras's own layers."""
    if file.suffix.lower() in {".h5", ".hdf5"}:
        raise ValueError(
            f"[inv-widgets] {file} is in Keras's old format, which can run code when it is opened, so it is not. Where "
            "you trust it, open it in Python with keras.saving.load_model(...) and save it as .keras."
        )
    if file.suffix != ".keras" or not zipfile.is_zipfile(file):
        raise ValueError(f"[inv-widgets] {file} is no .keras file of Keras 3: save the model with model.save(...).")
    try:
        with zipfile.ZipFile(file) as parts:
            if not {_CONFIG, _WEIGHTS} <= set(parts.namelist()) or parts.getinfo(_CONFIG).file_size > _LARGEST:
                raise ValueError(
                    f"[inv-widgets] {file} is no .keras file of Keras 3 with its weights: save the model again with "
                    "model.save(...)."
                )
            described = json.loads(parts.read(_CONFIG))
    except (zipfile.BadZipFile, json.JSONDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise ValueError(f"[inv-widgets] {file} is damaged ({error}): save the model again.") from error
    if isinstance(described, dict):
        described.pop("compile_config", None)  # optimiser and losses are not built
    compiled: list[dict[str, Any]] = []
    for name in _foreign(described, compiled):
        raise ValueError(
            f"[inv-widgets] {file} holds {name}, which is more than Keras's own layers and could run code or open "
            "files: it is not loaded. Where you trust it, load it in Python and give the model to "
            "Classifier.from_keras (on the command line: package.module:factory)."
        )
    for part in compiled:  # which grows meanwhile
        config = part.get("config")
        inner = config.get("name") if isinstance(config, dict) else None
        for name in _foreign(part["compile_config"], compiled):
            raise ValueError(
                f"[inv-widgets] {file} holds a compiled model {inner!r} inside its model, and with it {name}. Keras "
                "would build that too, and it could run code: the file is not loaded. Set compiled = False on that "
                "inner model (model.get_layer(...).compiled = False) and save the whole again."
            )


def _foreign(described: Any, compiled: list[dict[str, Any]]) -> Iterator[str]:
    """Go through a description for what Keras would look up, and give what it should not.

    What parts were compiled with is left out, and the parts go into `compiled`.
    """
    waiting = [described]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            if "compile_config" in part:
                compiled.append(part)
            waiting += (value for key, value in part.items() if key != "compile_config")
            if "class_name" in part and not _is_own(part):
                yield f"{part.get('module') or 'an own class'}: {part['class_name']}"


def _is_own(part: dict[str, Any]) -> bool:
    name, module = part["class_name"], part.get("module")
    # Keras joins the two by a dot: "keras" and "layers.Lambda" are "keras.layers" and "Lambda".
    if not isinstance(name, str) or "." in name or name in _REFUSED:
        return False
    if name in _VALUES:
        return True
    if name == "function":  # an activation by its name; as a function of a module it could be any
        return module in {"builtins", "keras.activations"}
    return isinstance(module, str) and (module in _PLACES or module.startswith(_INNER))
