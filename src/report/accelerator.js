// The accelerator: one interval of each chunk, and what the chunks are made of.

/// What a layer's cycles may be spent on, with the words and colours for it; only the page of a mapping knows.
const limits = [
  ["compute", "arithmetic"],
  ["input", "loading inputs"],
  ["weights", "loading weights"],
  ["residual", "loading residuals"],
  ["output", "storing outputs"],
  ["latency", "latency of the memory"],
  ["store", "the feature store"],
  ["handover", "handing over buffers"],
  ["ends", "start and end of layers"],
];
const limitWords = new Map(limits);
const limitColour = (limit) => `var(--limit-${limit})`;
const limitLegend = (used) =>
  h(
    "ul.legend.below",
    limits.filter(([limit]) => used.has(limit)).map(([limit, words]) => h("li", swatch(limitColour(limit)), words)),
  );

/// The layers of a chunk where they lie in the interval of `ii` cycles.
function lane(chunk, index, layers, ii) {
  const own = layers.filter((layer) => layer.chunk === index).sort((a, b) => a.start_cycle - b.start_cycle);
  const names = own.map((layer) => layer.id).join(", ");
  const parts = own.map((layer) =>
    h(
      "span",
      {
        style: [
          `left:${(layer.start_cycle / ii) * 100}%;width:${layer.share_of_ii * 100}%`,
          known(layer.limit) ? `--c:${limitColour(layer.limit)}` : "",
        ].join(";"),
        title: [
          `${layer.id}: ${number(layer.cycles)} cycles, ${percent(layer.share_of_ii)} of II`,
          known(layer.limit) ? `, mostly ${limitWords.get(layer.limit)}` : "",
        ].join(""),
      },
      layer.share_of_ii > 0.08 ? h("b", layer.id) : null,
    ),
  );
  const label = `Chunk ${index} works ${percent(chunk.share_of_ii)} of the interval, on ${names}`;
  return h(
    "div.lane",
    h("strong", `Chunk ${index} · ${chunk.kind}`),
    h("div.track", { role: "img", style: `--c:${chunkColour(index)}`, "aria-label": label }, parts),
    h("span.busy", { title: "of the interval" }, percent(chunk.share_of_ii)),
  );
}

function chunkCard(chunk, index, ii) {
  const { unroll, depth } = chunk;
  const macs = { dsp1: "one MAC a DSP", dsp2: "two MACs a DSP", lut: "MACs in LUTs", plain: "plain MACs" }[chunk.mac];
  const utilisation = known(chunk.utilisation)
    ? `${percent(chunk.utilisation)} of its MACs while it works`
    : "multiplies nothing";
  const facts = [
    ["Runs", `${count(chunk.layers, "layer")}, ${number(chunk.cycles)} of ${number(ii)} cycles`],
    ["Utilisation", utilisation],
    [
      "Unrolling",
      [count(unroll.m, "output channel"), count(unroll.n, "input channel"), count(unroll.p, "row")].join(" × "),
    ],
    ["MACs", `${number(chunk.macs_per_cycle)} a cycle of ${chunk.bits} bit, ${macs}`],
    ["Requantisation", `${count(chunk.requant_lanes, "lane")}${chunk.accumulator ? ", accumulator buffer" : ""}`],
    ["Input buffer", `2 × ${count(depth.input, "word")}`],
    ["Weight buffer", `2 × ${count(depth.weight, "word")}`],
    ["Output buffer", `2 × ${count(depth.output, "word")}`],
    ["Memory port", `${chunk.port_bits} bit a cycle`],
    ["Largest stride", String(chunk.stride_max)],
    ["Pipeline", count(chunk.pipeline_depth, "cycle")],
  ];
  return h(
    "div.card.chunk",
    { style: `--c:${chunkColour(index)}` },
    h("h3", `Chunk ${index} · ${chunk.kind}`),
    factList(facts),
  );
}

function drawAccelerator() {
  const a = data.accelerator;
  if (!a) return absent("accelerator", "No accelerator yet: it is chosen for the network when the search has ended.");
  const ii = a.cost.ii_cycles;
  const time = (cycles) => si(cycles / (a.platform.clock_mhz * 1e6));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => h("span", time(part * ii)));
  const used = new Set(a.layers.map((layer) => layer.limit).filter(known));
  const note = [
    `II ${number(ii)} cycles (${time(ii)}) for a batch of ${a.batch}`,
    count(a.cost.stages, "pipeline stage"),
    `${count(a.macs_per_cycle, "MAC")} a cycle in all, ${percent(a.utilisation)} of them filled`,
  ];
  body("accelerator").append(
    h("p.note", `${note.join("; ")}.`),
    h(
      used.size ? "div.card.lanes.by-limit" : "div.card.lanes",
      h("h3", "One interval"),
      a.chunks.map((chunk, i) => lane(chunk, i, a.layers, ii)),
      h("div.lane", h("div.ticks", ticks)),
      used.size ? limitLegend(used) : null,
    ),
    h(
      "div.grid.chunks",
      a.chunks.map((chunk, i) => chunkCard(chunk, i, ii)),
    ),
  );
}
