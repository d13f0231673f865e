// The feature store over one interval: which words hold which map, and when.

/// Where a slot of a map lies in the interval; of several slots each is taken all the time.
function storedParts(map, ii) {
  if (map.slots > 1) return [[0, ii]];
  const end = map.begin + map.cycles;
  return end > ii ? [[map.begin, ii], [0, end - ii]] : [[map.begin, end]];
}

function storedMap(map, ii, store) {
  const { layers } = data.accelerator;
  const writer = layers.find((layer) => layer.id === map.writer);
  const title = [
    `${writer.id}: ${count(map.slots, "slot")} of ${number(map.words)} words from ${number(map.address)} on`,
    `alive for ${number(map.cycles)} cycles`,
  ].join(", ");
  const slots = Array.from({ length: map.slots }, (_, slot) => map.address + slot * map.words);
  return slots.map((address) =>
    storedParts(map, ii).map(([from, to]) => {
      const [width, height] = [(to - from) / ii, map.words / store.words];
      const style = [
        `left:${(from / ii) * 100}%;width:${width * 100}%`,
        `bottom:${(address / store.words) * 100}%;height:${height * 100}%`,
        `--c:${chunkColour(writer.chunk)}`,
      ].join(";");
      return h("span", { style, title }, width > 0.08 && height > 0.05 ? h("b", writer.id) : null);
    }),
  );
}

const megabytes = (bytes) => `${significant(bytes / 1e6)} MB`;

function drawStore() {
  const { store, accelerator } = data;
  if (!store) return leaveOut("store");
  const ii = accelerator.cost.ii_cycles;
  const time = (cycles) => si(cycles / (accelerator.platform.clock_mhz * 1e6));
  const share = (words) => `${number(words)} words, ${percent(words / store.depth)}`;
  const facts = [
    ["Store", `${number(store.depth)} words of ${store.word_bits} bits; each chunk's port has ${store.port_bits} bits a cycle each way`],
    ["Maps", `those of ${number(store.maps.length)} of ${number(accelerator.layers.length)} layers, in ${share(store.words)}`],
    ["At the same time", `${share(store.words_alive)} at most hold a map that is being written or still to be read`],
    ["External traffic", `${megabytes(store.external_bytes)} an image; ${megabytes(store.external_bytes_without)} without the store, tiled alike`],
  ];
  const drawn = `${count(store.maps.length, "map")} at their words of the store over one interval`;
  const interval = h(
    "div.card.lanes",
    h("h3", "One interval"),
    h(
      "div.lane.words",
      h("div.ends", h("span", `word ${number(store.words - 1)}`), h("span", "word 0")),
      h("div.track", { role: "img", "aria-label": drawn }, store.maps.map((map) => storedMap(map, ii, store))),
    ),
    h("div.lane", h("div.ticks", [0, 0.25, 0.5, 0.75, 1].map((part) => h("span", time(part * ii))))),
    chunkLegend((i, kind) => `written by chunk ${i} · ${kind}`),
  );
  body("store").append(h("div.stack", h("div.card", factList(facts)), interval));
}
