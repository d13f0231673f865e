// Why one layer is mapped as it is: runner-up tilings, larger chunks, other chunks.

/// A bar of a layer's cycles cut by what they are spent on, `most` cycles wide.
function termsBar(terms, most) {
  const parts = limits
    .filter(([limit]) => terms[limit] > 0)
    .map(([limit, words]) =>
      h("i", {
        style: `width:${(terms[limit] / most) * 100}%;background:${limitColour(limit)}`,
        title: `${words}: ${number(terms[limit])} cycles`,
      }),
    );
  return h("span.bar.terms", { "aria-hidden": true }, parts);
}

const tableOf = (heads, rows) =>
  h(
    "div.card.scroll",
    { tabindex: 0 },
    h(
      "table",
      h(
        "thead",
        h(
          "tr",
          heads.map((head, i) => h(i === 0 ? "th.text" : "th", { scope: "col" }, head)),
        ),
      ),
      h(
        "tbody",
        rows.map((row) =>
          h(
            "tr",
            row.map((cell, i) => (i === 0 ? h("th.text", { scope: "row" }, cell) : h("td", cell))),
          ),
        ),
      ),
    ),
  );

function tilingRow(name, tiling, most) {
  const { buffers } = tiling;
  const share = (value) => percent(value, 0);
  return [
    name,
    tiling.tile.join("×"),
    tiling.order.replaceAll("_", " "),
    number(tiling.cycles),
    termsBar(tiling.terms, most),
    `${tiling.limit} ${percent(tiling.terms[tiling.limit] / tiling.cycles, 0)}`,
    share(buffers.input),
    share(buffers.weight),
    share(buffers.output),
    ...(known(tiling.energy_pj) ? [significant(tiling.energy_pj / 1e6)] : []),
  ];
}

function tilingsTable(why) {
  const all = [why.chosen, ...why.others];
  const most = Math.max(...all.map((tiling) => tiling.cycles));
  const heads = ["Tiling", "M×N×rows×cols", "Order", "Cycles", "Spent on", "Mostly", "Input", "Weights", "Output"];
  if (known(why.chosen.energy_pj)) heads.push("Energy, µJ");
  return tableOf(
    heads,
    all.map((tiling, i) => tilingRow(i === 0 ? "chosen" : `other ${i}`, tiling, most)),
  );
}

/// "−12.5 %", "±0".
function change(cycles, fastest) {
  if (cycles === fastest) return "±0";
  return `${cycles > fastest ? "+" : "−"}${percent(Math.abs(cycles / fastest - 1))}`;
}

function drawExplanation() {
  const why = data.explanation;
  if (!why) return leaveOut("explanation");
  const fastest = why.fastest_cycles;
  const others = why.elsewhere.map((other) => [
    `chunk ${other.chunk}`,
    known(other.cycles) ? number(other.cycles) : `cannot: ${other.why_not}`,
    known(other.cycles) ? change(other.cycles, fastest) : "–",
    number(other.chunk_cycles),
  ]);
  body("explanation").append(
    h(
      "p.note",
      `${why.layer} on chunk ${why.chunk}: tiling ${number(why.rank)} by speed of ${number(why.fitting)} that its buffers `,
      `hold. Arithmetic alone takes at least ${number(why.least_cycles)} cycles. The last columns say how much of each buffer `,
      "the tile fills.",
    ),
    tilingsTable(why),
    limitLegend(spentOn([why.chosen, ...why.others])),
  );
  const larger = tableOf(
    ["With", "Cycles", "Change"],
    why.relaxations.map(({ what, cycles }) => [what, number(cycles), change(cycles, fastest)]),
  );
  const elsewhere = tableOf(["Chunk", "Cycles of the layer", "Change", "Works already"], others);
  body("explanation").append(
    h(
      "div.grid.pair.below",
      h("div", h("h3", `At best on a chunk with more of one thing (now ${number(fastest)} cycles)`), larger),
      others.length ? h("div", h("h3", "At best on the other chunks"), elsewhere) : null,
    ),
  );
}
