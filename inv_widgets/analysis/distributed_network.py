"""The network on its way to dask's workers: what is sent, and what is made of it there."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any

from inv_widgets.classifier import Classifier
from inv_widgets.errors import kind_of
from inv_widgets.network_names import load_network

__all__ = ["Network", "made", "sent"]


@dataclass(frozen=True)
class Network:
    """How a worker gets the network: a pickled Classifier or function, or a name; and what it must turn out to be."""

    pickled: bytes | None
    name: str | None
    device: str | None
    hash: str


def sent(net: Any) -> tuple[Classifier, Network]:
    """Give the network, and what workers need to make it.

    Raises
    ------
    TypeError
        For what gives no Classifier, or cannot be pickled.
    """
    import cloudpickle

    if isinstance(net, str):
        made = load_network(net)
        return made, Network(None, net, None, made.hash)
    made = net() if callable(net) and not isinstance(net, Classifier) else net
    if not isinstance(made, Classifier):
        raise TypeError(
            f"[inv-widgets] The network is {kind_of(made)}: give an inv.Classifier, a "
            'function that returns one, or a name such as "torchvision:vgg16".'
        )
    # Its weights travel on the CPU; a function chooses the device itself, on each worker.
    device = str(net.device) if isinstance(net, Classifier) and net.device.type != "cpu" else None
    try:
        pickled = cloudpickle.dumps(net if device is None else _on_cpu(net))
    except Exception as error:
        raise TypeError(
            f"[inv-widgets] The network cannot be sent to the workers ({error}): give a function that makes it there, "
            "or a name such as package.module:factory."
        ) from error
    return made, Network(pickled, None, device, made.hash)


def made(network: Network) -> Classifier:
    """Make the network that a worker is told to use."""
    if network.name is not None:
        return load_network(network.name)
    assert network.pickled is not None
    net = pickle.loads(network.pickled)  # noqa: S301 (from the client's own process, as the task itself)
    if not isinstance(net, Classifier):
        net = net()
    if not isinstance(net, Classifier):
        raise TypeError(f"net= gave {kind_of(net)}, not a Classifier.")
    if network.device is not None:
        net.module.to(network.device)
    return net


def _on_cpu(net: Classifier) -> Classifier:
    copied = copy.deepcopy(net)
    copied.module.cpu()
    return copied
