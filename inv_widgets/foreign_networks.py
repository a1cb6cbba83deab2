"""What networks of other frameworks share: their input's layout and their ending."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from inv_widgets.before_softmax import SMALLEST, BeforeSoftmax
from inv_widgets.torch_support import eval_pass

__all__ = ["ForeignNetwork", "tried"]


class ForeignNetwork(nn.Module):
    """A network of another framework: takes N x C x H x W, returns class scores before the softmax, N x K.

    Parameters
    ----------
    channels_last
        Whether what is inside takes N x H x W x C.

    Attributes
    ----------
    ending
        What was taken off to get class scores: ``"softmax"`` (also of its logarithm); ``"sigmoid"`` (one: the scores
        are 0 and what it was given, so that the second class is the one it speaks for); ``"sigmoids"`` (one a class);
        ``"probabilities"`` that no softmax was seen to make: the scores are their logarithms; ``""``: nothing, it
        returns scores.
    singly
        Whether it takes one picture at a time only.
    """

    def __init__(self, *, channels_last: bool) -> None:
        super().__init__()
        self.channels_last = channels_last
        self.ending = ""
        self.singly = False

    def __reduce__(self) -> tuple[Any, ...]:
        # Built anew from what is inside, whose layers are then listed again.
        state = {"ending": self.ending, "singly": self.singly}
        return _rebuilt, (type(self), self.inside, self.channels_last, state)

    @property
    def inside(self) -> Any:
        """The network itself, as its framework has it."""
        raise NotImplementedError

    def forward(self, pictures: Tensor) -> Tensor:
        """Give class scores, N x K, of pictures, N x C x H x W."""
        if self.singly and len(pictures) > 1:
            return torch.cat([self.ending_and_scores(pictures[row : row + 1])[1] for row in range(len(pictures))])
        return self.ending_and_scores(pictures)[1]

    def run(self, inputs: Tensor) -> Tensor:
        """Give what the network itself returns for an input in its own layout."""
        raise NotImplementedError

    def ending_and_scores(self, pictures: Tensor) -> tuple[str, Tensor]:
        """Say what a run on these pictures ends in, and give the scores before that."""
        inputs = pictures.permute(0, 2, 3, 1) if self.channels_last else pictures
        with BeforeSoftmax() as seen:
            output = self.run(inputs)
        ending, scores = seen.scores(output)
        if not ending and self.ending == "probabilities":
            return self.ending, scores.clamp_min(SMALLEST).log()
        return ending, scores


def tried(network: ForeignNetwork, shape: tuple[int, int, int], label: str, *, guessed: bool = False) -> None:
    """Run a network on two pictures of noise, and note what it ends in.

    Parameters
    ----------
    network
        Its `ending` and `singly` are set.
    shape
        C, H and W of the pictures.
    label
        What to call it in messages.
    guessed
        Whether the size is only a guess, since the network's file says none.

    Raises
    ------
    ValueError
        Where it does not run, or does not return one score a class.
    """
    sample = next(network.parameters(), torch.empty(0))
    noise = torch.rand((2, *shape), generator=torch.Generator().manual_seed(0)).to(sample.device, sample.dtype)
    with eval_pass(network), torch.no_grad():
        try:
            network.ending, scores = network.ending_and_scores(noise[:1])
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError) as error:
            size = " x ".join(map(str, (1, *shape)))
            advice = "Its file does not say the size: give it." if guessed else "It must take one batch of pictures."
            raise ValueError(
                f"[inv-widgets] {label} does not run on an input of {size}: {_first_line(error)}. {advice}"
            ) from error
        if not isinstance(scores, Tensor) or scores.shape[:2].numel() != scores.numel() or scores.ndim < 2:
            got = " x ".join(map(str, scores.shape)) if isinstance(scores, Tensor) else type(scores).__name__
            raise ValueError(
                f"[inv-widgets] {label} returns {got} for one picture, not 1 x (number of classes): only classifiers "
                "can be explained."
            )
        if not network.ending and _are_probabilities(scores):
            network.ending = "probabilities"
        try:
            network.singly = len(network.ending_and_scores(noise)[1]) != 2
        except (RuntimeError, ValueError, IndexError):
            network.singly = True
    if network.ending == "sigmoids":
        warnings.warn(
            f"[inv-widgets] {label} ends in {scores.shape[1]} sigmoids, one a class. Class scores are taken before "
            "them, and explanations are right; the probabilities of predict() are a softmax over these scores.",
            stacklevel=4,
        )


def _rebuilt(kind: Any, inside: Any, channels_last: bool, state: dict[str, Any]) -> ForeignNetwork:
    network: ForeignNetwork = kind(inside, channels_last=channels_last)
    for name, value in state.items():
        setattr(network, name, value)
    return network.eval()


def _are_probabilities(output: Tensor) -> bool:
    values = output.detach().double().flatten(1)
    inside = bool(((values >= 0) & (values <= 1)).all())
    return values.shape[1] > 1 and inside and bool(((values.sum(1) - 1).abs() < 1e-3).all())


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0].rstrip(".")
