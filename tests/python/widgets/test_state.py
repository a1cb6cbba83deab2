"""State: checked traits, observers, and state that reaches every output."""

import threading

import numpy as np
import pytest
import traitlets
from ipywidgets.widgets import widget as ipywidgets_widget

from inv_widgets import State
from inv_widgets.export.colour_maps import COLOUR_MAPS, colours


def test_defaults():
    state = State()
    assert (state.picture, state.target, state.layer, state.cluster_map, state.label, state.group) == (None,) * 6
    assert state.layers == []
    assert (state.colour_map, state.opacity, state.language) == ("viridis", 0.6, "en")


def test_colour_maps_are_those_that_ship():
    assert all(len(colours(name)) == 256 for name in COLOUR_MAPS)


@pytest.mark.parametrize(
    ("name", "advice"),
    [("opacty", "Did you mean 'opacity'"), ("color_map", "Did you mean 'colour_map'"), ("zzz", "It takes: ")],
)
def test_an_unknown_argument_is_refused_with_advice(name, advice):
    with pytest.raises(TypeError, match=rf"^\[inv-widgets\] State has no argument '{name}'\..*{advice}"):
        State(**{name: 1})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("opacity", 1.5, "give a number from 0.0 to 1.0"),
        ("opacity", float("nan"), "is not a number"),
        ("opacity", True, "is not a number"),
        ("opacity", "0.5", "is not a number"),
        ("colour_map", "jet", "give one of 'viridis'"),
        ("colour_map", None, "give one of 'viridis'"),
        ("picture", 3, "give a str, or None"),
        ("cluster_map", b"id", "give a str, or None"),
        ("layers", "features.28", "give a list of str"),
        ("layers", None, "give a list of str"),
        ("layers", ["features.28", 3], "give a list of str"),
        ("groups", ["features.28"], "give a dict of names and lists of str"),
        ("groups", {"early": "features.28"}, "give a dict of names and lists of str"),
        ("groups", {3: ["features.28"]}, "give a dict of names and lists of str"),
    ],
)
def test_impossible_values_say_what_to_do(name, value, words):
    message = rf"^\[inv-widgets\] State: {name}=.*{words}"
    with pytest.raises(traitlets.TraitError, match=message):
        State(**{name: value})
    state = State()
    before = getattr(state, name)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(state, name, value)
    assert getattr(state, name) == before


def test_brushed_layers_are_each_states_own():
    state = State(layers=("features.26", "features.28"))
    assert state.layers == ["features.26", "features.28"]
    assert repr(state).startswith("State(layers=['features.26', 'features.28'], colour_map=")
    State().layers.append("features.0")
    assert State().layers == []
    assert "layers" not in repr(State())


def test_groups_are_each_states_own():
    state = State(groups={"early": ("features.0",)})
    assert state.groups == {"early": ["features.0"]}
    State().groups["late"] = ["features.28"]
    assert State().groups == {}
    assert "groups" not in repr(State())


def test_numpy_numbers_are_numbers():
    assert State(opacity=np.float32(0.25)).opacity == 0.25


def test_observe_is_called_when_the_browser_changes_it():
    state, seen = State(), []
    state.observe(lambda change: seen.append((change["old"], change["new"])), "picture")
    state.set_state({"picture": "dog.jpg"})
    state.set_state({"picture": "dog.jpg"})
    assert seen == [(None, "dog.jpg")]


@pytest.mark.parametrize("echo", [True, False])
def test_without_echo_the_other_outputs_are_told(monkeypatch, echo):
    monkeypatch.setattr(ipywidgets_widget, "JUPYTER_WIDGETS_ECHO", echo)
    state, sent = State(), []
    monkeypatch.setattr(state, "send_state", sent.append)
    state.set_state({"opacity": 0.25, "no such trait": 1})
    assert state.opacity == 0.25
    assert sent == ([] if echo else [["opacity"]])


def test_state_from_the_browser_waits_for_the_lock():
    state = State()
    thread = threading.Thread(target=state.set_state, args=({"opacity": 0.1},))
    with state._lock:
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        assert state.opacity == 0.6
    thread.join(10)
    assert state.opacity == 0.1


def test_it_is_headless_and_says_what_it_holds():
    state = State(picture="dog.jpg")
    assert state._view_name is None
    assert repr(state) == "State(picture='dog.jpg', colour_map='viridis', opacity=0.6, language='en')"
    assert state._repr_mimebundle_() == ({"text/plain": repr(state)}, {})


def test_what_is_withheld_stays_in_the_kernel():
    state, game = State(), object.__new__(type("Game", (), {}))
    state._withholding.withhold(game, {"a hash"})
    assert not [name for name in state.get_state() if "withh" in name]
    assert "a hash" not in repr(state.get_state())
    assert state._withholding is not State()._withholding
