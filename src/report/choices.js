// Probabilities of operators and bitwidths, block by block, a column for each epoch.

const likeliest = (row) => row.indexOf(Math.max(...row));
const last = (list) => list[list.length - 1];

/// The three likeliest keys of a row: "k3_e6 71 %, k5_e6 12 %, skip 4 %".
const likeliestThree = (row, keys) =>
  row
    .map((share, k) => [share, `${keys[k]} ${percent(share, 0)}`])
    .sort((a, b) => b[0] - a[0])
    .slice(0, 3)
    .map(([, text]) => text)
    .join(", ");

/// Columns of stacked shares, `rows` [epoch][key], `height` pixels high. One path for each key keeps long searches
/// light.
function columns(rows, keys, colours, height, epochs) {
  const step = 100 / rows.length;
  const gap = rows.length > 30 ? 0 : Math.min(0.8, 0.08 * step);
  const paths = colours.map(() => "");
  rows.forEach((row, e) => {
    let y = 0;
    row.forEach((share, k) => {
      if (share > 0) paths[k] += `M${e * step},${y}h${step - gap}v${share * height}h${gap - step}z`;
      y += share * height;
    });
  });
  const hints = rows.map((row, e) => {
    const title = svg("title", `epoch ${epochs[e]}: ${likeliestThree(row, keys)}`);
    return svg("rect", { x: e * step, y: 0, width: step, height, fill: "transparent" }, title);
  });
  const label = `after epoch ${last(epochs)}: ${likeliestThree(last(rows), keys)}`;
  return svg(
    "svg",
    {
      viewBox: `0 0 100 ${height}`,
      preserveAspectRatio: "none",
      style: `height:${height}px`,
      role: "img",
      "aria-label": label,
    },
    paths.map((d, k) => svg("path", { d, fill: colours[k] })),
    hints,
  );
}

function drawChoices(operatorColour) {
  const c = data.choices;
  if (!c) return absent("choices", "No probabilities yet: the joint search has not finished an epoch.");
  const bitsColour = bitsColours(c.bits);
  const bits = c.bits.map((b) => `${b} bit`);
  const card = (block, i) => {
    const [alpha, beta] = [last(block.alpha), last(block.beta)];
    const [op, b] = [likeliest(alpha), likeliest(beta)];
    const stride = block.stride > 1 ? ` /${block.stride}` : "";
    return h(
      "div.card",
      h(
        "h3",
        `block ${i}`,
        h("span", { title: "channels in and out / stride" }, `${block.channels_in}→${block.channels_out}${stride}`),
      ),
      columns(block.alpha, c.operators, [...operatorColour.values()], 72, c.epochs),
      columns(block.beta, bits, [...bitsColour.values()], 24, c.epochs),
      h("p", h("span", `${c.operators[op]} ${percent(alpha[op], 0)}`), h("span", `${bits[b]} ${percent(beta[b], 0)}`)),
    );
  };
  body("choices").append(
    legend(operatorColour, (name) => name),
    legend(bitsColour, (b) => `${b} bit`),
    h("div.grid.choice", c.blocks.map(card)),
  );
}
