"""The files that every visitor asks for."""

import asyncio
import gzip

from inv_widgets.workshop import cached_files
from inv_widgets.workshop.cached_files import CachedFiles

SCRIPT = b"console.log('a script that says it again and again');\n" * 200


class Application:
    """Answers with a script, a font or nothing, and counts."""

    def __init__(self):
        self.asked = []

    async def __call__(self, scope, receive, send):
        self.asked.append(scope)
        path = scope["path"]
        await asyncio.sleep(0)  # as one that reads from a disk: others are served meanwhile
        status = 404 if path.endswith("missing.js") else 200
        kind = b"font/woff2" if path.endswith(".woff2") else b"text/javascript; charset=utf-8"
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        for part in (SCRIPT[:100], SCRIPT[100:]):
            await send({"type": "http.response.body", "body": part, "more_body": part is not SCRIPT})


def get(app, path, **headers):
    return asyncio.run(answer(app, path, **headers))


async def answer(app, path, **headers):
    messages = []

    async def send(message):
        messages.append(message)

    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": names}
    await app(scope, None, send)
    body = b"".join(one.get("body", b"") for one in messages[1:])
    return messages[0]["status"], dict(messages[0]["headers"]), body


def test_a_file_is_compressed_once_for_all():
    inner = Application()
    app = CachedFiles(inner)
    answers = [get(app, "/static/a.js", accept_encoding="gzip, br") for _ in range(3)]
    assert len(inner.asked) == 1
    for status, headers, body in answers:
        assert (status, headers[b"content-encoding"]) == (200, b"gzip")
        assert gzip.decompress(body) == SCRIPT
        assert int(headers[b"content-length"]) == len(body) < len(SCRIPT) / 5
        assert b"max-age" in headers[b"cache-control"]
    status, headers, body = get(app, "/static/a.js")
    assert body == SCRIPT
    assert b"content-encoding" not in headers


def test_many_who_ask_at_once_have_it_made_once_and_counted_once(monkeypatch):
    monkeypatch.setattr(cached_files, "_LIMIT", 2 * len(SCRIPT))
    inner = Application()
    app = CachedFiles(inner)

    async def class_opens_the_page():
        return await asyncio.gather(*(answer(app, "/static/a.js") for _ in range(30)))

    assert [body for _, _, body in asyncio.run(class_opens_the_page())] == [SCRIPT] * 30
    assert len(inner.asked) == 1
    for _ in range(2):
        assert get(app, "/static/b.js")[2] == SCRIPT
    assert len(inner.asked) == 2  # there was room for it


def test_a_browser_that_has_the_file_gets_no_bytes():
    app = CachedFiles(Application())
    tag = get(app, "/static/a.js", accept_encoding="gzip")[1][b"etag"].decode()
    assert get(app, "/static/a.js", accept_encoding="gzip", if_none_match=tag)[::2] == (304, b"")
    # And what it has does not keep the whole file from others.
    fresh = CachedFiles(Application())
    assert get(fresh, "/static/a.js", if_none_match='"older"', range="bytes=0-9")[::2] == (200, SCRIPT)


def test_fonts_are_kept_but_not_compressed_again():
    _, headers, body = get(CachedFiles(Application()), "/_solara/cdn/font.woff2", accept_encoding="gzip")
    assert body == SCRIPT
    assert b"content-encoding" not in headers


def test_pages_and_missing_files_go_through():
    inner = Application()
    app = CachedFiles(inner)
    for path in ("/", "/host", "/static/missing.js"):
        for _ in range(2):
            get(app, path, accept_encoding="gzip")
    assert len(inner.asked) == 6
    assert get(app, "/static/missing.js")[0] == 404


def test_no_more_is_kept_than_there_is_room(monkeypatch):
    monkeypatch.setattr(cached_files, "_LIMIT", len(SCRIPT) + 10)
    inner = Application()
    app = CachedFiles(inner)
    for path in ("/static/a.js", "/static/b.js", "/static/a.js", "/static/b.js"):
        assert get(app, path)[2] == SCRIPT
    assert [scope["path"] for scope in inner.asked] == ["/static/a.js", "/static/b.js", "/static/b.js"]
