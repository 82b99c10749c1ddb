"use strict";
// Theme, code toggle, sorting and contents. The page reads in full without this script.
const root = document.documentElement;
root.classList.add("js");
const keep = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* a private window */ } },
};
if (["light", "dark"].includes(keep.get("planbook-theme"))) root.dataset.theme = keep.get("planbook-theme");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function prepareTheme() {
  const button = document.getElementById("theme");
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    keep.set("planbook-theme", root.dataset.theme);
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
}

function prepareCode() {
  const button = document.getElementById("code");
  if (!button) return;
  const toggle = () => {
    const shown = root.classList.toggle("show-code");
    button.setAttribute("aria-pressed", String(shown));
    document.querySelectorAll("details.code").forEach((part) => { part.open = shown; });
  };
  button.addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "c" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) toggle();
  });
}

function sortValue(cell) {
  if (!cell) return null;
  const raw = cell.dataset.v;
  if (raw !== undefined) return raw === "" ? null : Number(raw);
  const text = cell.textContent.trim();
  return text === "" || text === "–" ? null : text;
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
}

function sortBy(table, column, head) {
  const down = head.getAttribute("aria-sort") === "ascending" ||
    (!head.hasAttribute("aria-sort") && head.classList.contains("pb-n"));
  table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [sortValue(row.cells[column]), row]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null); // gaps stay last, both ways
    return down ? compare(b, a) : compare(a, b);
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function prepareTables() {
  for (const table of document.querySelectorAll(".pb-table table")) {
    if (table.closest(".pb-explorer")) continue; // rows that come and go
    if (!table.tHead || table.tBodies[0].rows.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(table, column, head));
      head.append(button);
    });
  }
}

function prepareTooltips() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.activeElement.matches(".pb-term")) document.activeElement.blur();
  });
}

function prepareContents() {
  const contents = document.querySelector(".contents details");
  if (!contents) return;
  const narrow = matchMedia("(max-width: 1000px)");
  const fold = () => { contents.open = !narrow.matches; };
  fold();
  narrow.addEventListener("change", fold);
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const places = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const mark = () => {
    const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 4;
    const passed = places.filter((place) => place.getBoundingClientRect().top < innerHeight * 0.3);
    const current = atEnd && scrollY > 0 ? places.at(-1) : passed.at(-1);
    links.forEach((link, id) => {
      if (current && current.id === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  mark();
  document.addEventListener("scroll", mark, { passive: true });
}

function preparePages() {
  const current = document.querySelector(".pages [aria-current]");
  if (!current) return;
  const list = current.closest("ul");
  list.scrollLeft = current.offsetLeft - (list.clientWidth - current.offsetWidth) / 2;
}

function preparePrint() {
  const folded = () => document.querySelectorAll("main details:not(.code):not([open])");
  let opened = [];
  addEventListener("beforeprint", () => { opened = [...folded()]; opened.forEach((part) => { part.open = true; }); });
  addEventListener("afterprint", () => { opened.forEach((part) => { part.open = false; }); });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".tools").hidden = false;
  prepareTheme();
  prepareCode();
  prepareTables();
  prepareTooltips();
  prepareContents();
  preparePages();
  preparePrint();
});
