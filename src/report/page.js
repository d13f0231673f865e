// Draws the page from the document in #data (docs/report.md). All text goes in as text nodes, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const known = (value) => value !== null && value !== undefined;

// ---- Elements ----------------------------------------------------------------------------------------------------

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (known(value) && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter(known));
  return node;
}
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const body = (section) => document.querySelector(`#${section} .body`);
const absent = (section, text) => body(section).append(h("p", { class: "absent" }, text));

// ---- Numbers -----------------------------------------------------------------------------------------------------

const locale = "en-US";
const number = (value, digits = 0) =>
  value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const significant = (value) => value.toLocaleString(locale, { maximumSignificantDigits: 4 });
const percent = (share, digits = 1) => `${number(share * 100, digits)} %`;
const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;
function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${number(seconds, seconds < 10 ? 1 : 0)} s`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}
const si = (seconds) => (seconds < 1e-3 ? `${significant(seconds * 1e6)} µs` : seconds < 1 ? `${significant(seconds * 1e3)} ms` : `${significant(seconds)} s`);
const cost = (value) => `${value >= 100 ? number(value) : significant(value)} ${data.cost.unit}`;
const kilo = (value) => (value >= 1e6 ? `${number(value / 1e6, 2)} M` : value >= 1e4 ? `${number(value / 1e3)} k` : number(value));
const shape = ([channels, height, width]) => `${channels}×${height}×${width}`;

// ---- Colours -----------------------------------------------------------------------------------------------------

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const chunkColour = (index) => `var(--chunk-${index % 6})`;

// An operator's hue is that of its kernel (the name up to the first "_"); within a kernel, later operators are darker.
const hues = ["212 72%", "20 82%", "165 62%", "290 45%", "345 65%"];
function operatorColours(operators) {
  const families = [...new Set(operators.map((name) => name.split("_")[0]).filter((family) => family !== "skip"))];
  const [from, to] = [Number(css("--shade-from")), Number(css("--shade-to"))];
  return new Map(operators.map((name) => {
    const family = name.split("_")[0];
    if (family === "skip") return [name, css("--neutral")];
    const members = operators.filter((other) => other.split("_")[0] === family);
    const depth = members.length > 1 ? members.indexOf(name) / (members.length - 1) : 0.5;
    return [name, `hsl(${hues[families.indexOf(family) % hues.length]} ${from + (to - from) * depth}%)`];
  }));
}
function bitsColours(bits) {
  const [from, to] = [Number(css("--shade-from")), Number(css("--shade-to"))];
  return new Map(bits.map((b, i) => [b, `hsl(255 38% ${from + (to - from) * (bits.length > 1 ? i / (bits.length - 1) : 0.5)}%)`]));
}
const legend = (colours, label) => h("ul", { class: "legend" }, [...colours].map(([key, colour]) =>
  h("li", {}, h("i", { class: "swatch", style: `background:${colour}` }), label(key))));

const chunkLegend = (text) => h("ul", { class: "legend below" }, data.accelerator.chunks.map((chunk, i) =>
  h("li", {}, h("i", { class: "swatch", style: `background:${chunkColour(i)}` }), text(i, chunk.kind))));

// ---- Header and result -------------------------------------------------------------------------------------------

function drawHeader() {
  const { dataset, platform } = data.asked;
  const title = dataset ? (platform ? `${dataset} on ${platform}` : dataset) : "Report of a run";
  document.getElementById("title").textContent = title;
  document.title = `${title} · autonba report`;
  const spoken = { done: "finished", partly: "under way or interrupted", waiting: "not reached", none: "left out" };
  document.getElementById("steps").append(...data.steps.map((step) => {
    const progress = !known(step.of) ? "" : step.state === "done" ? ` ${count(step.of, "epoch")}` : ` ${step.done} of ${count(step.of, "epoch")}`;
    return h("li", { class: step.state, title: spoken[step.state], "aria-label": `${step.name}${progress}: ${spoken[step.state]}` },
      step.name + progress);
  }));
}

function tile(name, value, unit, under) {
  return h("div", { class: "card tile" }, h("p", { class: "name" }, name),
    known(value) ? h("p", { class: "value" }, value, unit ? h("span", { class: "unit" }, ` ${unit}`) : null)
                 : h("p", { class: "value missing" }, "not yet"),
    under ? h("p", { class: "under" }, under) : null);
}

const targetText = () => `${data.cost.higher_is_better ? "≥" : "≤"} ${cost(data.target.value)}`;
function targetNote() {
  const target = data.target;
  if (!target) return h("span", {}, "no target recorded");
  const text = `target ${targetText()}`;
  if (!known(target.met)) return text;
  const change = target.achieved / target.value - 1;
  return h("span", {}, `${text}: `, h("span", { class: target.met ? "met" : "missed" }, target.met ? "met" : "missed"),
    ` (${change < 0 ? "−" : "+"}${percent(Math.abs(change))})`);
}

function meter(resource) {
  return h("div", { class: "meter" },
    h("p", {}, h("strong", {}, resource.name),
      h("span", {}, number(resource.used), h("span", { class: "of" }, ` of ${number(resource.available)} · ${percent(resource.share)}`))),
    h("div", { class: "bar", role: "img", "aria-label": `${resource.name}: ${percent(resource.share)} used` },
      (resource.chunks || [resource.used]).map((used, i) => h("i", {
        style: `width:${Math.min(100, (used / resource.available) * 100)}%;` + (resource.chunks ? `background:${chunkColour(i)}` : ""),
        title: resource.chunks ? `chunk ${i}: ${number(used)}` : null }))));
}

function drawResult() {
  const r = data.result;
  const scaled = (value, digits, factor = 1) => (known(value) ? number(value * factor, digits) : null);
  const throughputIsTarget = data.cost.higher_is_better;
  const batch = known(r.batch) ? `batch of ${r.batch}` : null;
  const clock = data.accelerator ? ` at ${significant(data.accelerator.platform.clock_mhz)} MHz` : "";
  body("result").append(
    h("div", { class: "grid tiles" },
      tile("Top-1 accuracy", scaled(r.top1, 2, 100), "%", known(r.top1) ? "test split, quantised network" : "when training has ended"),
      tile("Throughput", scaled(r.fps, 0), "images/s", throughputIsTarget ? targetNote() : null),
      tile("Latency", known(r.latency_ms) ? significant(r.latency_ms) : null, "ms", throughputIsTarget ? "all layers, one after the other" : targetNote()),
      tile("Initiation interval", scaled(r.ii_cycles, 0), "cycles", batch ? batch + clock : null),
      tile("Search", known(r.search_seconds) ? duration(r.search_seconds) : null, "", null),
      tile("Training", known(r.train_seconds) ? duration(r.train_seconds) : null, "",
        known(r.peak_rss_mb) ? `peak memory ${number(r.peak_rss_mb)} MB` : null)),
    h("div", { class: "grid pair" }, resourceCard(), factsCard()));
}

function resourceCard() {
  const a = data.accelerator;
  return h("div", { class: "card" }, h("h3", {}, a ? `Resources of ${a.platform.name}` : "Resources"),
    a ? [a.resources.map(meter), a.resources[0].chunks ? chunkLegend((i, kind) => `chunk ${i} (${kind})`) : null] : h("p", { class: "note" }, "No accelerator yet: it is chosen when the search ends."));
}

function factsCard() {
  const [r, started] = [data.result, data.started || {}];
  const asked = data.asked;
  const facts = [["Dataset", asked.dataset], ["Search space", asked.space], ["Platform", asked.platform], ["Target", data.target && targetText()],
    ["Engine", asked.engine], ["Seed", asked.seed], ["Threads", known(asked.device) ? `${asked.threads} on ${asked.device}` : asked.threads],
    ["Command", started.command && h("code", {}, started.command)], ["Version", started.version],
    ["Objective", known(r.value) ? `${si(r.value)} (${r.objective}; the search minimises it)` : null]];
  return h("div", { class: "card" }, h("h3", {}, "This run"), h("dl", { class: "facts" }, facts.map(([name, value]) =>
    [h("dt", {}, name), h("dd", {}, known(value) ? (value instanceof Node ? value : String(value)) : "not recorded")])));
}

// ---- Network -----------------------------------------------------------------------------------------------------

const outline = (channels, most) => 3 + 45 * Math.sqrt(channels / most);

function boxShape(box, most, colour) {
  const picture = (...children) =>
    svg("svg", { viewBox: "0 0 100 52", preserveAspectRatio: "none", "aria-hidden": true }, children);
  if (box.identity) return picture(svg("line", { x1: 0, y1: 26, x2: 100, y2: 26, stroke: colour, "stroke-width": 2, "stroke-dasharray": "6 4" }));
  const heights = [box.in[0], box.widest, box.out[0]].map((channels) => outline(channels, most));
  const xs = [4, 50, 96];
  const edge = (sign) => xs.map((x, i) => `${x},${26 + (sign * heights[i]) / 2}`);
  return picture(svg("polygon", { points: [...edge(-1), ...edge(1).reverse()].join(" "), fill: colour }));
}

function boxItem(box, most, colour, chunks) {
  const size = box.in ? [h("div", { class: "size" }, box.in[0] === box.out[0] ? `${box.in[0]} channels` : `${box.in[0]} → ${box.out[0]} ch.`),
    h("div", { class: "size" }, box.out[1] < box.in[1] ? `${box.in[1]}×${box.in[2]} → ` : "", `${box.out[1]}×${box.out[2]}`)]
    : [h("div", { class: "size" }, box.identity ? "passes its input on" : null)];
  return h("li", { class: box.identity && "identity", title: box.layers.length ? `Layers: ${box.layers.join(", ")}` : null },
    h("div", { class: "where" }, known(box.op) ? box.title : "fixed", known(box.bits) ? h("span", { class: "bits" }, `${box.bits} bit`) : null),
    h("div", { class: "what" }, box.op || box.title),
    box.widest || box.identity ? boxShape(box, most, colour) : h("div", { class: "strip", style: `background:${colour}` }), size,
    h("div", { class: "size" }, box.macs ? `${kilo(box.macs)} MAC` : null),
    chunks.length ? h("div", { class: "dots", role: "img", "aria-label": `on chunk ${chunks.join(", ")}` }, chunks.map((chunk) =>
      h("i", { class: "swatch", style: `background:${chunkColour(chunk)};margin:0`, title: `chunk ${chunk}` }))) : null);
}

function drawNetwork(colours) {
  const network = data.network;
  if (!network) return absent("network", "No network yet: the joint search has not finished an epoch.");
  if (!network.final) {
    body("network").append(h("p", { class: "absent", style: "margin-bottom:.8rem" },
      `Not chosen yet. These are the likeliest choices after epoch ${network.after_epoch} of the search; the network follows when the search has ended.`));
  } else {
    const parts = [known(network.macs) ? `${kilo(network.macs)} multiply-accumulates an image, ${kilo(network.weights)} weights` : null,
      known(network.substitutions) ? (network.substitutions ? `${count(network.substitutions, "choice")} replaced to meet the target` : "no choice had to be replaced to meet the target") : null,
      network.host_ops ? `${count(network.host_ops, "operation")} left to the host` : null];
    body("network").append(h("p", { class: "note" }, parts.filter(known).join("; ") + "."));
  }
  const most = Math.max(1, ...network.boxes.map((box) => box.widest || 0));
  const chunkOf = new Map((data.accelerator ? data.accelerator.layers : []).map((layer) => [layer.id, layer.chunk]));
  body("network").append(h("ol", { class: "net" }, network.boxes.map((box) => {
    const chunks = [...new Set(box.layers.map((id) => chunkOf.get(id)).filter(known))].sort();
    return boxItem(box, most, colours.get(box.op) || css("--neutral"), chunks);
  })));
  if (data.accelerator) body("network").append(chunkLegend((i, kind) => `runs on chunk ${i} (${kind})`));
}

// ---- Accelerator -------------------------------------------------------------------------------------------------

function lane(chunk, index, layers, ii) {
  const own = layers.filter((layer) => layer.chunk === index).sort((a, b) => a.start_cycle - b.start_cycle);
  return h("div", { class: "lane" }, h("strong", {}, `Chunk ${index} · ${chunk.kind}`),
    h("div", { class: "track", role: "img", style: `--c:${chunkColour(index)}`,
      "aria-label": `Chunk ${index} works ${percent(chunk.share_of_ii)} of the interval, on ${own.map((layer) => layer.id).join(", ")}` },
      own.map((layer) => h("span", { style: `left:${(layer.start_cycle / ii) * 100}%;width:${layer.share_of_ii * 100}%`,
        title: `${layer.id}: ${number(layer.cycles)} cycles, ${percent(layer.share_of_ii)} of II` },
        layer.share_of_ii > 0.08 ? h("b", {}, layer.id) : null))),
    h("span", { class: "busy", title: "of the interval" }, percent(chunk.share_of_ii)));
}

function chunkCard(chunk, index, ii) {
  const { unroll, depth } = chunk;
  const macs = { dsp1: "one MAC a DSP", dsp2: "two MACs a DSP", lut: "MACs in LUTs" }[chunk.mac] || chunk.mac;
  const facts = [
    ["Runs", `${count(chunk.layers, "layer")}, ${number(chunk.cycles)} of ${number(ii)} cycles`],
    ["Utilisation", known(chunk.utilisation) ? `${percent(chunk.utilisation)} of its MACs while it works` : "multiplies nothing"],
    ["Unrolling", `${unroll.m} output channels × ${unroll.n} input channels × ${unroll.p} rows = ${number(chunk.macs_per_cycle)} MACs a cycle`],
    ["Datapath", `${chunk.bits} bit, ${macs}`],
    ["Requantisation", `${count(chunk.requant_lanes, "lane")}${chunk.accumulator ? ", accumulator buffer" : ""}`],
    ["Buffers", `2 × ${number(depth.input)} input, 2 × ${number(depth.weight)} weight, 2 × ${number(depth.output)} output words`],
    ["Memory port", `${chunk.port_bits} bit a cycle`], ["Largest stride", chunk.stride_max], ["Pipeline", count(chunk.pipeline_depth, "cycle")]];
  return h("div", { class: "card chunk", style: `--c:${chunkColour(index)}` }, h("h3", {}, `Chunk ${index} · ${chunk.kind}`),
    h("dl", { class: "facts" }, facts.filter(([, value]) => known(value)).map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])));
}

function drawAccelerator() {
  const a = data.accelerator;
  if (!a) return absent("accelerator", "No accelerator yet: it is chosen for the network when the search has ended.");
  const ii = a.cost.ii_cycles;
  const microseconds = (cycles) => `${significant(cycles / a.platform.clock_mhz)} µs`;
  body("accelerator").append(
    h("p", { class: "note" }, `II ${number(ii)} cycles (${microseconds(ii)}) for a batch of ${a.batch}; ${count(a.cost.stages, "pipeline stage")}; ` +
      `${count(a.macs_per_cycle, "MAC")} a cycle in all, ${percent(a.utilisation)} of them filled.`),
    h("div", { class: "card lanes" }, h("h3", { style: "margin-bottom:.7rem" }, "One interval"),
      a.chunks.map((chunk, i) => lane(chunk, i, a.layers, ii)),
      h("div", { class: "lane" }, h("div", { class: "ticks" }, [0, 0.25, 0.5, 0.75, 1].map((part) => h("span", {}, microseconds(part * ii)))))),
    h("div", { class: "grid chunks" }, a.chunks.map((chunk, i) => chunkCard(chunk, i, ii))));
}

// ---- Choices over time -------------------------------------------------------------------------------------------

/// Columns of stacked shares: `rows` [epoch][key] over `keys`.
function columns(rows, keys, colours, height, name, epochs) {
  const step = 100 / rows.length;
  const gap = rows.length > 30 ? 0 : Math.min(0.8, 0.08 * step);
  const outlines = keys.map(() => "");
  rows.forEach((row, e) => {
    let y = 0;
    row.forEach((share, k) => {
      if (share > 0) outlines[k] += `M${e * step},${y}h${step - gap}v${share * height}h${gap - step}z`;
      y += share * height;
    });
  });
  const spoken = (row) => row.map((share, k) => [share, k]).sort((a, b) => b[0] - a[0]).slice(0, 3)
    .map(([share, k]) => `${name(keys[k])} ${percent(share, 0)}`).join(", ");
  const label = `after epoch ${epochs[epochs.length - 1]}: ${spoken(rows[rows.length - 1])}`;
  return svg("svg", { viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none", style: `height:${height}px`, role: "img", "aria-label": label },
    keys.map((key, k) => svg("path", { d: outlines[k], fill: colours.get(key) })),
    rows.map((row, e) => svg("rect", { x: e * step, y: 0, width: step, height, fill: "transparent" }, svg("title", {}, `epoch ${epochs[e]}: ${spoken(row)}`))));
}

function drawChoices(colours) {
  const c = data.choices;
  if (!c) return absent("choices", "No probabilities yet: the joint search has not finished an epoch.");
  const bits = bitsColours(c.bits);
  const bitName = (b) => `${b} bit`;
  const last = (rows) => rows[rows.length - 1];
  const likeliest = (row) => row.indexOf(Math.max(...row));
  body("choices").append(legend(colours, (name) => name), legend(bits, bitName),
    h("div", { class: "grid choice" }, c.blocks.map((block, i) => {
      const [op, b] = [likeliest(last(block.alpha)), likeliest(last(block.beta))];
      return h("div", { class: "card" },
        h("h3", {}, `block ${i}`, h("span", { title: `channels in and out${block.stride > 1 ? `, stride ${block.stride}` : ""}` }, `${block.channels_in}→${block.channels_out}${block.stride > 1 ? ` /${block.stride}` : ""}`)),
        columns(block.alpha, c.operators, colours, 72, (name) => name, c.epochs),
        columns(block.beta, c.bits, bits, 24, bitName, c.epochs),
        h("p", {}, h("span", {}, `${c.operators[op]} ${percent(last(block.alpha)[op], 0)}`), h("span", {}, `${c.bits[b]} bit ${percent(last(block.beta)[b], 0)}`)));
    })));
}

// ---- Layers ------------------------------------------------------------------------------------------------------

const layerColumns = [
  ["Layer", (l) => l.id, (l) => l.id], ["Operation", (l) => l.op, (l) => l.op + (l.op === "linear" ? "" : ` ${l.kernel[0]}×${l.kernel[1]}`) + (l.stride > 1 ? ` /${l.stride}` : "") + (l.groups > 1 && l.op === "conv" ? ` g${l.groups}` : "")],
  ["Shape", (l) => l.out[0] * l.out[1] * l.out[2], (l) => `${shape(l.in)} → ${shape(l.out)}`, "C×H×W"],
  ["Bits", (l) => l.bits, (l) => `${l.bits} → ${l.bits_out}`], ["MACs", (l) => l.macs, (l) => (l.macs ? kilo(l.macs) : "–"), "an image"],
  ["Chunk", (l) => l.chunk, (l) => [h("i", { class: "swatch", style: `background:${chunkColour(l.chunk)}` }), String(l.chunk)]],
  ["Tile", (l) => l.tile.m * l.tile.n * l.tile.rows * l.tile.cols, (l) => `${l.tile.m}×${l.tile.n}×${l.tile.rows}×${l.tile.cols}`, "M×N×rows×cols"],
  ["Order", (l) => l.order, (l) => l.order.replaceAll("_", " ")],
  ["Cycles", (l) => l.cycles, (l) => number(l.cycles)], ["Share of II", (l) => l.share_of_ii, (l) => withBar(l.share_of_ii)],
  ["Utilisation", (l) => (known(l.utilisation) ? l.utilisation : -1), (l) => (known(l.utilisation) ? withBar(l.utilisation) : "–")]];
const textual = new Set(["Layer", "Operation", "Order"]);
const withBar = (share) => [percent(share), h("span", { class: "bar", "aria-hidden": true }, h("i", { style: `width:${Math.min(100, share * 100)}%` }))];

function drawLayers() {
  if (!data.accelerator) return absent("layers", "No accelerator yet, so no layer has cycles.");
  const rows = data.accelerator.layers.map((layer) => ({ layer, row: h("tr", {}, layerColumns.map(([name, , show], i) =>
    h(i ? "td" : "th", { class: textual.has(name) && "text", scope: i ? null : "row" }, show(layer)))) }));
  const tbody = h("tbody", {}, rows.map(({ row }) => row));
  const heads = layerColumns.map(([name, key, , unit]) => {
    const head = h("th", { scope: "col", class: textual.has(name) && "text" }, h("button", { type: "button" }, name), unit ? h("div", { class: "unit", style: "font-weight:400" }, unit) : null);
    head.firstChild.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) => (key(a.layer) < key(b.layer) ? -1 : key(a.layer) > key(b.layer) ? 1 : 0) * (down ? -1 : 1);
      tbody.append(...[...rows].sort(order).map(({ row }) => row));
    });
    return head;
  });
  body("layers").append(h("div", { class: "card scroll", tabindex: 0, role: "region", "aria-label": "Table of layers" },
    h("table", {}, h("thead", {}, h("tr", {}, heads)), tbody)));
}

// ---- All ---------------------------------------------------------------------------------------------------------

function drawPage() {
  const operators = data.choices ? data.choices.operators : [...new Set((data.network ? data.network.boxes : []).map((box) => box.op).filter(known))];
  const colours = operatorColours(operators);
  document.querySelectorAll(".body, #steps").forEach((node) => node.replaceChildren());
  drawHeader();
  drawResult();
  drawNetwork(colours);
  drawAccelerator();
  drawSearchCurves();
  drawChoices(colours);
  drawTrainingCurves();
  drawLayers();
  if (data.config) body("configuration").append(h("details", { class: "card", open: document.documentElement.classList.contains("printing") }, h("summary", {}, "Show"), h("pre", {}, data.config)));
  else absent("configuration", "The run holds no configuration.");
  document.documentElement.dataset.drawn = "yes";
}

try {
  drawPage();
} catch (error) {
  const place = document.getElementById("failure");
  place.textContent = `This report could not be drawn: ${error.message}`;
  place.hidden = false;
  throw error;
}
// Colours that are computed here follow a change of theme; paper is always light.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawPage);
addEventListener("beforeprint", () => { document.documentElement.classList.add("printing"); drawPage(); });
addEventListener("afterprint", () => { document.documentElement.classList.remove("printing"); drawPage(); });
