// Elements, numbers and colours that all drawings use. All text goes in as text nodes, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const known = (value) => value !== null && value !== undefined;

/// `rest`: attributes where it begins with a plain object, then children, nested lists of them and nulls allowed.
function filled(node, rest) {
  const withAttributes = known(rest[0]) && Object.getPrototypeOf(rest[0]) === Object.prototype;
  for (const [name, value] of Object.entries(withAttributes ? rest.shift() : {})) {
    if (known(value) && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...rest.flat(Infinity).filter(known));
  return node;
}

/// h("p.note", { title: "…" }, "text", child): an element with its classes.
function h(spec, ...rest) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  return filled(node, rest);
}
const svg = (tag, ...rest) => filled(document.createElementNS("http://www.w3.org/2000/svg", tag), rest);

/// Where a section is drawn, and what it says when there is nothing to draw yet.
const body = (section) => document.querySelector(`#${section} .body`);
const absent = (section, text) => body(section).append(h("p.absent", text));

const number = (value, digits = 0) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const significant = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
const percent = (share, digits = 1) => `${number(share * 100, digits)} %`;
const count = (value, one) => `${number(value)} ${one}${value === 1 ? "" : "s"}`;
const shape = ([channels, height, width]) => `${channels}×${height}×${width}`;

/// 2.32 M, 61 k, 1,920.
function kilo(value) {
  if (value >= 1e6) return `${number(value / 1e6, 2)} M`;
  return value >= 1e4 ? `${number(value / 1e3)} k` : number(value);
}

/// A duration that a person waited for: 3 min 5 s.
function spoken(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${number(seconds, seconds < 10 ? 1 : 0)} s`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/// A duration of hardware: 38.54 µs.
function si(seconds) {
  if (seconds < 1e-3) return `${significant(seconds * 1e6)} µs`;
  return seconds < 1 ? `${significant(seconds * 1e3)} ms` : `${significant(seconds)} s`;
}

/// A value of the cost that the run is held to, with its unit.
const cost = (value) => `${value >= 100 ? number(value) : significant(value)} ${data.cost.unit}`;

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const chunkColour = (index) => `var(--chunk-${index % 6})`;

/// Shade `index` of `total`, light to dark, of a hue "H S%".
function shade(hue, index, total) {
  const [from, to] = [Number(css("--shade-from")), Number(css("--shade-to"))];
  return `hsl(${hue} ${from + (to - from) * (total > 1 ? index / (total - 1) : 0.5)}%)`;
}

/// A hue for each kernel (the name up to the first "_"); of one kernel, later operators are darker.
function operatorColours(operators) {
  const hues = ["212 72%", "20 82%", "165 62%", "290 45%", "345 65%"];
  const kernelOf = (name) => name.split("_")[0];
  const kernels = [...new Set(operators.map(kernelOf))].filter((kernel) => kernel !== "skip");
  const colour = (name) => {
    const kernel = kernelOf(name);
    if (kernel === "skip") return css("--neutral");
    const members = operators.filter((other) => kernelOf(other) === kernel);
    return shade(hues[kernels.indexOf(kernel) % hues.length], members.indexOf(name), members.length);
  };
  return new Map(operators.map((name) => [name, colour(name)]));
}
const bitsColours = (bits) => new Map(bits.map((b, i) => [b, shade("255 38%", i, bits.length)]));

const swatch = (colour) => h("i.swatch", { style: `background:${colour}` });
const legend = (colours, label) =>
  h(
    "ul.legend",
    [...colours].map(([key, colour]) => h("li", swatch(colour), label(key))),
  );
const chunkLegend = (label) =>
  h(
    "ul.legend.below",
    data.accelerator.chunks.map((chunk, i) => h("li", swatch(chunkColour(i)), label(i, chunk.kind))),
  );

/// Pairs of a name and a value (text or an element); `missing` where there is no value.
const factList = (facts, missing) =>
  h(
    "dl.facts",
    facts.map(([name, value]) => [h("dt", name), h("dd", known(value) ? value : missing)]),
  );

/// Draws the page, again whenever colours that are computed change, and says so where that fails.
function startPage(drawPage) {
  try {
    drawPage(false);
  } catch (error) {
    const place = document.getElementById("failure");
    place.textContent = `This report could not be drawn: ${error.message}`;
    place.hidden = false;
    throw error;
  }
  // Colours that are computed here follow a change of theme; paper is always light.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawPage(false));
  addEventListener("beforeprint", () => drawPage(true));
  addEventListener("afterprint", () => drawPage(false));
}
