"""The recipe: its defaults are the paper's, bad values are refused, it survives JSON."""

import dataclasses
import json

import numpy as np
import pytest

from inv_widgets.recipe import Recipe


def test_pruning_share_reproduces_the_authors_four_thresholds():
    # docs/method.md, step 3: 0.175 % of 512 maps, 0.35 % of 256, 0.7 % of 128, 1.4 % of 64.
    for n_maps, published in ((512, 0.175), (256, 0.35), (128, 0.7), (64, 1.4)):
        assert Recipe().prune_below * 100 / n_maps == pytest.approx(published, rel=1e-3)


def test_published_differs_in_the_solver_only():
    ours, published = dataclasses.asdict(Recipe(seed=5)), dataclasses.asdict(Recipe.published(seed=5))
    assert {name for name in ours if ours[name] != published[name]} == {"solver"}


def test_json_round_trip_keeps_every_field():
    recipe = Recipe(weighting="grad_cam", reveal_shares=(1.0, 50.0), seed=7)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert set(json.loads(recipe.to_json())) == {field.name for field in dataclasses.fields(Recipe)}


def test_a_newer_recipe_is_refused_by_field_name():
    newer = json.dumps(json.loads(Recipe().to_json()) | {"zoom": 2})
    with pytest.raises(ValueError, match=r"zoom.*newer"):
        Recipe.from_json(newer)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weighting", "gradcam"),
        ("solver", "umap"),
        ("clusters_min", 1),
        ("clusters_max", 2),
        ("seed", -1),
        ("seed", 1.5),
        ("seed", "1"),
        ("seed", True),
        ("seed", None),
        ("weighting", ["guided"]),
        ("pca_components", 10.5),
        ("perplexity", 0),
        ("perplexity", 0.5),
        ("perplexity", "30"),
        ("prune_below", float("inf")),
        ("reveal_shares", 5.0),
        ("reveal_shares", ("a",)),
        ("prune_below", -0.1),
        ("prune_below", float("nan")),
        ("pca_components", 0),
        ("reveal_shares", (5.0, 2.0)),
        ("reveal_shares", ()),
        ("reveal_shares", (0.0, 2.0)),
        ("reveal_blur", ((0, 3), (16, 24))),
        ("reveal_blur", ((16, 3), (16, 24))),
        ("reveal_blur", ((16, -3),)),
        ("reveal_blur", ((16, 3, 1),)),
        ("reveal_blur", ()),
        ("reveal_truncate", -1.0),
    ],
)
def test_impossible_values_are_refused_with_the_field_and_advice(name, value):
    with pytest.raises(ValueError, match=rf"\[inv-widgets\] Recipe\({name}=.*give"):
        Recipe(**{name: value})


def test_the_published_solver_needs_as_many_iterations_as_scikit_learn_does():
    assert Recipe.published(tsne_iterations=250).tsne_iterations == 250
    with pytest.raises(ValueError, match=r"tsne_iterations=249.*at least 250"):
        Recipe.published(tsne_iterations=249)


def test_numbers_of_numpy_and_lists_are_taken_as_plain_ones():
    recipe = Recipe(
        seed=np.int64(3), perplexity=np.float32(12.5), prune_below=1, reveal_shares=[1, 2], reveal_blur=np.eye(2) + 1
    )
    plain = Recipe(seed=3, perplexity=12.5, prune_below=1.0, reveal_shares=(1.0, 2.0), reveal_blur=((2, 1), (1, 2)))
    assert recipe == plain == Recipe.from_json(recipe.to_json())
    assert recipe.to_json() == plain.to_json()
    assert hash(recipe) == hash(plain)


def test_unknown_fields_are_refused():
    with pytest.raises(TypeError, match="perplexty"):
        Recipe(perplexty=3)
