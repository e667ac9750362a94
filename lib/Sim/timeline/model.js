"use strict";
// The data: `texts` holds every string once; a lane has one entry per slice in each of its lists. Slices are numbered through
// all lanes; arrows and the critical path name them by number.
const data = JSON.parse(document.getElementById("data").textContent);
const WORK = 0, SYNC = 1, STALL = 2;
const texts = data.texts, lanes = data.lanes, arrows = data.arrows;
const hue = { MTE2: 212, MTE1: 186, M: 268, V: 145, FIX: 32, MTE3: 338, S: 220 };
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const color = { paper: css("--paper"), panel: css("--panel"), line: css("--line"), faint: css("--faint"), ink: css("--ink"),
  soft: css("--soft"), stall: css("--stall"), path: css("--path"), accent: css("--accent") };

// ---- Lanes and slices ------------------------------------------------------------------------------------------------------
let total = 0, end = data.cycles;
for (const lane of lanes) {
  lane.first = total;
  total += lane.begin.length;
  let time = 0;
  lane.begin = Float64Array.from(lane.begin, delta => time += delta); // stored as differences
  lane.end = Float64Array.from(lane.begin, (begin, i) => begin + lane.length[i]);
  lane.busy = 0;
  lane.stalled = 0;
  for (let i = 0; i < lane.length.length; ++i) {
    if (lane.kind[i] === WORK) lane.busy += lane.length[i];
    if (lane.kind[i] === STALL) lane.stalled += lane.length[i];
    end = Math.max(end, lane.end[i]);
  }
}
const laneOf = new Uint32Array(total);
lanes.forEach((lane, l) => laneOf.fill(l, lane.first, lane.first + lane.begin.length));
const slice = id => ({ lane: lanes[laneOf[id]], i: id - lanes[laneOf[id]].first });
const into = new Map(), outOf = new Map(); // slice -> its arrows
arrows.forEach(([from, to], a) => {
  if (!outOf.has(from)) outOf.set(from, []);
  outOf.get(from).push(a);
  if (!into.has(to)) into.set(to, []);
  into.get(to).push(a);
});
const onPath = new Uint8Array(total);
for (const id of data.path) onPath[id] = 1;
const shades = new Map();
function shade(pipe, name, kind) {
  const key = pipe + name + kind;
  if (!shades.has(key)) {
    let hash = 7;
    for (const c of name) hash = (hash * 31 + c.charCodeAt(0)) % 997;
    const h = (hue[pipe] ?? 0) + hash % 25 - 12, s = pipe === "S" ? 12 : 46, l = (dark ? 44 : 60) + hash % 13;
    shades.set(key, kind === SYNC ? `hsl(${h} ${s}% ${dark ? 68 : 34}%)` : `hsl(${h} ${s}% ${l}%)`);
  }
  return shades.get(key);
}

const oneRank = data.cores.every(core => core.startsWith("rank 0 "));
const coreName = core => oneRank ? data.cores[core].replace("rank 0 ", "") : data.cores[core];

// ---- Rows: a head per core, then its lanes ---------------------------------------------------------------------------------
const HEAD = 24, GUTTER = 168, AXIS = 26, MAP = 44, TOP = AXIS + MAP;
let ROW = 24; // grows when there is room
const folded = new Set();
let rows = [], height = 0;
function layOut() {
  const heads = new Set(lanes.map(lane => lane.core)).size, open = lanes.filter(lane => !folded.has(lane.core)).length;
  ROW = Math.max(24, Math.min(44, Math.floor((innerHeight - 260 - heads * HEAD) / Math.max(1, open))));
  rows = [];
  height = 0;
  let core = -1;
  lanes.forEach((lane, l) => {
    if (lane.core !== core) {
      core = lane.core;
      rows.push({ core, y: height, h: HEAD });
      height += HEAD;
    }
    lane.y = folded.has(core) ? height - HEAD : height; // arrows of a folded core end at its head
    if (folded.has(core)) return;
    rows.push({ lane: l, y: height, h: ROW });
    height += ROW;
  });
  height += 12;
}
if (data.cores.length > 12) data.cores.forEach((_, core) => core >= 6 && folded.add(core));
layOut();

// ---- View ------------------------------------------------------------------------------------------------------------------
const canvas = document.getElementById("chart"), g = canvas.getContext("2d");
let width = 0, tall = 0, t0 = 0, t1 = end, scroll = 0;
const x = time => GUTTER + (time - t0) / (t1 - t0) * (width - GUTTER);
const timeAt = px => t0 + (px - GUTTER) / (width - GUTTER) * (t1 - t0);
let hovered = -1, selected = -1, found = null, mouse = null, drag = null;
function clamp() {
  const span = Math.min(Math.max(t1 - t0, 8), end * 1.02);
  t0 = Math.min(Math.max(t0, -end * 0.01), end * 1.01 - span);
  t1 = t0 + span;
  scroll = Math.max(0, Math.min(scroll, height - (tall - TOP)));
}
let pending = false;
function redraw() {
  if (!pending) {
    pending = true;
    requestAnimationFrame(() => { pending = false; draw(); });
  }
}
function zoom(factor, around) {
  t0 = around - (around - t0) * factor;
  t1 = around + (t1 - around) * factor;
  clamp();
  redraw();
}
function show(id) { // brings a slice into view
  const { lane, i } = slice(id), span = Math.max((lane.end[i] - lane.begin[i]) * 6, Math.min(t1 - t0, end / 4));
  if (folded.delete(lane.core)) layOut();
  const middle = (lane.begin[i] + lane.end[i]) / 2;
  t0 = middle - span / 2;
  t1 = middle + span / 2;
  if (lane.y < scroll || lane.y + ROW > scroll + tall - TOP) scroll = lane.y - (tall - TOP) / 2;
  selected = id;
  clamp();
  describe(id);
  redraw();
}
const firstAfter = (list, value) => { // first index whose entry is above value
  let low = 0, high = list.length;
  while (low < high) {
    const middle = low + high >> 1;
    if (list[middle] > value) high = middle; else low = middle + 1;
  }
  return low;
};
