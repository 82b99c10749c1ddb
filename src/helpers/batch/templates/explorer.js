// What-if explorers. Each moves between the points that the run computed; Python wrote every word and figure.
// The data (helpers.whatif.exploration.grid_json) name texts and parts by their place in two lists.
const SVG = "http://www.w3.org/2000/svg";

function make(tag, look, content = "") {
  const part = document.createElement(tag);
  if (look) part.className = look;
  part.append(content);
  return part;
}

function draw(tag, attributes, content = "") {
  const part = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => part.setAttribute(name, value));
  part.append(content);
  return part;
}

function readGrid(explorer) {
  const grid = JSON.parse(explorer.querySelector(".pb-grid").textContent);
  grid.text = (place) => grid.texts[place];
  grid.row = (place) => grid.parts[place].map(grid.text);
  return grid;
}

// The stops of the last control vary fastest.
function pointAt(grid, stops) {
  return grid.points[stops.reduce((place, stop, number) => place * grid.controls[number].stops.length + stop, 0)];
}

function sayStops(grid, stops) {
  const moved = grid.controls.map(({ label, stops: words, plan }, number) =>
    stops[number] === plan ? "" : `${label} ${words[stops[number]]}`).filter(Boolean);
  return moved.join(", ") || grid.words.planned;
}

function buildTile(grid, place) {
  const [name, value, change, tone] = grid.row(place);
  const tile = make("div", "pb-tile");
  const shown = make("dd", "pb-value");
  shown.append(make("strong", "", value));
  tile.append(make("dt", "", name), shown);
  if (change) tile.append(make("dd", `pb-beside pb-${tone}`, change));
  return tile;
}

function buildRow(cells, tag) {
  const row = make("tr");
  cells.forEach((cell, column) => {
    const part = row.appendChild(make(tag, column ? "pb-n" : "pb-t", cell));
    if (tag === "th") part.scope = "col";
  });
  return row;
}

function buildTable(grid, [title, heads, rows, below]) {
  const figure = make("figure", "pb-table");
  figure.append(make("figcaption", "", grid.text(title)));
  if (rows.length) {
    const scroll = make("div", "pb-scroll");
    Object.entries({ role: "region", "aria-label": grid.text(title), tabindex: 0 })
      .forEach(([name, value]) => scroll.setAttribute(name, value));
    const table = scroll.appendChild(make("table"));
    table.createTHead().append(buildRow(grid.row(heads), "th"));
    table.createTBody().append(...rows.map((row) => buildRow(grid.row(row), "td")));
    figure.append(scroll);
  }
  if (grid.text(below)) figure.append(make("p", "pb-rest", grid.text(below)));
  return figure;
}

function buildMark(grid, place) {
  const mark = grid.parts[place];
  if (mark.length === 2) return draw("path", { class: `pb-${grid.text(mark[0])}`, d: grid.text(mark[1]) });
  const [x, y, anchor, text] = mark;
  return draw("text", { x, y, "text-anchor": grid.text(anchor) }, grid.text(text));
}

