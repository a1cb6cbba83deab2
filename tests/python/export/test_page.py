"""The exported page: one file, nothing fetched, nothing executed but the front end."""

import base64
import dataclasses
import hashlib
import json
import re
import sys
from html import unescape
from html.parser import HTMLParser

import pytest

import inv_widgets as inv
from inv_widgets.explanation import Label
from inv_widgets.export import page as exported
from inv_widgets.export import payload
from inv_widgets.run import Run
from inv_widgets.summary.groups import layers_by_group

SCRIPT = 'const text = "<\\/script> \\u{1f431}"; document.getElementById("inv-widgets-root").textContent = "ran";'


class Reader(HTMLParser):
    """Elements and their text, as a browser sees them."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self._open = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))
        if tag in ("script", "title", "style", "noscript", "p"):
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag):
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data):
        if self._open:
            self._open[-1][2].append(data)

    def all(self, tag):
        return [(attributes, "".join(text)) for name, attributes, text in self.elements if name == tag]


def read(path):
    reader = Reader()
    reader.feed(path.read_text("utf-8"))
    return reader


@pytest.fixture
def front_end(monkeypatch):
    """A front end of one line, whether or not the real one is built."""
    monkeypatch.setattr(sys.modules["inv_widgets.export.documents"], "front_end", lambda *_: SCRIPT)


@pytest.mark.usefixtures("front_end")
def test_the_page_holds_the_pictures_the_state_and_the_front_end(make, tmp_path):
    run = Run([make(name="a.jpg"), make(name="b.jpg", seed=1)])
    state = {"picture": "b.jpg", "opacity": 0.25}
    file = inv.export.page(run, tmp_path / "new" / "page.html", title="My run", state=state)
    assert file == tmp_path / "new" / "page.html"
    scripts = read(file).all("script")
    data = json.loads(scripts[0][1])
    assert scripts[0][0] == {"type": "application/json", "id": "inv-widgets-data"}
    assert data["title"] == "My run"
    assert data["state"] == state
    assert [picture["name"] for picture in data["pictures"]] == ["a.jpg", "b.jpg"]
    image = base64.b64decode(data["pictures"][0]["image"], validate=True)
    assert image[8:12] == b"WEBP"
    assert scripts[1] == ({"type": "module"}, SCRIPT)
    assert len(scripts) == 2


@pytest.fixture
def chart_front_end(monkeypatch, tmp_path_factory):
    """Front ends of one line each, whether or not the real ones are built."""
    from importlib import resources

    static = tmp_path_factory.mktemp("package") / "static"
    static.mkdir()
    (static / "page.js").write_text("page();", "utf-8")
    (static / "global_chart.js").write_text('var $a=()=>"</script>";export{$a as default};\n', "utf-8")
    files = resources.files
    monkeypatch.setattr(resources, "files", lambda name: static.parent if name == "inv_widgets" else files(name))
    return static


@pytest.mark.usefixtures("chart_front_end")
def test_a_summary_brings_the_chart_and_its_front_end_along(labelled, tmp_path):
    plain = read(exported(labelled, tmp_path / "plain.html"))
    assert [text for _, text in plain.all("script")[1:]] == ["page();"]
    assert "chart" not in json.loads(plain.all("script")[0][1])

    summary = inv.summarize(labelled)
    document = read(exported(labelled, tmp_path / "chart.html", summary=summary))
    scripts = document.all("script")
    # The chart's comes first, exports to nobody and cannot end its element; the policy knows both.
    chart = 'var $a=()=>"<\\/script>";globalThis.invWidgetsGlobalChart=$a;'
    assert scripts[1:] == [({"type": "module"}, chart), ({"type": "module"}, "page();")]
    policy = next(a["content"] for a, _ in document.all("meta") if "http-equiv" in a)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _, text in scripts[1:]]
    assert f"; script-src {' '.join(f'{chr(39)}sha256-{one}{chr(39)}' for one in digests)}; " in policy
    data = json.loads(scripts[0][1])
    told = data["chart"]
    # Both open with one class: the first picture's.
    groups = layers_by_group(summary.groups, summary.layers)
    assert data["state"] == {"target": "tabby", "groups": groups}
    assert groups
    later = read(exported(labelled, tmp_path / "chart.html", summary=summary, state={"picture": "picture-1.jpg"}))
    assert json.loads(later.all("script")[0][1])["state"] == {
        "picture": "picture-1.jpg",
        "target": "taxi",
        "groups": groups,
    }
    assert [one["name"] for one in told["_summary"]["classes"]] == ["tabby", "taxi"]
    assert set(told["_charts"]) == {"labels", "trends", "layers"}
    assert base64.b64decode(told["_summary"]["bytes"], validate=True)


@pytest.mark.usefixtures("chart_front_end")
def test_labels_of_a_chart_are_only_ever_text(labelled, tmp_path):
    nasty = "</script><script>alert(1)</script><!--"
    column = labelled[0].columns[0]
    first = dataclasses.replace(column.cluster_maps[0], labels=(Label(nasty, 9.0, 4, 1.0, won=True, players=3),))
    column = dataclasses.replace(column, cluster_maps=(first, *column.cluster_maps[1:]))
    labelled[0] = dataclasses.replace(labelled[0], columns=(column, *labelled[0].columns[1:]))
    document = read(exported(labelled, tmp_path / "page.html", summary=inv.summarize(labelled)))
    assert len(document.all("script")) == 3
    classes = json.loads(document.all("script")[0][1])["chart"]["_summary"]["classes"]
    assert nasty in classes[0]["labels"]


def test_what_is_no_summary_or_no_known_front_end_is_refused(labelled, tmp_path, chart_front_end):
    with pytest.raises(TypeError, match=r"summary=3 is .*give what inv\.summarize\(labelled\) returns"):
        exported(labelled, tmp_path / "page.html", summary=3)
    with pytest.raises(TypeError, match=r"tcav=3 is .*give what inv\.tcav"):
        exported(labelled, tmp_path / "page.html", summary=inv.summarize(labelled), tcav=3)
    with pytest.raises(ValueError, match=r"give the summary that it was made for too"):
        exported(labelled, tmp_path / "page.html", tcav=3)
    (chart_front_end / "global_chart.js").write_text("var a;export default a;", "utf-8")
    with pytest.raises(ValueError, match=r"global_chart\.js ends in .*of another version"):
        exported(labelled, tmp_path / "page.html", summary=inv.summarize(labelled))
    assert not (tmp_path / "page.html").exists()


@pytest.mark.usefixtures("front_end")
def test_the_policy_lets_only_the_front_end_run_and_nothing_be_fetched(make, tmp_path):
    document = read(exported(make(), tmp_path / "page.html"))
    policy = next(a["content"] for a, _ in document.all("meta") if "http-equiv" in a)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    digest = base64.b64encode(hashlib.sha256(document.all("script")[1][1].encode()).digest()).decode()
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["img-src"] == "data: blob:"
    assert "connect-src" not in rules
    assert document.all("html")[0][0] == {"lang": "en"}


@pytest.mark.usefixtures("front_end")
def test_names_and_labels_are_only_ever_text(awkward, tmp_path, unpacked):
    file = exported(awkward, tmp_path / "page.html", title="</title><script>alert(1)</script> 🐱")
    text = file.read_text("utf-8")
    document = read(file)
    assert document.all("title")[0][1] == "</title><script>alert(1)</script> 🐱"
    assert len(document.all("script")) == 2
    assert text.count("<!--") == 0
    assert not document.all("b")
    (picture,) = json.loads(document.all("script")[0][1])["pictures"]
    assert picture["name"] == awkward.name
    assert picture["target_name"] == awkward.target_name
    picture["columns"] = base64.b64decode(picture["columns"])
    labels = unpacked("columns", picture)[0]["cluster_maps"][0]["labels"]
    assert [label["name"] for label in labels] == ["</script><b>ear & 'eye'\"", "אוזן 🐱"]
    assert not [a for a, _ in document.all("img") if "onerror" in a]


@pytest.mark.usefixtures("front_end")
def test_no_address_stands_in_the_page_but_names_of_xml(awkward, tmp_path):
    text = exported(awkward, tmp_path / "page.html").read_text("utf-8")
    assert not re.findall(r"https?://[^\"' )]*", text)
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", text)


@pytest.mark.usefixtures("front_end")
def test_without_scripts_the_first_picture_s_figure_is_shown(make, tmp_path):
    text = exported(make(name="a 'cat'.jpg"), tmp_path / "page.html").read_text("utf-8")
    (fallback,) = re.findall(r"<noscript>(.*?)</noscript>", text, flags=re.DOTALL)
    (alternative,) = re.findall(r'alt="([^"]*)"', fallback)
    assert unescape(alternative) == "Cluster maps of a 'cat'.jpg for tabby cat"
    (svg,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', fallback)
    assert base64.b64decode(svg).startswith(b"<svg")


@pytest.mark.usefixtures("front_end")
def test_without_scripts_very_many_layers_do_not_make_the_page_large(make, tmp_path):
    one = make(columns=1)
    columns = tuple(dataclasses.replace(one.columns[0], layer=f"features.{i}", depth=i) for i in range(40))
    text = exported(dataclasses.replace(one, columns=columns), tmp_path / "page.html").read_text("utf-8")
    (svg,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', text)
    drawn = base64.b64decode(svg).decode("utf-8")
    assert "the last 24 of 40 layers" in drawn
    assert ("features.39" in drawn, "features.15<" in drawn) == (True, False)


@pytest.mark.usefixtures("front_end")
def test_titles_are_made_where_none_is_given(make, tmp_path):
    def title(run):
        return read(exported(run, tmp_path / "page.html")).all("title")[0][1]

    assert title(make()) == "cat.jpg: tabby cat"
    assert title([make(name="a"), make(name="b")]) == "2 explanations of EfficientNet-Lite0"
    assert title(Run()) == "No explanations"


@pytest.mark.usefixtures("front_end")
def test_a_state_like_object_is_taken_and_others_are_refused(make, tmp_path):
    class State:
        picture, target, layer, cluster_map, label, group = "cat.jpg", None, None, None, None, None
        layers, groups, colour_map, opacity, language = ["l1"], {"early": ["l1"]}, "turbo", 0.5, "en"

    document = read(exported(make(), tmp_path / "page.html", state=State()))
    state = json.loads(document.all("script")[0][1])["state"]
    assert (state["picture"], state["layers"], state["colour_map"], len(state)) == ("cat.jpg", ["l1"], "turbo", 11)
    with pytest.raises(ValueError, match=r"A State has no 'colormap'\. It has: picture, target"):
        exported(make(), tmp_path / "page.html", state={"colormap": "turbo"})
    with pytest.raises(TypeError, match="not a State"):
        exported(make(), tmp_path / "page.html", state=3)


@pytest.mark.usefixtures("front_end")
def test_a_wrong_ending_is_refused_and_an_older_page_stands_after_a_failure(make, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"'page.pdf': give a name that ends in .html"):
        exported(make(), tmp_path / "page.pdf")
    file = exported(make(), tmp_path / "page.html")
    before = file.read_bytes()

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space"):
        exported(make(name="other.jpg"), file)
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_a_front_end_that_is_not_built_is_told(make, tmp_path, monkeypatch):
    from importlib import resources

    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    with pytest.raises(FileNotFoundError, match=r"page\.js is missing\. In a clone of the repository run `make build`"):
        exported(make(), tmp_path / "page.html")


def test_a_front_end_cannot_end_its_own_script(make, monkeypatch, tmp_path):
    from importlib import resources

    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "page.js").write_text('a = "</script><!-- <script>"', "utf-8")
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    text = exported(make(), tmp_path / "page.html").read_text("utf-8")
    assert 'a = "<\\/script><\\!-- <script>"' in text


@pytest.mark.usefixtures("front_end")
def test_a_run_that_is_too_large_for_a_page_is_refused_at_once(make, tmp_path, monkeypatch):
    drawn = []
    one = make(columns=1)
    real = payload._images
    monkeypatch.setattr(payload, "_images", lambda picture: drawn.append(1) or real(picture))
    size = inv.export.page(Run([one]), tmp_path / "one.html").stat().st_size
    monkeypatch.setattr(sys.modules["inv_widgets.export.page"], "MOST_BYTES", 30 * size)
    drawn.clear()
    with pytest.raises(
        ValueError,
        match=r"^\[inv-widgets\] A page of 1000 explanations would take about .* MB, .*run\[:(\d+)\].*filter\(target",
    ) as raised:
        inv.export.page(Run([one] * 1000), tmp_path / "page.html")
    assert len(drawn) == 8
    assert not (tmp_path / "page.html").exists()
    fit = int(re.search(r"run\[:(\d+)\]", str(raised.value))[1])
    assert 100 < fit < 1000
    assert inv.export.page(Run([one] * fit), tmp_path / "page.html").exists()


def test_the_keys_of_a_pages_pictures_differ_though_they_are_made_in_groups(make):
    sent = payload.pictures(Run([make(columns=1)] * 20), most=10**9)
    assert len({picture["key"] for picture in sent}) == 20
