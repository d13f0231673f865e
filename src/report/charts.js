// Charts by Chart.js that are on the page: entries {figure, draw}.

let charts = [];
function placeCharts(section, list) {
  const drawn = list.filter(known);
  const figures = drawn.map((entry) => entry.figure);
  body(section).append(h("div.grid.plots", figures));
  charts.push(...drawn.map((entry) => entry.draw()));
}
function removeCharts() {
  charts.forEach((old) => old.destroy());
  charts = [];
}
