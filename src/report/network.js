// The network as a row of boxes.

/// A shape as high as the box's channels (square root) at its input, its widest point and its output.
function outline(box, most, colour) {
  const picture = (child) =>
    svg("svg", { viewBox: "0 0 100 52", preserveAspectRatio: "none", "aria-hidden": true }, child);
  if (box.identity) {
    return picture(
      svg("line", { x1: 0, y1: 26, x2: 100, y2: 26, stroke: colour, "stroke-width": 2, "stroke-dasharray": "6 4" }),
    );
  }
  const heights = [box.in[0], box.widest, box.out[0]].map((channels) => 3 + 45 * Math.sqrt(channels / most));
  const edge = (sign) => [4, 50, 96].map((x, i) => `${x},${26 + (sign * heights[i]) / 2}`);
  return picture(svg("polygon", { points: [...edge(-1), ...edge(1).reverse()].join(" "), fill: colour }));
}

function boxSizes(box) {
  if (!box.in) return h("div.size", box.identity ? "passes its input on" : null);
  const [channelsIn, heightIn, widthIn] = box.in;
  const [channelsOut, heightOut, widthOut] = box.out;
  return [
    h("div.size", channelsIn === channelsOut ? `${channelsIn} channels` : `${channelsIn} → ${channelsOut} ch.`),
    h("div.size", heightOut < heightIn ? `${heightIn}×${widthIn} → ` : null, `${heightOut}×${widthOut}`),
    h("div.size", box.macs ? `${kilo(box.macs)} MAC` : null),
  ];
}

function chunkDots(chunks) {
  if (!chunks.length) return null;
  const label = `on chunk ${chunks.join(", ")}`;
  return h(
    "div.dots",
    { role: "img", "aria-label": label, title: label },
    chunks.map((chunk) => swatch(chunkColour(chunk))),
  );
}

function boxItem(box, most, colour, chunks) {
  const title = box.layers.length ? `Layers: ${box.layers.join(", ")}` : null;
  return h(
    box.identity ? "li.identity" : "li",
    { title },
    h("div.where", known(box.op) ? box.title : "fixed", known(box.bits) ? h("span.bits", `${box.bits} bit`) : null),
    h("div.what", box.op || box.title),
    box.widest || box.identity ? outline(box, most, colour) : h("div.strip", { style: `background:${colour}` }),
    boxSizes(box),
    chunkDots(chunks),
  );
}

function networkNote(network) {
  if (!network.final) {
    return h(
      "p.absent.above",
      `Not chosen yet. These are the likeliest choices after epoch ${network.after_epoch} of the search; `,
      "the network follows when the search has ended.",
    );
  }
  const parts = [];
  if (known(network.macs))
    parts.push(`${kilo(network.macs)} multiply-accumulates an image, ${kilo(network.weights)} weights`);
  if (network.substitutions) parts.push(`${count(network.substitutions, "choice")} replaced to meet the target`);
  if (network.substitutions === 0) parts.push("no choice had to be replaced to meet the target");
  if (network.host_ops) parts.push(`${count(network.host_ops, "operation")} left to the host`);
  return h("p.note", `${parts.join("; ")}.`);
}

function drawNetwork(colours) {
  const network = data.network;
  if (!network) return absent("network", "No network yet: the joint search has not finished an epoch.");
  const most = Math.max(1, ...network.boxes.map((box) => box.widest || 0));
  const chunkOf = new Map((data.accelerator ? data.accelerator.layers : []).map((layer) => [layer.id, layer.chunk]));
  const items = network.boxes.map((box) => {
    const chunks = [...new Set(box.layers.map((id) => chunkOf.get(id)).filter(known))].sort((a, b) => a - b);
    return boxItem(box, most, colours.get(box.op) || css("--neutral"), chunks);
  });
  body("network").append(networkNote(network), h("ol.net", items));
  if (data.accelerator) body("network").append(chunkLegend((i, kind) => `runs on chunk ${i} (${kind})`));
}