function buildPicture(grid, [claim, alt, frame, marks]) {
  const [width, height, grounds] = grid.parts[frame];
  const said = alt.map(grid.text).join("");
  const svg = draw("svg", { class: "pb-chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said });
  for (const [look, places] of [["pb-frame", grounds], ["pb-marks", marks]]) {
    svg.appendChild(draw("g", { class: look })).append(...places.map((place) => buildMark(grid, place)));
  }
  const figure = make("figure", "pb-picture");
  figure.style.margin = "1em 0";
  figure.append(make("figcaption", "", grid.text(claim)), svg);
  return figure;
}

// What stays the same element is what a screen reader listens to: the paragraph with the setting and its sentence.
function showPoint(grid, result, stops) {
  const point = pointAt(grid, stops);
  const isRefused = typeof point === "number";
  const [sentence, tiles, tables, picture, notes] = isRefused ? [point, [], [], null, []] : point;
  const said = result.querySelector(".pb-point");
  said.replaceChildren(make("strong", "", sayStops(grid, stops)), " ");
  if (isRefused) said.append(make("span", "pb-word", grid.words.refused), " ");
  said.append(make("span", "pb-sentence", grid.text(sentence)));
  result.classList.toggle("pb-refused", isRefused);
  if (isRefused) { result.replaceChildren(said); return; }
  const row = make("dl", "pb-tiles");
  row.append(...tiles.map((place) => buildTile(grid, place)));
  const list = make("ul", "pb-notes");
  list.append(...notes.map((place) => make("li", "", grid.text(place))));
  result.replaceChildren(said, row, buildPicture(grid, picture),
    ...tables.map((table) => buildTable(grid, table)), ...(notes.length ? [list] : []));
}

function buildTicks({ stops, plan }) {
  const ticks = make("div", "pb-ticks");
  ticks.setAttribute("aria-hidden", "true");
  const last = stops.length - 1;
  stops.forEach((words, stop) => {
    const tick = ticks.appendChild(make("span", stop === plan ? "pb-planned" : "", words));
    tick.style.setProperty("--at", String(stop / last));
    const isEnd = stop === 0 || stop === last;
    if (stop === plan || (isEnd && Math.abs(stop - plan) > 0.3 * last)) tick.classList.add("pb-kept");
  });
  if (stops.join("  ").length > 34) ticks.classList.add("pb-many"); // room for the plan's and the ends' words
  return ticks;
}

function buildSlider({ stops }) {
  const input = make("input");
  Object.assign(input, { type: "range", min: 0, max: stops.length - 1, step: 1 });
  return input;
}

function buildSelect({ stops }) {
  const input = make("select");
  input.append(...stops.map((words, stop) => new Option(words, stop)));
  return input;
}

function buildCheckbox() {
  return Object.assign(make("input"), { type: "checkbox" });
}

// Returns the lever's element and how to put it to a stop; `moved` is told of the stops that a hand chooses.
function buildLever(control, id, moved) {
  const lever = make("div", `pb-lever pb-${control.kind}`);
  const input = { slider: buildSlider, choice: buildSelect, switch: buildCheckbox }[control.kind](control);
  const label = Object.assign(make("label", "", control.label), { htmlFor: id });
  const chosen = Object.assign(make("output"), { htmlFor: id });
  const help = Object.assign(make("small", "", control.help), { id: `${id}-help` });
  Object.assign(input, { id, autocomplete: "off" });
  input.setAttribute("aria-describedby", help.id);
  const put = (stop) => {
    if (control.kind === "switch") input.checked = stop === control.stops.length - 1;
    else input.value = stop;
    if (control.kind === "slider") input.setAttribute("aria-valuetext", control.stops[stop]);
    chosen.textContent = control.stops[stop];
  };
  input.addEventListener("input", () => {
    const stop = control.kind === "switch" ? Number(input.checked) : Number(input.value);
    put(stop);
    moved(stop);
  });
  lever.append(label, chosen, input, ...(control.kind === "slider" ? [buildTicks(control)] : []), help);
  return { lever, put };
}

function prepareExplorer(explorer, number) {
  const grid = readGrid(explorer);
  const result = explorer.querySelector(".pb-result");
  const stops = grid.controls.map(({ plan }) => plan);
  const show = () => showPoint(grid, result, stops);
  const levers = grid.controls.map((control, place) =>
    control.stops.length < 2 ? null : // one value: nothing to move
      buildLever(control, `pb-explorer-${number}-${place}`, (stop) => { stops[place] = stop; show(); }));
  const reset = () => {
    grid.controls.forEach(({ plan }, place) => { stops[place] = plan; if (levers[place]) levers[place].put(plan); });
    show();
  };
  const panel = make("div", "pb-levers");
  const back = Object.assign(make("button", "tool", grid.words.back), { type: "button" });
  back.addEventListener("click", reset);
  panel.append(...levers.filter(Boolean).map(({ lever }) => lever), back);
  if (levers.some(Boolean)) {
    result.before(panel);
    explorer.classList.add("pb-moves");
    explorer.querySelector(".pb-still").textContent = grid.words.computed;
  }
  reset();
  result.querySelector(".pb-point").setAttribute("role", "status"); // from now on, changes are read out
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".pb-explorer:has(> .pb-grid)").forEach(prepareExplorer);
});
