"""A GlobalChart in a page without a kernel, whose security policy forbids to make functions of texts."""

import json

from inv_widgets.export.front_ends import front_end
from inv_widgets.export.payload import to_json

# The least that a host is: models that live in the page.
_SCRIPT = """
class Model {
  #values; #callbacks = new Map();
  constructor(values) { this.#values = new Map(Object.entries(values)); }
  get(name) { return this.#values.get(name); }
  set(name, value) {
    if (Object.is(this.#values.get(name), value)) return;
    this.#values.set(name, value);
    for (const callback of [...(this.#callbacks.get(`change:${name}`) ?? [])]) callback();
  }
  on(event, callback) { this.#callbacks.set(event, [...(this.#callbacks.get(event) ?? []), callback]); }
  off(event, callback) {
    this.#callbacks.set(event, (this.#callbacks.get(event) ?? []).filter((each) => each !== callback));
  }
  save_changes() {}
  send() {}
}
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const { default: factory } = await import(URL.createObjectURL(new Blob([read("module")], { type: "text/javascript" })));
window.state = new Model({ colour_map: "viridis", opacity: 0.6 });
window.model = new Model({ ...read("model"), state: "anywidget:state" });
window.started = performance.now();
window.close = await factory().render({
  model, el: document.getElementById("root"), host: { getModel: async () => state },
});
new MutationObserver(() => {
  if (document.querySelector(".inv-vega[data-state=drawn]")) window.drawn ??= performance.now();
}).observe(document.body, { childList: true, subtree: true, attributes: true });
"""


def write(path, chart, **traits):
    """Write a page that shows a chart; `traits` replace some of the widget's."""
    names = ("_summary", "_charts", "view", "target", "max_labels", "height")
    model = {name: getattr(chart, name) for name in names} | traits
    module = json.dumps(front_end("global_chart", "the test")).replace("<", "\\u003c")
    policy = "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data: blob:"
    path.write_text(
        f'<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"></head><body><div id="root"></div>'
        f'<script type="application/json" id="module">{module}</script>'
        f'<script type="application/json" id="model">{to_json(model)}</script>'
        f'<script type="module">{_SCRIPT}</script></body></html>',
        "utf-8",
    )
    return path.as_uri()
