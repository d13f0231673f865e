// Line charts of the search and the training, by Chart.js.

/// Marks where the warm-up ends: `boundary` is an x value, or null.
const phases = {
  id: "phases",
  afterDatasetsDraw(chart, _, options) {
    if (!known(options.boundary)) return;
    const { ctx, chartArea: area } = chart;
    const x = chart.scales.x.getPixelForValue(options.boundary);
    ctx.save();
    ctx.strokeStyle = css("--axis");
    ctx.setLineDash([2, 3]);
    ctx.beginPath();
    ctx.moveTo(x, area.top);
    ctx.lineTo(x, area.bottom);
    ctx.stroke();
    ctx.fillStyle = css("--muted");
    ctx.font = "11px system-ui, sans-serif";
    ctx.textAlign = "right";
    ctx.fillText("warm-up", x - 5, area.top + 11);
    ctx.textAlign = "left";
    ctx.fillText("joint", x + 5, area.top + 11);
    ctx.restore();
  },
};

function chartOptions({ xTitle, yTitle, show, tick, xLabel, xRange, boundary, range }) {
  const [ink, muted, grid, axis] = ["--ink-2", "--muted", "--grid", "--axis"].map(css);
  const font = { family: "system-ui, sans-serif", size: 11 };
  return {
    animation: false, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
    scales: {
      x: { type: "linear", title: { display: true, text: xTitle, color: muted, font }, border: { color: axis }, grid: { display: false },
        ticks: { color: muted, font, precision: 0, maxRotation: 0 }, ...xRange },
      y: { title: { display: true, text: yTitle, color: muted, font }, grid: { color: grid, drawBorder: false }, grace: "6%",
        ticks: { color: muted, font, maxTicksLimit: 6, callback: tick || show }, ...range } },
    plugins: {
      phases: { boundary },
      legend: { align: "start", labels: { color: ink, font, usePointStyle: true, pointStyle: "line", boxWidth: 22 } },
      tooltip: { callbacks: { title: (items) => xLabel(items[0].parsed.x), label: (item) => ` ${item.dataset.label}: ${show(item.parsed.y)}` } } },
  };
}

/// A chart whose series without a value are left out; null where none has one.
function chart(title, series, options) {
  const drawn = series.filter((s) => s.points.some((p) => known(p.y)));
  if (!drawn.length) return null;
  const spoken = drawn.map((s) => {
    const values = s.points.filter((p) => known(p.y));
    return `${s.name} from ${options.show(values[0].y)} to ${options.show(values[values.length - 1].y)}`;
  });
  const canvas = h("canvas", { role: "img", "aria-label": `${title}: ${spoken.join("; ")}` });
  const figure = h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, title)), h("div", { class: "plot" }, canvas));
  const datasets = drawn.map((s) => ({
    label: s.name, data: s.points.filter((p) => known(p.y)), borderColor: css(s.colour), backgroundColor: css(s.colour), borderWidth: 2,
    borderDash: s.dashed ? [6, 4] : [], stepped: s.stepped || false,
    pointRadius: s.points.length > 1 && (s.dashed || s.points.length > 16) ? 0 : 3, pointHoverRadius: 5, clip: 6 }));
  return { figure, draw: () => new Chart(canvas, { type: "line", data: { datasets }, options: chartOptions(options), plugins: [phases] }) };
}

let charts = [];
function place(section, list) {
  const drawn = list.filter(known);
  body(section).append(h("div", { class: "grid plots" }, drawn.map((entry) => entry.figure)));
  charts.push(...drawn.map((entry) => entry.draw()));
}

const points = (list, key, x = "position") => list.map((entry) => ({ x: entry[x], y: entry[key] }));
/// The first to the last epoch, where there are two.
const span = (epochs) => (epochs.length > 1 ? { min: epochs[0].position, max: epochs[epochs.length - 1].position } : {});
const digits = (n) => (value) => number(value, n);
const inPercent = (value) => percent(value);

