"""Simulated players: each opens the page, its front end and a websocket as a browser does, and plays by the protocol.

What a browser does and they do not: evaluate JavaScript, lay out, decode pictures.
"""

import asyncio
import itertools
import json
import random
import re
import struct
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import websockets
import websockets.exceptions

WORDS = ["sleeve", "collar", "strap", "heel", "sole", "handle", "zip", "button", "hem", "toe", "laces", "pocket"]
PATIENCE = 60.0


@dataclass
class Tally:
    """What all players did and how long they waited."""

    waits: dict = field(default_factory=dict)  # kind of message: [(when it was sent, seconds until its answer), ...]
    joins: list = field(default_factory=list)  # seconds from the page's address to the game's first screen
    sent: set = field(default_factory=set)  # rounds whose answer was sent
    saved: set = field(default_factory=set)  # rounds whose answer was acknowledged
    again: int = 0  # answers that were sent twice and acknowledged as known
    reconnected: int = 0
    retries: int = 0  # messages that were sent again because the store was busy
    errors: list = field(default_factory=list)
    bytes_received: int = 0


@dataclass
class Behaviour:
    """How simulated people play."""

    every: float = 8.0  # mean seconds between actions
    show_more: float = 0.45
    resign: float = 0.08
    skip: float = 0.03
    send_twice: float = 0.05  # a double click
    drop: float = 0.02  # the connection is lost right after an answer was sent

    def pause(self, chance):
        return chance.uniform(0.5 * self.every, 1.5 * self.every)


class Page:
    """A page's visit: what a browser fetches by HTTP, with cookies."""

    def __init__(self, link, tally):
        self.link, self.tally = link, tally
        self.cookies = {}

    async def post(self, path):
        """What a browser sends when the page is left; the answer is not waited for."""
        address = urlsplit(urljoin(self.link, path))
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        lines = [f"POST {path} HTTP/1.1", f"Host: {address.netloc}", "Content-Length: 0", "Connection: close"]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await writer.drain()
        writer.close()

    async def get(self, path="", accept="*/*"):
        address = urlsplit(urljoin(self.link, path))
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            query = f"?{address.query}" if address.query else ""
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            lines = [
                f"GET {address.path or '/'}{query} HTTP/1.1", f"Host: {address.netloc}", f"Accept: {accept}",
                "Accept-Encoding: gzip", "Connection: close", *([f"Cookie: {cookies}"] if cookies else []),
            ]  # fmt: skip
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = await reader.read(-1)
        finally:
            writer.close()
        self.tally.bytes_received += len(answer)
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *headers = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        named = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in headers)]
        for name, value in named:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        named = dict(named)
        if status in {301, 302, 303, 307}:
            return await self.get(named["location"], accept)
        if status != 200:
            raise RuntimeError(f"GET {path or '/'}: {first}")
        if named.get("transfer-encoding") == "chunked":
            body = _unchunked(body)
        if named.get("content-encoding") == "gzip":
            import gzip

            body = await asyncio.to_thread(gzip.decompress, body) if len(body) > 100_000 else gzip.decompress(body)
        return body


def _unchunked(body):
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        n = int(size, 16)
        if n == 0:
            break
        parts.append(body[:n])
        body = body[n + 2 :]
    return b"".join(parts)


