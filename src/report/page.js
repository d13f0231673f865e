// Header, result, and the order in which the page is drawn.

function stepItem(step) {
  const states = { done: "finished", partly: "under way or interrupted", waiting: "not reached", none: "left out" };
  let text = step.name;
  if (known(step.of)) text += ` ${step.state === "done" ? "" : `${step.done} of `}${count(step.of, "epoch")}`;
  const state = states[step.state];
  return h(`li.${step.state}`, { title: state, "aria-label": `${text}: ${state}` }, text);
}

function drawHeader() {
  const { dataset, platform } = data.asked;
  const title = dataset && platform ? `${dataset} on ${platform}` : dataset || "Report of a run";
  document.getElementById("title").textContent = title;
  document.title = `${title} · autonba report`;
  document.getElementById("steps").append(...data.steps.map(stepItem));
}

const targetText = () => `${data.cost.higher_is_better ? "≥" : "≤"} ${cost(data.target.value)}`;

/// "target ≥ 12,000 images/s: met (+3.1 %)", without the verdict before there is an accelerator.
function targetNote() {
  const target = data.target;
  if (!target) return "no target recorded";
  if (!known(target.met)) return `target ${targetText()}`;
  const ratio = target.achieved / target.value;
  const change = `${ratio < 1 ? "−" : "+"}${percent(Math.abs(ratio - 1))}`;
  const verdict = target.met ? h("span.met", "met") : h("span.missed", "missed");
  return [`target ${targetText()}: `, verdict, ` (${ratio < 10 ? change : `${significant(ratio)} times`})`];
}

function resultTiles() {
  const r = data.result;
  const clock = data.accelerator ? ` at ${significant(data.accelerator.platform.clock_mhz)} MHz` : "";
  const where = known(r.batch) ? `batch of ${r.batch}${clock}` : null;
  const higher = data.cost.higher_is_better;
  const shown = (value, format) => (known(value) ? format(value) : null);
  return [
    tile(
      "Top-1 accuracy",
      shown(r.top1, (x) => number(100 * x, 2)),
      "%",
      known(r.top1) ? (r.train_bits === 32 ? "test split, trained without quantisation" : "test split, quantised network") : "when training has ended",
    ),
    tile("Throughput", shown(r.fps, (x) => (x >= 100 ? number(x) : significant(x))), "images/s", higher ? targetNote() : null),
    tile("Latency", shown(r.latency_ms, significant), "ms", higher ? "all layers, one after the other" : targetNote()),
    tile("Initiation interval", shown(r.ii_cycles, number), "cycles", where),
    tile("Search", shown(r.search_seconds, spoken), ""),
    tile(
      "Training",
      shown(r.train_seconds, spoken),
      "",
      shown(r.peak_rss_mb, (mb) => `peak memory ${number(mb)} MB`),
    ),
  ];
}

function runCard() {
  const [asked, r, started] = [data.asked, data.result, data.started || {}];
  const facts = [
    ["Dataset", asked.dataset],
    ["Search space", asked.space],
    ["Platform", asked.platform],
    ["Target", data.target ? targetText() : null],
    ["Objective", known(r.value) ? `${si(r.value)} (${r.objective}; the search minimises it)` : "not yet"],
    ["Engine", asked.engine],
    ["Seed", asked.seed],
    ["Threads", known(asked.threads) && known(asked.device) ? `${asked.threads} on ${asked.device}` : null],
    ["Command", started.command ? h("code", started.command) : null],
    ["Version", started.version],
  ];
  return h("div.card", h("h3", "This run"), factList(facts, "not recorded"));
}

function drawResult() {
  body("result").append(h("div.grid.tiles", resultTiles()), h("div.grid.pair", resourceCard(), runCard()));
}

function drawConfiguration(printing) {
  if (!data.config) return absent("configuration", "The run holds no configuration.");
  body("configuration").append(h("details.card", { open: printing }, h("summary", "Show"), h("pre", data.config)));
}

function drawPage(printing) {
  document.documentElement.classList.toggle("printing", printing);
  document.querySelectorAll(".body, #steps").forEach((node) => node.replaceChildren());
  const chosen = (data.network ? data.network.boxes : []).map((box) => box.op).filter(known);
  const colours = operatorColours(data.choices ? data.choices.operators : [...new Set(chosen)]);
  removeCharts();
  drawHeader();
  drawResult();
  drawNetwork(colours);
  drawAccelerator();
  drawSearchCurves();
  drawChoices(colours);
  drawTrainingCurves();
  drawLayers();
  drawConfiguration(printing);
  document.documentElement.dataset.drawn = "yes";
}

startPage(drawPage);
