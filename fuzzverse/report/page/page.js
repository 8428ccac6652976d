"use strict";

// ---- small things -------------------------------------------------------------------------------

function make(name, words, into) {
  const made = document.createElement(name);
  made.textContent = words;
  if (into) into.append(made);
  return made;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function number(value) {
  return value.toLocaleString("en-US");
}

// ---- tables: sorting by a click on a head, a filter above long ones -----------------------------

const FILTER_FROM = 12;
const CUT_FROM = 40; // then page.css shows the first 25 until asked for all

function keyOf(row, column) {
  const cell = row.cells[column];
  const key = cell.dataset.k;
  return key === undefined ? cell.textContent.toLowerCase() : Number(key);
}

function sortBy(table, column) {
  const heads = table.tHead.rows[0].cells;
  const goesDown = heads[column].getAttribute("aria-sort") !== "descending";
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", goesDown ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row, column), row]);
  const order = (a, b) =>
    typeof a === typeof b ? (a > b) - (a < b) : typeof a === "number" ? 1 : -1;
  rows.sort((one, other) => (goesDown ? -1 : 1) * order(one[0], other[0]));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (!head.textContent) return;
    head.className += " sorts";
    head.tabIndex = 0;
    head.addEventListener("click", () => sortBy(table, column));
    head.addEventListener("keydown", (event) => {
      if (event.key === "Enter") sortBy(table, column);
    });
  });
}

function makeFilter(table) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < FILTER_FROM) return;
  const box = document.createElement("input");
  box.type = "search";
  box.placeholder = "filter " + number(rows.length) + " rows";
  box.setAttribute("aria-label", box.placeholder);
  table.parentElement.before(box);
  box.addEventListener("input", () => {
    const wanted = box.value.toLowerCase();
    table.classList.remove("cut");
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}

function makeCut(table) {
  const count = table.tBodies[0].rows.length;
  if (count < CUT_FROM || table.closest("#properties")) return;
  table.classList.add("cut");
  const button = document.createElement("button");
  button.textContent = "show all " + number(count);
  table.parentElement.after(button);
  button.addEventListener("click", () => {
    table.classList.remove("cut");
    button.remove();
  });
}

// ---- bugs: lines to copy, folds that open for links and for paper -------------------------------

function makeCopy(block) {
  if (!navigator.clipboard) return;
  const around = document.createElement("div");
  around.className = "copied";
  block.replaceWith(around);
  around.append(block);
  const button = make("button", "copy", around);
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(block.textContent).then(
      () => (button.textContent = "copied"),
      () => (button.textContent = "select and copy"));
  });
}

function openTarget() {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted && wanted.tagName === "DETAILS") wanted.open = true;
}

function openAllForPrint() {
  for (const fold of document.querySelectorAll("details.bug")) fold.open = true;
}

// ---- the map ------------------------------------------------------------------------------------

const ROWS_MAX = 40;
const ROW_MIN = 11;
const ROW_MAX = 24;
const HEIGHT = 560;
const BUTTONS_MAX = 6;
const BUGS_TOLD_MAX = 3;
const LETTER = 6.9; // pixels, about
const BUG_WIDTH_MIN = 3;
const WAY_SHADE = 0.38;

function grow(data) {
  const nodes = data.branches.map((b, index) => ({
    index, parent: b[0], weight: b[1], ends: b[2], first: b[3], segments: b[4], merged: b[5],
    begins: b[6], bugs: b[7], children: [], depth: 0, below: 0, at: 0,
  }));
  for (const node of nodes.slice(1)) {
    const parent = nodes[node.parent];
    node.depth = parent.depth + 1;
    parent.children.push(node);
  }
  for (const node of nodes.slice().reverse()) {
    if (node.index > 0) {
      const parent = nodes[node.parent];
      parent.below = Math.max(parent.below, node.below + 1);
    }
  }
  for (const node of nodes) {
    node.children.sort((a, b) => (a.merged > 0) - (b.merged > 0) || b.weight - a.weight);
    let at = node.at;
    for (const child of node.children) {
      child.at = at;
      at += child.weight;
    }
  }
  return nodes;
}

function nameOf(node) {
  if (node.index === 0) return "all timelines";
  if (node.merged) return number(node.merged) + " more";
  if (node.depth === 1) return "root " + node.begins;
  return node.begins + (node.segments > 1 ? " + " + (node.segments - 1) : "");
}

function wordsOf(node, data) {
  const parts = [nameOf(node), number(node.weight) + " timelines",
    "first " + number(node.first)];
  if (node.segments) parts.splice(1, 0, number(node.segments) + " segments");
  const bugs = node.bugs.slice(0, BUGS_TOLD_MAX).map((bug) => data.buckets[bug]);
  if (node.bugs.length > bugs.length) bugs.push("others");
  if (bugs.length) parts.push("leads to " + bugs.join(", "));
  return parts.join(" · ");
}

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function mix(one, other, share) {
  const [a, b] = [channels(one), channels(other)];
  return "rgb(" + a.map((value, i) => Math.round(value + (b[i] - value) * share)).join(",") + ")";
}