class Kernel:
    """A browser's end of a kernel's websocket: widgets' models by id, messages to and from one of them."""

    def __init__(self, page, path, beacon, tally, subprotocol=None):
        self.page, self.path, self.beacon, self.tally, self.subprotocol = page, path, beacon, tally, subprotocol
        self.session = uuid.uuid4().hex
        self.models = {}
        self.waiting = {}
        self.changed = asyncio.Event()
        self.socket = None
        self._reading = None

    async def connect(self):
        address = urlsplit(self.page.link)
        cookies = "; ".join(f"{name}={value}" for name, value in self.page.cookies.items())
        self.socket = await websockets.connect(
            f"ws://{address.netloc}{self.path}?session_id={self.session}",
            additional_headers={"Cookie": cookies},
            origin=f"http://{address.netloc}",
            subprotocols=[self.subprotocol] if self.subprotocol else None,
            max_size=None, compression=None, open_timeout=PATIENCE, ping_interval=None,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())

    async def send(self, kind, content, **metadata):
        header = {
            "msg_id": uuid.uuid4().hex, "msg_type": kind, "session": self.session, "username": "", "version": "5.2",
            "date": "2026-01-01T00:00:00.000Z",
        }  # fmt: skip
        message = {"header": header, "parent_header": {}, "metadata": metadata, "content": content}
        if self.subprotocol:
            await self.socket.send(_packed(["shell", *map(json.dumps, message.values())]))
        else:
            await self.socket.send(json.dumps(message | {"channel": "shell", "buffers": []}))
        return header["msg_id"]

    async def close(self):
        """Leave the page."""
        if self._reading is not None:
            self._reading.cancel()
        if self.socket is not None:
            await self.page.post(self.beacon + f"?session_id={self.session}")
            await self.socket.close()

    async def drop(self):
        """Lose the connection without a word, as a phone does."""
        self._reading.cancel()
        self.socket.transport.abort()

    async def _read(self):
        try:
            async for frame in self.socket:
                self.tally.bytes_received += len(frame)
                self._take(frame)
        except websockets.exceptions.ConnectionClosed:
            pass

    def _take(self, frame):  # noqa: C901 (a branch a message)
        buffers = []
        if self.subprotocol:
            _, header, _, _, content, *buffers = _unpacked(frame)
            message = {"header": json.loads(header)}
            if message["header"]["msg_type"] in {"comm_open", "comm_msg"}:
                message["content"] = json.loads(content)
        else:
            if isinstance(frame, bytes):
                count = struct.unpack("!I", frame[:4])[0]
                offsets = [*struct.unpack(f"!{count}I", frame[4 : 4 * (count + 1)]), len(frame)]
                frame, *buffers = [frame[start:stop] for start, stop in itertools.pairwise(offsets)]
            elif '"msg_type": "status"' in frame[:200]:
                return
            message = json.loads(frame)
        kind = message["header"]["msg_type"]
        content = message.get("content", {})
        if kind == "comm_open":
            data = content["data"]
            if "state" in data:
                self.models[content["comm_id"]] = _with_buffers(data["state"], data.get("buffer_paths", []), buffers)
                self.changed.set()
        elif kind == "comm_msg":
            data = content["data"]
            if data.get("method") in {"update", "echo_update"} and content["comm_id"] in self.models:
                state = _with_buffers(data["state"], data.get("buffer_paths", []), buffers)
                self.models[content["comm_id"]].update(state)
                self.changed.set()
            elif data.get("method") == "custom":
                waiting = self.waiting.pop(data["content"].get("id"), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(data["content"])
            elif data.get("method") == "update_states":  # Voila: all widgets at once
                self._take_states(data, buffers)

    def _take_states(self, data, buffers):
        states = data["states"]
        for path, buffer in zip(data["buffer_paths"], buffers, strict=True):
            place = states
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = buffer
        for name, one in states.items():
            self.models[name] = one["state"]
        self.changed.set()

    async def until(self, condition, what):
        deadline = time.perf_counter() + PATIENCE
        while not (found := condition()):
            self.changed.clear()
            left = deadline - time.perf_counter()
            if left <= 0:
                raise TimeoutError(f"{what} did not come in {PATIENCE:.0f} s")
            try:
                await asyncio.wait_for(self.changed.wait(), left)
            except asyncio.TimeoutError:
                raise TimeoutError(f"{what} did not come in {PATIENCE:.0f} s") from None
        return found

    def game(self):
        """The id of the RevealGame's model."""
        return next((name for name, state in self.models.items() if "_screen" in state), None)


V1 = "v1.kernel.websocket.jupyter.org"
"""Jupyter server's websocket format: parts with offsets in front."""


def _packed(texts):
    parts = [text.encode() for text in texts]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def _unpacked(frame):
    count = struct.unpack("<Q", frame[:8])[0]
    offsets = struct.unpack(f"<{count}Q", frame[8 : 8 * (count + 1)])
    return [frame[start:stop] for start, stop in itertools.pairwise(offsets)]


def _with_buffers(state, paths, buffers):
    for path, buffer in zip(paths, buffers, strict=True):
        place = state
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = buffer
    return state


async def open_solara(link, tally, *, front_end=True):
    """Open the players' page as a browser does on Solara; give the kernel with the game in it."""
    page = Page(link, tally)
    html = (await page.get("", "text/html")).decode("utf-8")
    if front_end:
        for path in re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css|png|svg)(?:\?[^"]*)?)"', html):
            await page.get(path)
        for name in ("anywidget/extension", "anywidget/index", "jupyter-vuetify/nodeps", "jupyter-vue/nodeps"):
            await page.get(f"/jupyter/nbextensions/{name}.js")
    identity = str(uuid.uuid4())
    kernel = Kernel(page, f"/jupyter/api/kernels/{identity}/channels", f"/_solara/api/close/{identity}", tally)
    await kernel.connect()
    await kernel.send("kernel_info_request", {})
    control = str(uuid.uuid4())
    await kernel.send("comm_open", {"comm_id": control, "target_name": "solara.control", "data": {}})
    run = {"method": "run", "args": {"path": "/", "dark": False, "themes": {}, "appName": None}}
    await kernel.send("comm_msg", {"comm_id": control, "data": run})
    model = await kernel.until(kernel.game, "the game")
    if front_end:
        fetched = re.search(r"/inv-widgets/\w+\.js\?v=\w+", kernel.models[model]["_esm"])
        await page.get(fetched[0])
    return kernel


async def open_voila(link, tally, *, front_end=False):
    """Open the players' page on Voila: the page comes when its kernel has run."""
    page = Page(link, tally)
    html = (await page.get("", "text/html")).decode("utf-8")
    identity = re.search(r'"kernelId":\s*"([^"]+)"', html)[1]
    if front_end:
        for path in re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)(?:\?[^"]*)?)"', html):
            await page.get(path)
    kernel = Kernel(page, f"/api/kernels/{identity}/channels", f"/voila/api/shutdown/{identity}", tally, V1)
    await kernel.connect()
    control = uuid.uuid4().hex
    opened = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
    await kernel.send("comm_open", opened, version="1.0.0")
    await kernel.send("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
    await kernel.until(kernel.game, "the game")
    return kernel


class Player:
    """One simulated player."""

    def __init__(self, number, link, opener, tally, behaviour, seed=0):
        self.number, self.link, self.opener, self.tally, self.behaviour = number, link, opener, tally, behaviour
        self.chance = random.Random(1000 * seed + number)
        self.kernel = None
        self.secret = uuid.uuid4().hex
        self.resend = None

    @property
    def screen(self):
        return self.kernel.models[self.model]["_screen"]

    async def play(self, delay, until):
        """Join after `delay` seconds and act until the clock says `until`."""
        await asyncio.sleep(delay)
        try:
            start = time.perf_counter()
            self.kernel = await self.opener(self.link, self.tally)
            self.model = self.kernel.game()
            self.tally.joins.append(time.perf_counter() - start)
            while True:
                pause = self.behaviour.pause(self.chance)
                if time.perf_counter() + pause > until:
                    break
                await asyncio.sleep(pause)
                await self.act()
        except Exception as error:  # noqa: BLE001 (told at the end)
            self.tally.errors.append(f"player {self.number}: {type(error).__name__}: {error}")

    async def leave(self):
        if self.kernel is not None:
            await self.kernel.close()

    async def act(self):  # noqa: PLR0912 (a branch a screen)
        """Do one thing that the screen lets a player do."""
        screen, chance = self.screen, self.chance
        kind = screen["kind"]
        if kind == "welcome":
            await self.ask(
                "enter", nickname=f"simulated {self.number}", secret=self.secret, consent=True, language="en",
                on_leaderboard=chance.random() < 0.7,
            )  # fmt: skip
        elif kind == "round":
            more = screen["step"] + 1 < len(self.settings["shares"]) and chance.random() < self.behaviour.show_more
            if more:
                await self.ask("show", round=screen["round"], step=screen["step"] + 1)
            elif chance.random() < self.behaviour.skip:
                await self.ask("skip", round=screen["round"], actions=[])
            else:
                await self.answer(screen)
        elif kind == "result":
            if screen["last"] and chance.random() < 0.2:
                await self.ask("statistics", changes=False)
            else:
                await self.ask("next")
        elif kind == "waiting":
            await self.ask("poll", changes=False)
        elif kind == "end":
            if screen["can_continue"]:
                await self.ask("continue")
            else:
                await self.ask("leaderboard", changes=False, on=None)
        else:
            raise RuntimeError(f"the screen says {kind!r}: {screen.get('code')}")

    @property
    def settings(self):
        return self.kernel.models[self.model]["_settings"]

    async def answer(self, screen):
        chance = self.chance
        resigned = chance.random() < self.behaviour.resign
        choices = screen["choices"] or self.settings["categories"]
        labels = chance.sample(WORDS, chance.randint(1, 3))
        guess = None if resigned else chance.choice(choices)
        actions = [{"kind": "show", "at": 0.5 + step, "value": step} for step in range(1, screen["step"] + 1)]
        actions += [{"kind": "label", "at": 6.0 + i, "value": label} for i, label in enumerate(labels)]
        message = {
            "round": screen["round"], "guess": guess, "resigned": resigned, "labels": labels, "language": "en",
            "actions": [*actions, {"kind": "answer", "at": 12.5, "value": guess}], "seconds": 12.5,
        }  # fmt: skip
        self.tally.sent.add(screen["round"])
        if chance.random() < self.behaviour.drop:
            await self.lose_connection(message)
            return
        twice = chance.random() < self.behaviour.send_twice
        double = asyncio.create_task(self.ask("answer", changes=False, timed=False, **message)) if twice else None
        said = await self.ask("answer", **message)
        self.acknowledged(message, said)
        if double is not None:
            self.acknowledged(message, await double)

    def acknowledged(self, message, said):
        if said.get("saved"):
            self.tally.saved.add(message["round"])
            self.tally.again += bool(said.get("again"))

    async def lose_connection(self, message):
        """Send an answer, lose the connection before it is acknowledged, come back and send it again."""
        await self.post("answer", message)
        await self.kernel.drop()
        self.tally.reconnected += 1
        await asyncio.sleep(self.chance.uniform(0.5, 3.0))
        await self.kernel.connect()
        self.acknowledged(message, await self.ask("answer", changes=False, **message))
        # A browser that comes back asks for all models anew.
        await self.kernel.send("comm_msg", {"comm_id": self.model, "data": {"method": "request_state"}})
        await self.kernel.until(lambda: self.screen["kind"] != "round", "the result after a lost connection")

    async def post(self, kind, values):
        identity = uuid.uuid4().hex
        answer = asyncio.get_running_loop().create_future()
        self.kernel.waiting[identity] = answer
        content = {"kind": kind, **values, "id": identity}
        await self.kernel.send("comm_msg", {"comm_id": self.model, "data": {"method": "custom", "content": content}})
        return answer

    async def ask(self, kind, *, changes=True, timed=True, **values):
        """Send a message; wait for its answer and, where it `changes` the screen, for the next one."""
        turn = self.screen["turn"]
        start = time.perf_counter()
        said = await asyncio.wait_for(await self.post(kind, values), PATIENCE)
        while "error" in said and said.get("retry"):  # as the game's front end does
            self.tally.retries += 1
            await asyncio.sleep(2.0)
            said = await asyncio.wait_for(await self.post(kind, values), PATIENCE)
        if "error" in said:
            raise RuntimeError(f"{kind}: {said['error']} ({said.get('code')})")
        if changes:
            await self.kernel.until(lambda: self.screen["turn"] > turn, f"the screen after {kind!r}")
        if timed:
            self.tally.waits.setdefault(kind, []).append((start, time.perf_counter() - start))
        return said
