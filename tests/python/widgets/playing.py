"""What the tests of the game's widget share: a run to play, a browser, and an ear on the comm."""

import io
import json

import comm
import numpy as np
from PIL import Image

from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run

SIZE = 96
RECIPE = Recipe(reveal_picture=SIZE, reveal_blur=((16, 20),))


def secret_explanation(number, *, hidden=0, name=None, target_name=None, ids=None):
    """A picture of a smooth hill's colours; beyond its lower left quarter it depends on `hidden`."""
    random = np.random.default_rng(number)
    picture = random.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    other = np.random.default_rng(1000 * hidden + number).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    far = np.ones((SIZE, SIZE), bool)
    far[SIZE // 3 :, : 2 * SIZE // 3] = False
    picture[far] = other[far]
    rows, columns = np.mgrid[0:16, 0:16]
    hill = np.exp(-((rows - 13.0) ** 2 + (columns - 2.0) ** 2) / 20)
    cluster_map = ClusterMap.from_raw(
        hill,
        id=f"secretid{number:08d}" if ids is None else ids,
        cluster=0,
        channels=[3, 1],
        channel_weights=[30.0, 12.345],
        channel_thumbnails=random.integers(0, 256, (2, 16, 16)),
    )
    name = f"secretname{number}.jpg" if name is None else name
    target_name = f"class {number}" if target_name is None else target_name
    rest = Rest(5.0, 30.0, 2, 3, random.random((16, 16)))
    layer = f"secretlayer{number}"
    column = Column(layer, number, 7, number + 1, 9, (16, 16), 1.0, rest, cluster_maps=(cluster_map,))
    return Explanation(
        picture=picture,
        name=name,
        picture_hash=f"secrethash{name}",
        network="a network",
        network_hash="none",
        window=(0.0, 0.0, float(SIZE), float(SIZE)),
        target=number,
        target_name=target_name,
        target_probability=0.5,
        prediction=Prediction(number, target_name, 0.5),
        columns=(column,),
        recipe=RECIPE,
    )


def secret_run(n=3):
    return Run(secret_explanation(number) for number in range(n))


class Ear:
    """Hears every message of every widget to the browser."""

    def __init__(self, monkeypatch):
        self.messages = []

        def publish(_, msg_type, data=None, metadata=None, buffers=None, **__):
            self.messages.append((msg_type, data, metadata, [bytes(buffer) for buffer in buffers or ()]))

        # ipykernel, which another test may have imported into this process, puts its own comms in their place.
        monkeypatch.setattr(comm, "create_comm", comm.DummyComm)
        monkeypatch.setattr(comm.DummyComm, "publish_msg", publish)

    def text(self):
        """All that was said, as text: buffers too, byte by byte. The front ends' own code is left out."""
        parts = []
        for _, data, metadata, buffers in self.messages:
            state = {name: value for name, value in (data or {}).get("state", {}).items() if name != "_esm"}
            parts.append(json.dumps([{**(data or {}), "state": state}, metadata]))
            parts += [buffer.decode("latin-1") for buffer in buffers]
        return "\n".join(parts)

    def images(self):
        """All pictures that were sent."""
        sent = [buffer for *_, buffers in self.messages for buffer in buffers]
        pictures = [buffer for buffer in sent if buffer.startswith((b"RIFF", b"\x89PNG", b"\xff\xd8\xff"))]
        return [np.asarray(Image.open(io.BytesIO(buffer)).convert("RGB")) for buffer in pictures]

    def wire(self):
        """All that was said, as bytes."""
        parts = []
        for msg_type, data, metadata, buffers in self.messages:
            parts.append(json.dumps([msg_type, data, metadata], sort_keys=True).encode())
            parts += buffers
        return b"\0".join(parts)

    def forget(self):
        self.messages.clear()


class Browser:
    """Speaks to a RevealGame as its front end does."""

    def __init__(self, game):
        self.game = game
        self.answers = []

    @property
    def screen(self):
        return self.game._screen

    def ask(self, kind, **fields):
        number = f"q{len(self.answers)}"
        sent = []
        send = self.game.send

        def noting(content, buffers=None):
            sent.append(content)
            send(content, buffers)

        self.game.send = noting
        try:
            self.game._handle_custom_msg({"kind": kind, "id": number, **fields}, [])
        finally:
            del self.game.send
        [answer] = sent
        assert answer.pop("id") == number
        self.answers.append(answer)
        return answer

    def enter(self, nickname="ada", **changes):
        fields = {"secret": "s" * 32, "consent": True, "language": "en", "on_leaderboard": False}
        return self.ask("enter", nickname=nickname, **(fields | changes))

    def show(self):
        return self.ask("show", round=self.screen["round"], step=self.screen["step"] + 1)

    def answer(self, guess="class 0", labels=("ear",)):
        return self.ask(
            "answer", round=self.screen["round"], guess=guess, resigned=False, labels=list(labels), language="en",
            actions=[{"kind": "guess", "at": 1.0, "value": guess}], seconds=2.0,
        )  # fmt: skip
