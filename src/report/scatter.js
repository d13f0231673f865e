// The roofline of all layers and the Pareto front, by Chart.js.

/// Powers of ten, and 2 and 5 times these where the axis is short.
function logTick(value, few) {
  const lead = Number(value.toExponential()[0]);
  return lead === 1 || (few && (lead === 2 || lead === 5)) ? significant(value) : null;
}

function scatterAxis(type, title, range) {
  const [muted, grid] = ["--muted", "--grid"].map(css);
  const font = { family: "system-ui, sans-serif", size: 11 };
  const few = known(range.min) && known(range.max) && range.max / range.min < 200;
  const ticks = { color: muted, font, maxRotation: 0, autoSkip: false };
  if (type === "logarithmic") ticks.callback = (value) => logTick(value, few);
  else Object.assign(ticks, { maxTicksLimit: 8, autoSkip: true });
  return { type, title: { display: true, text: title, color: muted, font }, grid: { color: grid }, ticks, ...range };
}

/// `label(item)`: the lines of a point's tooltip. Datasets called "" are not in the legend.
function scatter(title, description, datasets, x, y, label) {
  const canvas = h("canvas", { role: "img", "aria-label": description });
  const [ink] = ["--ink-2"].map(css);
  const font = { family: "system-ui, sans-serif", size: 11 };
  const options = {
    animation: false,
    maintainAspectRatio: false,
    scales: { x, y },
    interaction: { mode: "nearest", intersect: true },
    plugins: {
      legend: {
        align: "start",
        labels: { color: ink, font, usePointStyle: true, boxWidth: 8, filter: (item) => item.text !== "" },
      },
      tooltip: { filter: (item) => known(item.raw.name), callbacks: { label: (item) => label(item.raw) } },
    },
  };
  return {
    figure: h("figure.card", h("figcaption", h("h3", title)), h("div.plot.tall", canvas)),
    draw: () => new Chart(canvas, { type: "scatter", data: { datasets }, options }),
  };
}

/// The colour that a CSS variable has now: a canvas does not know variables.
const computedChunkColour = (index) => css(`--chunk-${index % 6}`);

/// A roof from the left end of the axis over its ridge to the right end.
function roof(label, limit, colour, dashed, from, to) {
  const [top, bytes] = [limit.operations_per_second / 1e9, limit.bytes_per_second / 1e9];
  const xs = [from, Math.min(Math.max(top / bytes, from), to), to];
  return {
    label,
    data: xs.map((x) => ({ x, y: Math.min(top, x * bytes) })),
    showLine: true,
    borderColor: colour,
    borderWidth: dashed ? 1.5 : 2,
    borderDash: dashed ? [6, 4] : [],
    pointRadius: 0,
    pointHitRadius: 0,
    pointStyle: "line",
    order: 2,
  };
}

/// Round limits for a logarithmic axis that holds all values with some room.
function logRange(values) {
  const round = (value, up) => {
    const power = 10 ** Math.floor(Math.log10(value));
    const steps = [1, 2, 5, 10].map((step) => step * power);
    return up ? steps.find((step) => step >= value) : steps.reverse().find((step) => step <= value);
  };
  return { min: round(Math.min(...values) / 1.3, false), max: round(Math.max(...values) * 1.3, true) };
}

function rooflinePoint(layer) {
  return {
    x: layer.operations_per_byte,
    y: layer.operations_per_second / 1e9,
    name: layer.id,
    limit: `${layer.limit} ${percent(layer.terms[layer.limit] / layer.cycles, 0)}`,
  };
}

function rooflineChart() {
  const { roofline, accelerator } = data;
  const layers = accelerator.layers;
  const x = logRange([...layers, roofline.network].map((point) => point.operations_per_byte));
  const tops = [...roofline.chunks, roofline.together].map((limit) => limit.operations_per_second / 1e9);
  const y = logRange([...layers.map((layer) => layer.operations_per_second / 1e9), ...tops]);
  const points = accelerator.chunks.map((chunk, i) => ({
    label: `chunk ${i} (${chunk.kind})`,
    data: layers.filter((layer) => layer.chunk === i).map(rooflinePoint),
    backgroundColor: computedChunkColour(i),
    borderColor: css("--card"),
    pointRadius: 4.5,
    pointHoverRadius: 7,
    order: 1,
  }));
  const roofs = roofline.chunks.map((limit, i) => roof("", limit, computedChunkColour(i), false, x.min, x.max));
  const together = roof("all chunks, whole memory", roofline.together, css("--ink-2"), true, x.min, x.max);
  const network = {
    label: "network in steady state",
    data: [
      {
        x: roofline.network.operations_per_byte,
        y: roofline.network.operations_per_second / 1e9,
        name: "network in steady state",
      },
    ],
    pointStyle: "rectRot",
    pointRadius: 8,
    pointHoverRadius: 9,
    backgroundColor: css("--ink"),
    borderColor: css("--card"),
    order: 0,
  };
  return scatter(
    "All layers under the roofs of their chunks",
    `${count(layers.length, "layer")} by operations for each external byte and operations a second`,
    [network, ...points, together, ...roofs],
    scatterAxis("logarithmic", "operations for each external byte", x),
    scatterAxis("logarithmic", "10⁹ operations a second", y),
    ({ name, limit, x: perByte, y: perSecond }) =>
      [
        `${name}: ${significant(perSecond)}·10⁹ operations/s, ${significant(perByte)} for each byte`,
        limit ? `, ${limit}` : "",
      ].join(""),
  );
}

function drawRoofline() {
  placeCharts("roofline", [rooflineChart()]);
}

function paretoPoint(point) {
  return { x: point.values[0], y: point.values[1], name: `batch ${point.batch}, ${count(point.chunks, "chunk")}` };
}

function paretoChart({ axes, points }) {
  const [first, second] = axes;
  const front = {
    label: "designs found",
    data: points.map(paretoPoint),
    showLine: true,
    stepped: "before",  // so much is known to suffice: what suffices for more
    borderColor: css("--series-1"),
    backgroundColor: css("--series-1"),
    borderWidth: 1.5,
    pointRadius: 4.5,
    pointHoverRadius: 7,
  };
  const proven = points.filter((point) => known(point.bound));
  const bounds = {
    label: "proven: nothing is better",
    data: proven.map((point) => ({ x: point.bound, y: point.values[1], name: "bound" })),
    showLine: true,
    stepped: "after",  // what is more than so much area allows needs more
    borderColor: css("--ink-2"),
    backgroundColor: css("--ink-2"),
    borderDash: [6, 4],
    borderWidth: 1.5,
    pointRadius: 2,
  };
  const text = ({ title, unit }) => `${title}, ${unit}`;
  const heading = `${first.title} against ${second.title}`;
  return scatter(
    heading[0].toUpperCase() + heading.slice(1),
    `${count(points.length, "design")} of the front`,
    proven.length ? [front, bounds] : [front],
    scatterAxis("linear", text(first), {}),
    scatterAxis("linear", text(second), { beginAtZero: true }),
    ({ name, x, y }) => `${significant(x)} ${first.unit}, ${significant(y)} ${second.unit}: ${name}`,
  );
}

function drawPareto() {
  if (!data.pareto) return leaveOut("pareto");
  if (!data.pareto.points.length) return absent("pareto", "No design was found.");
  placeCharts("pareto", [paretoChart(data.pareto)]);
}
