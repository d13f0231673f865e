// Tiles of figures and bars of resources, on every page.

function tile(name, value, unit, below) {
  const shown = known(value) ? h("p.value", value, h("span.unit", ` ${unit}`)) : h("p.value.missing", "not yet");
  return h("div.card.tile", h("p.name", name), shown, known(below) ? h("p.below", below) : null);
}

/// A resource used of available, its bar cut by chunks.
function meter({ name, used, available, share, chunks }) {
  const part = (own, i) => {
    const style = `width:${Math.min(100, (own / available) * 100)}%;background:${chunkColour(i)}`;
    return h("i", { style, title: `chunk ${i}: ${number(own)}` });
  };
  return h(
    "div.meter",
    h("p", h("strong", name), h("span", number(used), h("span.of", ` of ${number(available)} · ${percent(share)}`))),
    h("div.bar", { role: "img", "aria-label": `${name}: ${percent(share)} used` }, chunks.map(part)),
  );
}

function resourceCard() {
  const a = data.accelerator;
  if (!a) {
    return h("div.card", h("h3", "Resources"), h("p.note", "No accelerator yet: it is chosen when the search ends."));
  }
  const chunks = chunkLegend((i, kind) => `chunk ${i} (${kind})`);
  return h("div.card", h("h3", `Resources of ${a.platform.name}`), a.resources.map(meter), chunks);
}
