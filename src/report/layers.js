// The table of layers.

function operation(layer) {
  const kernel = layer.op === "linear" ? "" : ` ${layer.kernel[0]}×${layer.kernel[1]}`;
  const strides = [layer.stride].flat();  // one number, or down and across
  const stride = strides.some((s) => s > 1) ? ` /${strides.join("×")}` : "";
  const groups = layer.groups > 1 && layer.op === "conv" ? ` g${layer.groups}` : "";
  return layer.op + kernel + stride + groups;
}

const product = (list) => list.reduce((a, b) => a * b);
const tileSizes = ({ tile }) => [tile.m, tile.n, tile.rows, tile.cols];
const withBar = (share) => [
  percent(share),
  h("span.bar", { "aria-hidden": true }, h("i", { style: `width:${Math.min(100, share * 100)}%` })),
];

/// Columns: heading, what it is sorted by, what it shows, and the unit below the heading. `text` is aligned left;
/// `needs` is what layers must have for the column to be there.
const layerColumns = [
  { name: "Layer", key: (l) => l.id, show: (l) => l.id, text: true },
  { name: "Operation", key: operation, show: operation, text: true },
  { name: "Shape", key: (l) => product(l.out), show: (l) => `${shape(l.in)} → ${shape(l.out)}`, unit: "C×H×W" },
  { name: "Bits", key: (l) => l.bits, show: (l) => `${l.bits} → ${l.bits_out}` },
  { name: "MACs", key: (l) => l.macs, show: (l) => (l.macs ? kilo(l.macs) : "–"), unit: "an image" },
  { name: "Chunk", key: (l) => l.chunk, show: (l) => [swatch(chunkColour(l.chunk)), String(l.chunk)] },
  { name: "Tile", key: (l) => product(tileSizes(l)), show: (l) => tileSizes(l).join("×"), unit: "M×N×rows×cols" },
  { name: "Order", key: (l) => l.order, show: (l) => l.order.replaceAll("_", " "), text: true },
  { name: "Cycles", key: (l) => l.cycles, show: (l) => number(l.cycles) },
  { name: "Share of II", key: (l) => l.share_of_ii, show: (l) => withBar(l.share_of_ii) },
  {
    name: "Utilisation",
    key: (l) => (known(l.utilisation) ? l.utilisation : -1),
    show: (l) => (known(l.utilisation) ? withBar(l.utilisation) : "–"),
  },
  {
    name: "Bound by",
    key: (l) => l.limit,
    show: (l) => [swatch(limitColour(l.limit)), `${l.limit} ${percent(l.terms[l.limit] / l.cycles, 0)}`],
    text: true,
    needs: "limit",
  },
  { name: "External", key: (l) => l.external_bytes, show: (l) => kilo(l.external_bytes), unit: "bytes", needs: "limit" },
];

const layerCell = (layer, { show, text }, i) =>
  i === 0 ? h("th.text", { scope: "row" }, show(layer)) : h(text ? "td.text" : "td", show(layer));

/// Sorts by the column of `head`: largest first, smallest first when pressed again.
function sortBy({ key }, head, heads, rows, tbody) {
  const down = head.getAttribute("aria-sort") !== "descending";
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
  const sorted = [...rows].sort((a, b) => compare(key(a.layer), key(b.layer)));
  tbody.append(...sorted.map(({ row }) => row));
}

function drawLayers() {
  if (!data.accelerator) return absent("layers", "No accelerator yet, so no layer has cycles.");
  const { layers } = data.accelerator;
  const columns = layerColumns.filter(({ needs }) => !needs || known(layers[0][needs]));
  const rows = layers.map((layer) => ({
    layer,
    row: h(
      "tr",
      columns.map((column, i) => layerCell(layer, column, i)),
    ),
  }));
  const tbody = h(
    "tbody",
    rows.map(({ row }) => row),
  );
  const heads = columns.map((column) => {
    const button = h("button", { type: "button" }, column.name);
    const head = h(
      column.text ? "th.text" : "th",
      { scope: "col" },
      button,
      column.unit ? h("div.below", column.unit) : null,
    );
    button.addEventListener("click", () => sortBy(column, head, heads, rows, tbody));
    return head;
  });
  const table = h("table", h("thead", h("tr", heads)), tbody);
  const card = known(layers[0].limit) ? "div.card.scroll.dense" : "div.card.scroll";
  body("layers").append(h(card, { tabindex: 0, role: "region", "aria-label": "Table of layers" }, table));
}
