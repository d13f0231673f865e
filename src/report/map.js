// Header, result and host of a mapping, and the order in which the page is drawn.

/// Takes away a section that has nothing to show, and the way to it.
function leaveOut(section) {
  document.getElementById(section).hidden = true;
  document.querySelector(`#nav a[href="#${section}"]`).hidden = true;
}

function drawHeader() {
  const title = `${data.asked.network} on ${data.asked.platform}`;
  document.getElementById("title").textContent = title;
  document.title = `${title} · autonba mapping`;
}

function targetNote() {
  const { target } = data;
  if (!target) return null;
  return [`target ${target.words}: `, target.met ? h("span.met", "met") : h("span.missed", "missed")];
}

const noteFor = (metric) => (data.target && data.target.metric === metric ? targetNote() : null);

function resultTiles() {
  const r = data.result;
  const only = data.host ? "template only" : null;
  const clock = `batch of ${r.batch} at ${significant(data.accelerator.platform.clock_mhz)} MHz`;
  const energy = known(r.energy_mj) ? tile("Energy", significant(r.energy_mj), "mJ/image", noteFor("energy")) : null;
  const area = known(r.area_um2) ? tile("Area", significant(r.area_um2 / 1e6), "mm²", null) : null;
  return [
    tile("Throughput", r.fps >= 100 ? number(r.fps) : significant(r.fps), "images/s", noteFor("fps") || only),
    tile("Latency", significant(r.latency_ms), "ms", noteFor("latency") || "all layers, one after the other"),
    tile("Initiation interval", number(r.ii_cycles), "cycles", clock),
    energy,
    area,
    known(r.search_seconds) ? tile("Search", spoken(r.search_seconds), "", data.asked.engine) : null,
  ];
}

/// What the interval is spent on, and resources of which hardly anything is left.
function bindingNote() {
  const { time, resources } = data.binding;
  const spent = time.map(({ name, share }) => `${name} ${percent(share, 0)}`).join(", ");
  return resources.length ? `${spent}; hardly any ${resources.join(", ")} left` : spent;
}

/// Value, bound and gap in a line.
function proofCard() {
  const { proof, asked } = data;
  const better = proof.higher_is_better ? "more" : "less";
  const facts = [
    ["Objective", proof.title],
    ["Value", proof.value],
    ["Bound", known(proof.bound) ? `no design of the space ${asked.space} has ${better} than ${proof.bound}` : null],
    ["Gap", known(proof.gap) ? percent(proof.gap, 2) : null],
    ["Target", targetNote() || "none"],
    ["Bound by", bindingNote()],
  ];
  return h("div.card", h("h3", "Proof"), factList(facts, "not proven"));
}

function runCard() {
  const { asked, result } = data;
  const facts = [
    ["Network", `${asked.network}: ${count(asked.layers, "layer")}, ${kilo(asked.macs)} MAC, ${kilo(asked.weights)} weights`],
    ["Platform", asked.platform],
    ["Design space", known(asked.space) ? asked.space : "none: the accelerator was given"],
    ["Engine", known(asked.engine) ? `${asked.engine}, seed ${asked.seed}` : "none"],
    ["Fits", result.fits ? "yes" : h("span.missed", "no")],
    ["Command", known(asked.command) ? h("code", asked.command) : null],
    ["Version", asked.version],
  ];
  return h("div.card", h("h3", "This mapping"), factList(facts, "not recorded"));
}

function drawResult() {
  const { host } = data;
  if (host) {
    body("result").append(
      h("p.absent.above", `Template only: ${percent(host.share)} of the operations are left to the host, and their time `, "is not in these figures."),
    );
  }
  body("result").append(
    h("div.grid.tiles", resultTiles()),
    h("div.grid.pair", h("div.stack", proofCard(), resourceCard()), runCard()),
  );
}

/// What some of the layers' cycles are spent on.
const spentOn = (layers) =>
  new Set(limits.map(([limit]) => limit).filter((limit) => layers.some((layer) => layer.terms[limit] > 0)));

/// For each chunk a bar of its cycles, cut by what they are spent on, the interval wide.
function drawCycles() {
  const a = data.accelerator;
  const ii = a.cost.ii_cycles;
  const bars = a.chunks.map((chunk, i) => {
    const own = a.layers.filter((layer) => layer.chunk === i);
    const sum = (limit) => own.reduce((cycles, layer) => cycles + layer.terms[limit], 0);
    const parts = limits
      .map(([limit, words]) => ({ limit, words, cycles: sum(limit) }))
      .filter(({ cycles }) => cycles > 0)
      .map(({ limit, words, cycles }) =>
        h("i", {
          style: `width:${(cycles / ii) * 100}%;background:${limitColour(limit)}`,
          title: `${words}: ${number(cycles)} cycles, ${percent(cycles / ii)} of II`,
        }),
      );
    const name = h("strong", `Chunk ${i} · ${chunk.kind}`);
    const share = h("span", number(chunk.cycles), h("span.of", ` cycles · ${percent(chunk.share_of_ii)} of II`));
    const label = limits.filter(([limit]) => sum(limit) > 0).map(([limit, words]) => `${words} ${percent(sum(limit) / ii)}`).join(", ");
    return h("div.meter", h("p", name, share), h("div.bar.high", { role: "img", "aria-label": label }, parts));
  });
  body("cycles").append(h("div.card", bars, limitLegend(spentOn(a.layers))));
}

function drawHost() {
  if (!data.host) return leaveOut("host");
  const rows = data.host.operations.map((op) => [op.op, number(op.count), kilo(op.operations), op.ids.join(", ")]);
  const table = tableOf(["Operator", "Count", "Operations an image", "Nodes"], rows);
  table.classList.add("wrap");
  body("host").append(h("p.note", `${percent(data.host.share)} of the network's operations.`), table);
}

function drawPage(printing) {
  document.documentElement.classList.toggle("printing", printing);
  document.querySelectorAll(".body").forEach((node) => node.replaceChildren());
  removeCharts();
  drawHeader();
  drawResult();
  drawAccelerator();
  drawCycles();
  drawStore();
  drawRoofline();
  drawPareto();
  drawExplanation();
  drawHost();
  drawLayers();
  document.documentElement.dataset.drawn = "yes";
}

startPage(drawPage);
