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

function chartOptions({ xTitle, yTitle, show, tick, xLabel, xRange, yRange, boundary }) {
  const [ink, muted, grid, axis] = ["--ink-2", "--muted", "--grid", "--axis"].map(css);
  const font = { family: "system-ui, sans-serif", size: 11 };
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "nearest", axis: "x", intersect: false },
    scales: {
      x: {
        type: "linear",
        title: { display: true, text: xTitle, color: muted, font },
        border: { color: axis },
        grid: { display: false },
        ticks: { color: muted, font, precision: 0, maxRotation: 0 },
        ...xRange,
      },
      y: {
        title: { display: true, text: yTitle, color: muted, font },
        grid: { color: grid, drawBorder: false },
        ticks: { color: muted, font, maxTicksLimit: 6, callback: tick || show },
        ...yRange,
      },
    },
    plugins: {
      phases: { boundary },
      legend: { align: "start", labels: { color: ink, font, usePointStyle: true, pointStyle: "line", boxWidth: 22 } },
      tooltip: {
        callbacks: {
          title: (items) => xLabel(items[0].parsed.x),
          label: (item) => ` ${item.dataset.label}: ${show(item.parsed.y)}`,
        },
      },
    },
  };
}

/// The figure of a chart and a function that draws it once the figure is on the page. Series without a value are left
/// out; null where none has one.
function chart(title, series, options) {
  const drawn = series
    .map((s) => ({ ...s, points: s.points.filter((point) => known(point.y)) }))
    .filter((s) => s.points.length);
  if (!drawn.length) return null;
  const label = drawn.map((s) => `${s.name} from ${options.show(s.points[0].y)} to ${options.show(last(s.points).y)}`);
  const canvas = h("canvas", { role: "img", "aria-label": `${title}: ${label.join("; ")}` });
  const datasets = drawn.map((s) => ({
    label: s.name,
    data: s.points,
    borderColor: css(s.colour),
    backgroundColor: css(s.colour),
    borderWidth: 2,
    borderDash: s.dashed ? [6, 4] : [],
    pointRadius: s.points.length > 1 && (s.dashed || s.points.length > 16) ? 0 : 3,
    pointHoverRadius: 5,
    clip: 6,
  }));
  const settings = { type: "line", data: { datasets }, options: chartOptions(options), plugins: [phases] };
  return {
    figure: h("figure.card", h("figcaption", h("h3", title)), h("div.plot", canvas)),
    draw: () => new Chart(canvas, settings),
  };
}

const first = "--series-1";
const second = "--series-2";
const series = (name, list, key, colour, x = "position") => ({
  name,
  colour,
  points: list.map((entry) => ({ x: entry[x], y: entry[key] })),
});
/// The target as a dashed line over the range of `list`.
const targetSeries = (list, x) => ({
  name: "target",
  colour: "--ink-2",
  dashed: true,
  points: list.map((entry) => ({ x: entry[x], y: data.target ? data.target.value : null })),
});
const twoDigits = (value) => number(value, 2);
const onePercent = (value) => percent(value, 0);
const tenthPercent = (value) => percent(value, 1);
/// The first to the last epoch, where there are two.
const span = (epochs) => (epochs.length > 1 ? { min: epochs[0].position, max: last(epochs).position } : {});

/// Charts over epochs: loss and accuracy of training and validation.
function learningCharts(epochs, trained, validated, accuracyTitle, x) {
  const both = (key) => [
    series(trained, epochs, `train_${key}`, first),
    series(validated, epochs, `val_${key}`, second),
  ];
  return [
    chart("Loss", both("loss"), { ...x, yTitle: "cross-entropy", show: twoDigits }),
    chart(accuracyTitle, both("top1"), { ...x, yTitle: "share of images", show: tenthPercent }),
  ];
}

function costCharts(joint, refreshes, x) {
  const { name, unit } = data.cost;
  const expected = [series("mean of the epoch", joint, "expected", first), targetSeries(joint, "position")];
  const found = [series(name.toLowerCase(), refreshes, "cost", first, "step"), targetSeries(refreshes, "step")];
  const steps = { xTitle: "step of the search", xLabel: (step) => `step ${number(step)}` };
  return [
    chart(`Expected ${name.toLowerCase()}`, expected, { ...x, yTitle: unit, show: significant }),
    chart("Accelerator found for sampled networks", found, { ...steps, yTitle: unit, show: significant }),
  ];
}

function decisionCharts(joint, x) {
  const entropies = [
    series("operators (α)", joint, "alpha_entropy", first),
    series("bitwidths (β)", joint, "beta_entropy", second),
  ];
  const share = {
    yTitle: "share of the maximum",
    show: tenthPercent,
    tick: onePercent,
    yRange: { min: 0, max: 1 },
  };
  const lambda = [series("λ at the end of the epoch", joint, "lambda", first)];
  return [
    chart("Entropy of the choices", entropies, { ...x, ...share }),
    chart("Weight of the cost (λ)", lambda, { ...x, yTitle: "λ", show: significant, yRange: { beginAtZero: true } }),
  ];
}

function drawSearchCurves() {
  const epochs = data.curves.search;
  if (!epochs.length) return absent("search", "No curves yet: the search has not finished an epoch.");
  const joint = epochs.filter((epoch) => epoch.phase === "search");
  const warm = epochs.length - joint.length;
  const xLabel = (x) => `${x <= warm ? "warm-up" : "joint search"}, epoch ${epochs[x - 1].epoch}`;
  const all = { xTitle: "epoch", xLabel, xRange: span(epochs), boundary: warm && joint.length ? warm + 0.5 : null };
  const later = { xTitle: "epoch", xLabel, xRange: span(joint) };
  if (!joint.length) {
    body("search").append(
      h("p.absent.above", "Only the warm-up so far: cost and entropies come with the joint search."),
    );
  }
  placeCharts("search", [
    ...learningCharts(epochs, "training half", "validation half", "Top-1 accuracy of sampled networks", all),
    ...costCharts(joint, data.curves.refreshes, later),
    ...decisionCharts(joint, later),
  ]);
}

function drawTrainingCurves() {
  const epochs = data.curves.train;
  if (!epochs.length) return absent("training", "Training from scratch has not finished an epoch.");
  const x = { xTitle: "epoch", xLabel: (position) => `epoch ${epochs[position - 1].epoch}`, xRange: span(epochs) };
  const rate = [series("of the weights", epochs, "learning_rate", first)];
  placeCharts("training", [
    ...learningCharts(epochs, "training images", "test images", "Top-1 accuracy", x),
    chart("Learning rate", rate, { ...x, yTitle: "rate", show: significant, yRange: { beginAtZero: true } }),
  ]);
}
