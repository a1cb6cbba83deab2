"""The Comparison in JupyterLab: it draws, probes, sorts, takes pictures, follows and leads an Explorer, is exported."""

import io
import re

import numpy as np
import pytest
from comparison_view import ComparisonView
from explorer_view import ExplorerView
from PIL import Image
from playwright.sync_api import expect

SETUP = (
    "import inv_widgets as inv\nfrom comparison_examples import Run, many, result\nfrom examples import examples\n"
    "state = inv.State()\nrun = Run()"
)
MAPS = ("Grad-CAM", "Integrated gradients", "Occlusion", "INV")


@pytest.fixture
def opened(notebook_of):
    def open_it(name, cell="view = inv.Comparison(result(), state=state)\nview", *more, **viewport):
        notebook = notebook_of(name, [SETUP, cell, *more, "1 + 1"], **viewport)
        notebook.run_all()
        notebook.scroll_to(1)
        return notebook, ComparisonView(notebook.output(1)).ready()

    return open_it


def printed(notebook, index):
    notebook.run(index)
    return notebook.text(index).strip()


def png(colour, size=(60, 40)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_pictures_down_methods_across_each_with_cost_and_metrics(opened, screenshot):
    notebook, view = opened("compared.ipynb")
    assert view.heads() == ["Grad-CAM", "Integrated gradients", "Occlusion", "Attention rollout", "INV"]
    assert view.rows() == ["harbour", "meadow", "kitchen"]
    for method in MAPS:
        view.cell("harbour", method).scroll_into_view_if_needed()
        view.painted(view.canvas("harbour", method))
    assert len({view.pixels(view.canvas("harbour", method)) for method in MAPS}) == 4
    expect(view.cell("harbour", "Occlusion")).to_contain_text(re.compile(r"3\.2.s · 200 \+ 1 passes"))
    expect(view.cell("harbour", "Occlusion")).to_contain_text(re.compile(r"EBPG\s*34\.0.%"))
    # What is undefined says why; what failed too.
    expect(view.cell("meadow", "INV").get_by_title("the class has no probability to lose")).to_be_visible()
    expect(view.row("harbour").get_by_text("it has no attention.")).to_be_visible()
    means = view.grid().get_by_role("row").nth(1)
    expect(means).to_contain_text("mean of 3 pictures")
    expect(means).to_contain_text(re.compile(r"EBPG\s*17\.0.%\s*14\.0.% – 20\.0.%"))
    screenshot(notebook.page, "comparison")


def test_the_same_pixel_is_probed_in_all_cells_of_a_row(opened):
    notebook, view = opened(
        "probed.ipynb",
        "view = inv.Comparison(result(), state=state)\nview",
        "r = result()\nprint([float(r.map('harbour', m)[120, 160]) for m in ('grad_cam', 'integrated_gradients', "
        "'occlusion', 'inv')])",
    )
    wanted = [float(number) for number in printed(notebook, 2).strip("[]").split(",")]
    view.cell("harbour", "Occlusion").scroll_into_view_if_needed()
    box = view.canvas("harbour", "Occlusion").bounding_box()
    # The middle of pixel (160, 120) of 320 x 240.
    notebook.page.mouse.move(box["x"] + box["width"] * 160.5 / 320, box["y"] + box["height"] * 120.5 / 240)
    expect(view.row("harbour").locator("td .inv-cmp-reading")).to_have_count(4)
    read = [float(text.split(" · ")[0].replace("\u2212", "-")) for text in view.readings("harbour")]
    assert np.allclose(read, wanted, rtol=0.01, atol=2e-4)
    assert all(re.search(r"\d+\s?% below$", text) for text in view.readings("harbour"))
    assert view.readings("meadow") == []
    # Outside what the network saw.
    notebook.page.mouse.move(box["x"] + 3, box["y"] + 30)
    expect(view.row("harbour").get_by_text("not seen by the network")).to_have_count(4)
    notebook.page.mouse.move(5, 5)
    expect(view.root.locator(".inv-cmp-reading")).to_have_count(0)


def test_arrow_keys_move_the_cursor_and_nothing_reaches_the_notebook(opened):
    notebook, view = opened("keyboard.ipynb")
    page, before = notebook.page, notebook.cells()
    first = view.row("harbour").get_by_role("rowheader")
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(view.cell("harbour", "Grad-CAM")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(view.cell("meadow", "Grad-CAM")).to_be_focused()
    page.keyboard.press("Enter")
    expect(view.row("meadow").locator("th .inv-cmp-reading")).to_have_text("pixel 160, 120")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(view.row("meadow").locator("th .inv-cmp-reading")).to_have_text("pixel 165, 119")
    expect(view.root.get_by_role("status").filter(has_text="pixel 165, 119; Grad-CAM:")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(view.root.locator(".inv-cmp-reading")).to_have_count(0)
    page.keyboard.press("Space")
    expect(view.row("meadow")).to_have_attribute("aria-selected", "true")
    for key in ("a", "b", "d", "d", "m", "Shift+Enter", "ArrowDown"):
        page.keyboard.press(key)
    assert notebook.cells() == before
    assert notebook.active_cell() == 1


def test_the_mask_shows_exactly_the_top_share_of_what_the_network_saw(opened, screenshot):
    notebook, view = opened("mask.ipynb")
    view.root.get_by_role("radio", name="mask").click()
    slider = view.slider("show the top")
    view.cell("kitchen", "INV").scroll_into_view_if_needed()
    canvas = view.canvas("kitchen", "INV")
    # The paper is one colour; the outline of the ground truth would hide some of it.
    view.root.get_by_role("button", name=re.compile("5 of 5")).click()
    view.root.get_by_role("checkbox", name="Outline of the ground truth").uncheck()
    for share in (20, 5):
        slider.fill(str(share))
        notebook.page.wait_for_function(
            """([canvas, share]) => {
              const { width, height } = canvas;
              const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
              let shown = 0;
              for (let i = 0; i < data.length; i += 4) shown += !(data[i] === 174 && data[i + 1] === 181);
              const across = Math.round(width * 0.875) - Math.round(width * 0.125);
              return shown === Math.round((share * across * height) / 100);
            }""",
            arg=[canvas.element_handle(), share],
        )
    screenshot(notebook.page, "comparison-mask")


def test_methods_and_pictures_are_sorted_hidden_and_the_kernel_knows(opened):
    notebook, view = opened(
        "sorted.ipynb",
        "view = inv.Comparison(result(), state=state)\nview",
        "print(view.sort_methods, view.sort_pictures, view.hidden_methods)",
    )
    view.root.get_by_label("sort methods by").select_option("EBPG")
    expect(view.grid().get_by_role("columnheader").nth(1)).to_contain_text("INV")
    assert view.heads() == ["INV", "Occlusion", "Integrated gradients", "Grad-CAM", "Attention rollout"]
    view.root.get_by_role("button", name="Other way round").first.click()
    expect(view.grid().get_by_role("columnheader").nth(1)).to_contain_text("Grad-CAM")
    assert view.heads()[-1] == "Attention rollout", "what has no number stays last"
    view.root.get_by_label("sort methods by").select_option("run time")
    expect(view.grid().get_by_role("columnheader").nth(2)).to_contain_text("INV")
    view.root.get_by_label("sort pictures by").select_option("name")
    expect(view.root.locator("tr[data-key]").last).to_contain_text("meadow")
    assert view.rows() == ["harbour", "kitchen", "meadow"]
    view.grid().get_by_role("columnheader").nth(1).hover()
    view.grid().get_by_role("button", name="Hide Grad-CAM").click()
    expect(view.grid().get_by_role("columnheader")).to_have_count(5)
    notebook.run_until(2, "seconds name ['grad_cam']")


def test_it_leads_and_follows_an_explorer(opened, screenshot):
    notebook, view = opened(
        "linked-comparison.ipynb",
        "view = inv.Comparison(result(), state=state, explanations=examples(), height=520)\nview",
        "inv.Explorer(examples(), state=state)",
        "state.picture = 'kitchen'",
    )
    explorer = ExplorerView(notebook.output(2))
    expect(explorer.heading()).to_have_text("kitchen")
    expect(view.row("kitchen")).to_have_attribute("aria-selected", "true")
    view.cell("meadow", "INV").scroll_into_view_if_needed()
    view.cell("meadow", "INV").click()
    notebook.scroll_to(2)
    expect(explorer.heading()).to_have_text("meadow")
    # A cluster map that is chosen there is a column here, in its picture's row only.
    expect(explorer.card(2).first).to_be_visible()
    explorer.card(2).first.click()
    notebook.scroll_to(1)
    head = view.grid().get_by_role("columnheader").last
    expect(head).to_contain_text("cluster map: cluster 2")
    head.scroll_into_view_if_needed()
    view.painted(view.canvas("meadow", "cluster 2"))
    expect(view.row("harbour").get_by_text("of another picture")).to_have_count(1)
    screenshot(notebook.page, "comparison-linked")
    notebook.scroll_to(2)
    explorer.root.get_by_role("button", name="Close (Esc)").click()
    notebook.scroll_to(1)
    expect(view.grid().get_by_role("columnheader")).to_have_count(6)


def test_a_picture_is_uploaded_predicted_and_filled_method_by_method(opened, screenshot):
    notebook, view = opened(
        "upload.ipynb",
        "view = inv.Comparison(result(), run=run, state=state)\nview",
        "print(run.calls)\nprint([r.pictures[0].name for r in view.added])",
    )
    view.root.locator("input[type=file]").set_input_files(
        [
            {"name": "<i>mine</i>.png", "mimeType": "image/png", "buffer": png("teal")},
            {"name": "broken.png", "mimeType": "image/png", "buffer": b"no picture"},
        ]
    )
    row = view.row("<i>mine</i>.png")
    expect(row).to_contain_text("boat")
    expect(row.get_by_role("status")).to_contain_text("…")
    screenshot(notebook.page, "comparison-upload")
    expect(view.root.get_by_role("alert")).to_contain_text("broken.png cannot be read as a picture")
    for method in MAPS:
        view.cell("<i>mine</i>.png", method).scroll_into_view_if_needed()
        view.painted(view.canvas("<i>mine</i>.png", method), colours=20)
    expect(row.get_by_text("it has no attention.")).to_be_visible()
    expect(row.get_by_role("status")).to_have_count(0)
    # Another class, below the row; markup and other scripts are text.
    row.get_by_role("button", name="Other class").click()
    picker = view.root.get_by_role("dialog")
    expect(picker.get_by_role("option")).to_have_text(["boat", "cow", "<b>pan</b>", "قارب", "🚲 bicycle"])
    notebook.page.keyboard.type("pan")
    notebook.page.keyboard.press("Enter")
    expect(view.rows_called("<i>mine</i>.png")).to_have_count(2)
    expect(view.rows_called("<i>mine</i>.png").nth(1)).to_contain_text("<b>pan</b>")
    view.root.get_by_role("button", name="Stop").click()
    expect(view.root.get_by_text(re.compile("^Stopped: "))).to_be_visible()
    view.root.get_by_role("button", name="Remove <i>mine</i>.png").nth(1).click()
    expect(view.rows_called("<i>mine</i>.png")).to_have_count(1)
    calls, names = printed(notebook, 2).split("\n")
    assert calls.startswith(
        "[('<i>mine</i>.png', None, ()), ('<i>mine</i>.png', None, ('grad_cam',)), ('<i>mine</i>.png', None, ('integ"
    )
    assert "('<i>mine</i>.png', 2, ())" in calls
    assert names == str(["<i>mine</i>.png"] * 5)


COPY = """async bytes => {
  const blob = new Blob([new Uint8Array(bytes)], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}"""


def test_a_picture_is_pasted_and_saved_files_have_it_marked(opened, page_of, folder, screenshot):
    notebook, view = opened(
        "pasted.ipynb",
        "view = inv.Comparison(result(), run=run, state=state)\nview",
        "view.wait(60)\nview.save('pasted.html')\nview.save('pasted.svg')\n"
        "print(len(view.added), len(view.result.pictures), (open('pasted.svg').read()).count('>added<'))",
    )
    page = notebook.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(COPY, list(png("teal")))
    before = notebook.cells()
    view.cell("harbour", "Grad-CAM").focus()
    page.keyboard.press("Control+v")
    added = view.root.locator("tr[data-added=true]")
    expect(added).to_have_count(1)
    expect(added).to_contain_text("boat")
    expect(added.get_by_text("added", exact=True)).to_be_visible()
    expect(added.get_by_role("status")).to_have_count(0)
    assert notebook.cells() == before
    name = view.rows()[0]
    view.painted(view.canvas(name, "INV"), colours=20)
    means = view.grid().get_by_role("row").nth(1)
    expect(means).to_contain_text("mean of 3 pictures")
    expect(means).to_contain_text("without added rows")
    screenshot(page, "comparison-pasted")
    # Text on the clipboard is none of the view's business.
    page.evaluate("navigator.clipboard.writeText('words')")
    view.cell("harbour", "Grad-CAM").focus()
    page.keyboard.press("Control+v")
    # The files: a row more, in no mean, with no kernel.
    assert printed(notebook, 2) == "5 3 1"
    expect(added).to_have_count(1)
    disk = page_of(width=1280, height=900)
    disk.goto((folder / "pasted.html").as_uri())
    there = ComparisonView(disk.locator("body")).ready()
    assert there.rows() == [name, "harbour", "meadow", "kitchen"]
    there.painted(there.canvas(name, "INV"), colours=20)
    expect(there.root.get_by_text("added", exact=True)).to_be_visible()
    expect(there.grid().get_by_role("row").nth(1)).to_contain_text("mean of 3 pictures")
    expect(there.root.get_by_role("button", name=re.compile("^(Remove|Stop|Other class)"))).to_have_count(0)
    screenshot(disk, "comparison-page-added")


REAL = """
net = inv.Classifier.demo("fashion")
samples = inv.datasets.fashion()
methods = {"Grad-CAM": ("grad_cam", {}), "INV": ("inv", {}), "IG": ("integrated_gradients", {"n_steps": 8})}
result = inv.compare(net, samples[:2], methods)
view = inv.Comparison(result, state=state)
view
"""
SAME = """
import numpy as np
view.wait(60)
made = {one.methods[0].key: one for one in view.added}
target = int(made["Grad-CAM"].pictures[0].target)
again = inv.compare(net, samples[30], {"Grad-CAM": ("grad_cam", {})}, target=target)
one, two = made["Grad-CAM"].maps[0][0].native, again.maps[0][0].native
hooks = sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in net.module.modules())
print(sorted(made), bool(np.allclose(one, two, atol=1e-6)), net.predict(samples[30])[0].name, hooks)
"""


def test_a_real_network_answers_about_a_dropped_picture(notebook_of, screenshot):
    """The demo network of clothes: what a drop on the view shows is what `inv.compare` makes of the same picture."""
    from inv_widgets import datasets

    notebook = notebook_of("real.ipynb", ["import inv_widgets as inv\nstate = inv.State()", REAL, SAME], height=1100)
    notebook.run(0)
    notebook.run(1)
    notebook.scroll_to(1)
    first, dropped = datasets.fashion()[0], datasets.fashion()[30]
    view = ComparisonView(notebook.output(1)).ready(first.name, "Grad-CAM")
    view.root.locator("input[type=file]").set_input_files(str(dropped.picture))
    added = view.root.locator("tr[data-added=true]")
    expect(added).to_have_count(1)
    expect(added.get_by_role("status")).to_have_count(0, timeout=60_000)
    for method in ("Grad-CAM", "INV", "IG"):
        view.painted(added.get_by_role("gridcell", name=re.compile(f"^{method} on")).locator("canvas"), colours=10)
    keys, same, name, hooks = re.fullmatch(r"(\[.*\]) (\w+) (.*) (\d+)", printed(notebook, 2).split("\n")[-1]).groups()
    assert (keys, same, hooks) == ("['Grad-CAM', 'IG', 'INV']", "True", "0")
    expect(added.locator(".inv-cmp-chip").first).to_contain_text(name)
    # Another class, by its name.
    added.get_by_role("button", name="Other class").click()
    notebook.page.keyboard.type("trouser")
    notebook.page.keyboard.press("Enter")
    expect(view.root.locator("tr[data-added=true]")).to_have_count(2)
    expect(view.root.locator("tr[data-added=true]").nth(1)).to_contain_text("trouser", ignore_case=True)
    expect(view.root.get_by_role("button", name="Stop")).to_have_count(0, timeout=60_000)
    screenshot(notebook.page, "comparison-real")


def test_without_a_network_the_view_says_what_to_do(opened):
    _, view = opened("no-network.ipynb")
    expect(view.root.get_by_text("give run=", exact=False)).to_be_visible()
    expect(view.root.get_by_role("button", name="Add pictures")).to_have_count(0)
    expect(view.root.get_by_role("button", name="Other class")).to_have_count(0)


def test_many_pictures_and_methods_are_drawn_when_they_are_seen(notebook_of, screenshot):
    notebook = notebook_of(
        "many-compared.ipynb",
        [SETUP, "view = inv.Comparison(many(), state=state)\nview", "state.picture = 'picture 40'"],
    )
    notebook.run(0)
    notebook.run(1)
    notebook.scroll_to(1)
    view = ComparisonView(notebook.output(1)).ready("harbour", "Grad-CAM 0")
    expect(view.root.locator("tr[data-key]")).to_have_count(40)
    drawn = view.root.locator("canvas")
    assert drawn.count() < 12 * 19, "rows far below are not drawn"
    screenshot(notebook.page, "comparison-many")
    notebook.run(2)
    notebook.scroll_to(1)
    view.painted(view.canvas("picture 40", "Grad-CAM 0"))
    assert drawn.count() < 14 * 19, "rows that are out of sight again are taken back"


def test_the_kernel_is_gone_and_the_view_goes_on(opened, screenshot):
    notebook, view = opened("gone.ipynb", "inv.Comparison(result(), run=run, state=state)", dark=True)
    notebook.restart()
    expect(view.banner()).to_be_visible()
    before = view.pixels(view.canvas("harbour", "Grad-CAM"))
    view.colour_map().select_option("inferno")
    view.changes(view.canvas("harbour", "Grad-CAM"), before)
    expect(view.root.get_by_role("button", name="Add pictures")).to_be_disabled()
    screenshot(notebook.page, "comparison-dark-gone")


def test_an_exported_page_works_from_disk(notebook_of, folder, page_of, screenshot):
    notebook = notebook_of(
        "export-comparison.ipynb",
        [SETUP, "view = inv.Comparison(result(), state=state, sort_methods='ebpg')\nview.save('comparison.html')"],
    )
    notebook.run_all()
    page = page_of(width=1280, height=800)
    page.goto((folder / "comparison.html").as_uri())
    view = ComparisonView(page.locator("body")).ready()
    assert view.heads()[0] == "INV"
    view.cell("harbour", "INV").hover(position={"x": 60, "y": 50})
    expect(view.row("harbour").locator("td .inv-cmp-reading")).to_have_count(4)
    screenshot(page, "comparison-page")
    expect(view.root.get_by_role("button", name="Add pictures")).to_have_count(0)
    narrow = page_of(width=420, height=800, dark=True)
    narrow.goto((folder / "comparison.html").as_uri())
    ComparisonView(narrow.locator("body")).ready()
    screenshot(narrow, "comparison-page-narrow")


def test_files_are_saved_from_the_menu(opened):
    notebook, view = opened("saved.ipynb")
    view.root.get_by_role("button", name=re.compile("5 of 5")).click()
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("HTML", b"<!DOCTYPE html>")):
        with notebook.page.expect_download() as download:
            view.root.get_by_role("button", name=f"Save as {kind}").click()
        assert download.value.path().read_bytes().startswith(start)