class Map2d {
  constructor(canvas, data, words, tools) {
    this.canvas = canvas;
    this.data = data;
    this.words = words;
    this.nodes = grow(data);
    this.focus = this.nodes[0];
    this.blocks = [];
    this.addButtons(tools);
    canvas.addEventListener("click", (event) => this.choose(this.under(event)));
    canvas.addEventListener("pointermove", (event) => this.tell(this.under(event)));
    canvas.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.draw();
    this.tell(this.focus);
  }

  addButtons(tools) {
    make("button", "everything", tools).addEventListener("click", () => this.go(this.nodes[0]));
    make("button", "one up", tools).addEventListener("click", () => this.up());
    this.data.buckets.slice(0, BUTTONS_MAX).forEach((bucket, bug) => {
      const button = make("button", "to " + bucket.slice(0, 40), tools);
      button.addEventListener("click", () => this.go(this.wayTo(bug)));
    });
  }

  wayTo(bug) {
    const on = this.nodes.filter((node) => node.bugs.includes(bug));
    const deepest = on.reduce((one, other) => (other.depth > one.depth ? other : one));
    return deepest.index ? this.nodes[deepest.parent] : deepest;
  }

  go(node) {
    this.focus = node;
    this.draw();
    this.tell(node);
  }

  up() {
    if (this.focus.index) this.go(this.nodes[this.focus.parent]);
  }

  choose(node) {
    if (node) this.go(node === this.focus && node.index ? this.nodes[node.parent] : node);
  }

  press(event) {
    const children = this.focus.children;
    if (event.key === "ArrowUp") this.up();
    else if (event.key === "ArrowDown" && children.length) this.go(children[0]);
    else if (event.key.startsWith("Arrow") && this.focus.index) {
      const all = this.nodes[this.focus.parent].children;
      const step = event.key === "ArrowRight" ? 1 : all.length - 1;
      this.go(all[(all.indexOf(this.focus) + step) % all.length]);
    } else return;
    event.preventDefault();
  }

  under(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return this.blocks.find((b) => x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h)?.node;
  }

  tell(node) {
    if (node) this.words.textContent = wordsOf(node, this.data);
  }

  place() {
    const way = [];
    for (let node = this.focus; node.index; node = this.nodes[node.parent]) way.unshift(node);
    way.unshift(this.nodes[0]);
    const above = way.slice(-4);
    const rows = Math.min(ROWS_MAX, above.length + this.focus.below);
    const h = Math.max(ROW_MIN, Math.min(ROW_MAX, Math.floor(HEIGHT / rows)));
    const width = this.canvas.parentElement.clientWidth - this.inset();
    const scale = width / Math.max(1, this.focus.weight);
    this.blocks = above.slice(0, -1).map((node, i) => ({ node, x: 0, y: i * h, w: width, h }));
    const waiting = [this.focus];
    const top = above.length - 1 - this.focus.depth;
    while (waiting.length) {
      const node = waiting.pop();
      const y = (top + node.depth) * h;
      const w = Math.max(node.weight * scale, node.bugs.length ? BUG_WIDTH_MIN : 0);
      if (w < 0.4 || y >= rows * h) continue;
      this.blocks.push({ node, x: (node.at - this.focus.at) * scale, y, w, h });
      waiting.push(...node.children);
    }
    return [width, rows * h];
  }

  inset() {
    const style = getComputedStyle(this.canvas.parentElement);
    return parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
  }

  draw() {
    const [width, height] = this.place();
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.canvas.style.height = height + "px";
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const looks = {};
    for (const name of ["early", "late", "e", "merged", "ink", "card"]) looks[name] = colour(name);
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    // Ways to bugs last: they may be drawn wider than they are.
    this.blocks.sort((one, other) => one.node.bugs.length - other.node.bugs.length);
    for (const block of this.blocks) this.paint(pen, block, looks);
  }

  paint(pen, { node, x, y, w, h }, looks) {
    const age = Math.sqrt(node.first / Math.max(1, this.data.timelines));
    const isBug = node.bugs.length && !node.merged &&
      !node.children.some((child) => child.bugs.length);
    pen.fillStyle = isBug ? looks.e
      : node.bugs.length ? mix(looks.card, looks.e, WAY_SHADE)
        : node.merged ? looks.merged : mix(looks.early, looks.late, Math.min(1, age));
    pen.fillRect(x, y, Math.max(0.6, w - (w > 4 ? 1 : 0)), h - 1);
    if (w < 40 || h < 12) return;
    const isDark = isBug || (!node.merged && !node.bugs.length && age > 0.5);
    pen.fillStyle = isDark ? looks.card : looks.ink;
    const room = Math.floor((w - 8) / LETTER);
    const name = nameOf(node);
    const shown = name.length > room ? name.slice(0, Math.max(0, room - 1)) + "…" : name;
    pen.fillText(shown, x + 4, y + h / 2);
  }
}

// ---- all of it ----------------------------------------------------------------------------------

function start() {
  for (const table of document.querySelectorAll("table.data")) {
    makeFilter(table);
    makeSortable(table);
    makeCut(table);
  }
  document.querySelectorAll("pre.command").forEach(makeCopy);
  addEventListener("hashchange", openTarget);
  openTarget();
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const parts = ["map", "map-words", "map-tools"].map((id) => document.getElementById(id));
  const map = new Map2d(parts[0], data, parts[1], parts[2]);
  addEventListener("beforeprint", () => {
    openAllForPrint();
    map.draw();
  });
  document.documentElement.dataset.ready = "yes";
}

start();