function drawSearchCurves() {
  charts.forEach((old) => old.destroy());
  charts = [];
  const epochs = data.curves.search;
  if (!epochs.length) return absent("search", "No curves yet: the search has not finished an epoch.");
  const warm = epochs.filter((epoch) => epoch.phase === "warmup").length;
  const joint = epochs.slice(warm);
  const xLabel = (x) => (x <= warm ? `warm-up, epoch ${epochs[x - 1].epoch}` : `joint search, epoch ${epochs[x - 1].epoch}`);
  const all = { xTitle: "epoch", xLabel, xRange: span(epochs), boundary: warm && joint.length ? warm + 0.5 : null, range: {} };
  const later = { ...all, xRange: span(joint), boundary: null };
  const steps = { xTitle: "step of the search", xLabel: (x) => `step ${number(x)}`, range: {} };
  const pair = (key) => [{ name: "training half", points: points(epochs, `train_${key}`), colour: "--series-1" },
    { name: "validation half", points: points(epochs, `val_${key}`), colour: "--series-2" }];
  const target = (list, x) => ({ name: "target", points: list.map((entry) => ({ x: entry[x], y: data.target ? data.target.value : null })), colour: "--ink-2", dashed: true });
  if (!joint.length) body("search").append(h("p", { class: "absent", style: "margin-bottom:.8rem" }, "Only the warm-up so far: cost and entropies come with the joint search."));
  place("search", [
    chart("Loss", pair("loss"), { ...all, yTitle: "cross-entropy", show: digits(2) }),
    chart("Top-1 accuracy of sampled networks", pair("top1"), { ...all, yTitle: "share of images", show: inPercent }),
    chart(`Expected ${data.cost.name.toLowerCase()}`, [{ name: "mean of the epoch", points: points(joint, "expected"), colour: "--series-1" },
      target(joint, "position")], { ...later, yTitle: data.cost.unit, show: significant }),
    chart("Accelerator found for sampled networks", [{ name: data.cost.name.toLowerCase(), points: points(data.curves.refreshes, "cost", "step"), colour: "--series-1" },
      target(data.curves.refreshes, "step")], { ...steps, yTitle: data.cost.unit, show: significant }),
    chart("Entropy of the choices", [{ name: "operators (α)", points: points(joint, "alpha_entropy"), colour: "--series-1" },
      { name: "bitwidths (β)", points: points(joint, "beta_entropy"), colour: "--series-2" }],
      { ...later, yTitle: "share of the maximum", show: inPercent, tick: (value) => percent(value, 0), range: { min: 0, max: 1, grace: 0 } }),
    chart("Weight of the cost (λ)", [{ name: "λ at the end of the epoch", points: points(joint, "lambda"), colour: "--series-1" }],
      { ...later, yTitle: "λ", show: significant, range: { beginAtZero: true } })]);
}

function drawTrainingCurves() {
  const epochs = data.curves.train;
  if (!epochs.length) return absent("training", "Training from scratch has not finished an epoch.");
  const options = { xTitle: "epoch", xLabel: (x) => `epoch ${epochs[x - 1].epoch}`, xRange: span(epochs), range: {} };
  const pair = (key) => [{ name: "training images", points: points(epochs, `train_${key}`), colour: "--series-1" },
    { name: "test images", points: points(epochs, `val_${key}`), colour: "--series-2" }];
  place("training", [
    chart("Loss", pair("loss"), { ...options, yTitle: "cross-entropy", show: digits(2) }),
    chart("Top-1 accuracy", pair("top1"), { ...options, yTitle: "share of images", show: inPercent }),
    chart("Learning rate", [{ name: "of the weights", points: points(epochs, "learning_rate"), colour: "--series-1" }],
      { ...options, yTitle: "rate", show: significant, range: { beginAtZero: true } })]);
}
