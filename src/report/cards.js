// Tiles of figures and bars of resources, on every page.

function tile(name, value, unit, below) {
  const shown = known(value) ? h("p.value", value, h("span.unit", ` ${unit}`)) : h("p.value.missing", "not yet");
  return h("div.card.tile", h("p.name", name), shown, known(below) ? h("p.below", below) : null);
}

const storeColour = "var(--limit-store)";

/// A resource used of available, its bar cut by chunks and the feature store.
function meter({ name, used, available, share, chunks, store }) {
  const part = (own, owner, colour) => {
    const style = `width:${Math.min(100, (own / available) * 100)}%;background:${colour}`;
    return h("i", { style, title: `${owner}: ${number(own)}` });
  };
  const parts = chunks.map((own, i) => part(own, `chunk ${i}`, chunkColour(i)));
  if (store > 0) parts.push(part(store, "feature store", storeColour));
  return h(
    "div.meter",
    h("p", h("strong", name), h("span", number(used), h("span.of", ` of ${number(available)} · ${percent(share)}`))),
    h("div.bar", { role: "img", "aria-label": `${name}: ${percent(share)} used` }, parts),
  );
}

function resourceCard() {
  const a = data.accelerator;
  if (!a) {
    return h("div.card", h("h3", "Resources"), h("p.note", "No accelerator yet: it is chosen when the search ends."));
  }
  const legend = chunkLegend((i, kind) => `chunk ${i} (${kind})`);
  if (a.resources.some(({ store }) => store > 0)) legend.append(h("li", swatch(storeColour), "feature store"));
  return h("div.card", h("h3", `Resources of ${a.platform.name}`), a.resources.map(meter), legend);
}
