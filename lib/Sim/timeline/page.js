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

// ---- Drawing ---------------------------------------------------------------------------------------------------------------
const number = value => Math.round(value).toLocaleString("en-US");
const micro = cycles => {
  const us = cycles / data.clock / 1e3;
  return us >= 100 ? us.toFixed(0) + " us" : us >= 1 ? us.toFixed(2) + " us" : (us * 1e3).toFixed(0) + " ns";
};
function tickStep(span, pixels) {
  const rough = span / Math.max(1, pixels / 110), power = 10 ** Math.floor(Math.log10(rough));
  return Math.max(1, [1, 2, 5, 10].find(f => f * power >= rough) * power);
}
let hatch;
function makeHatch() {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const c = tile.getContext("2d");
  c.strokeStyle = color.stall;
  c.globalAlpha = .6;
  c.lineWidth = 1;
  c.beginPath();
  for (const shift of [-6, 0, 6]) { c.moveTo(shift, 6); c.lineTo(shift + 6, 0); }
  c.stroke();
  hatch = g.createPattern(tile, "repeat");
}
function drawLane(lane, y) {
  const h = ROW - 5, top = y + 2.5;
  const begins = lane.begin, ends = lane.end, scale = (width - GUTTER) / (t1 - t0);
  const marked = document.getElementById("path").checked;
  for (let i = firstAfter(ends, t0); i < begins.length && begins[i] < t1;) {
    const left = Math.max(x(begins[i]), GUTTER - 2), right = Math.min(x(ends[i]), width + 2), w = right - left;
    const kind = lane.kind[i], id = lane.first + i, name = texts[lane.name[i]];
    if (w < 1) {
      // Many per pixel: what the pixel shows is how much of its time is work.
      let last = Math.max(firstAfter(begins, timeAt(Math.floor(left)) + 1 / scale), i + 1);
      if (last - i > 1 && lane.length[last - 1] * scale >= 1) --last; // that one is drawn by itself
      const step = Math.max(1, (last - i) >> 4);
      let work = 0, stall = 0, path = 0;
      for (let j = i; j < last; j += step) {
        const part = lane.length[j] * step;
        if (lane.kind[j] === WORK) work += part; else if (lane.kind[j] === STALL) stall += part;
        path |= onPath[lane.first + j];
      }
      const share = Math.min(1, Math.max(work, stall) * scale);
      g.globalAlpha = (found && !found.has(id) ? .15 : 1) * (.25 + .75 * share) * (marked && !path ? .25 : 1);
      g.fillStyle = work >= stall ? shade(lane.pipe, name, WORK) : color.stall;
      if (work >= stall) g.fillRect(Math.floor(left), top, 1, h);
      else g.fillRect(Math.floor(left), top + h / 2 - 2, 1, 4);
      i = last;
      continue;
    }
    g.globalAlpha = (found && !found.has(id) ? .15 : 1) * (marked && !onPath[id] ? .22 : 1);
    if (kind === STALL) {
      g.fillStyle = hatch;
      g.fillRect(left, top + h / 2 - 3, w, 6);
    } else {
      g.fillStyle = shade(lane.pipe, name, kind);
      if (kind === SYNC) g.fillRect(left, top, Math.max(1.5, w), h);
      else { g.beginPath(); g.roundRect(left, top, Math.max(1, w - (w > 3 ? .7 : 0)), h, w > 8 ? 3 : 0); g.fill(); }
    }
    if (kind !== STALL && w > 38) {
      const label = name.replace(/^pto\.(comm\.)?/, "");
      g.fillStyle = kind === SYNC ? color.paper : dark ? "#f2f5f9" : "#10161f";
      g.save();
      g.beginPath();
      g.rect(left, top, w - 4, h);
      g.clip();
      g.fillText(label, Math.max(left, GUTTER) + 5, top + h / 2 + .5);
      g.restore();
    }
    if (id === selected || id === hovered) {
      g.globalAlpha = 1;
      g.strokeStyle = id === selected ? color.accent : color.ink;
      g.lineWidth = id === selected ? 2 : 1.2;
      g.strokeRect(left, top, Math.max(2, w), h);
    }
    ++i;
  }
  g.globalAlpha = 1;
}
function drawArrow(a, strong) {
  const [from, to] = arrows[a], s = slice(from), d = slice(to);
  const x0 = x(s.lane.begin[s.i]), x1 = x(d.lane.begin[d.i]);
  const y0 = TOP + s.lane.y - scroll + ROW / 2, y1 = TOP + d.lane.y - scroll + ROW / 2;
  if (x1 < GUTTER || x0 > width || (y0 < TOP && y1 < TOP) || (y0 > tall && y1 > tall)) return;
  const bend = Math.min(60, Math.max(14, (x1 - x0) / 2));
  g.strokeStyle = g.fillStyle = strong ? color.accent : color.soft;
  g.globalAlpha = strong ? .95 : .5;
  g.lineWidth = strong ? 1.8 : 1;
  g.beginPath();
  g.moveTo(x0, y0);
  g.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
  g.stroke();
  g.beginPath();
  g.moveTo(x1 + 1, y1);
  g.lineTo(x1 - 6, y1 - 3.4);
  g.lineTo(x1 - 6, y1 + 3.4);
  g.fill();
  g.globalAlpha = 1;
}
/// The arrows of a slice, and of the waits directly before it.
function arrowsAround(id) {
  const { lane, i } = slice(id), list = [...(into.get(id) ?? []), ...(outOf.get(id) ?? [])];
  for (let j = i - 1; j >= 0 && lane.kind[j] !== WORK && lane.end[j] === lane.begin[j + 1]; --j) list.push(...(into.get(lane.first + j) ?? []));
  if (lane.kind[i] === STALL) list.push(...(into.get(id + 1) ?? []));
  return list;
}
function drawArrows() {
  const mode = document.getElementById("arrows").value;
  g.save();
  g.beginPath();
  g.rect(GUTTER, TOP, width - GUTTER, tall - TOP);
  g.clip();
  if (mode === "auto") {
    const visible = [];
    for (let a = 0; a < arrows.length && visible.length <= 200; ++a) {
      const [from, to] = arrows[a], s = slice(from), d = slice(to);
      if (d.lane.begin[d.i] < t0 || s.lane.begin[s.i] > t1) continue;
      const y = s.lane.y - scroll, z = d.lane.y - scroll;
      if ((y >= -ROW || z >= -ROW) && (y < tall || z < tall)) visible.push(a);
    }
    if (visible.length <= 200) for (const a of visible) drawArrow(a, false);
  }
  if (mode !== "none")
    for (const id of new Set([hovered, selected]))
      if (id >= 0) for (const a of arrowsAround(id)) drawArrow(a, true);
  g.restore();
}
function drawAxis() {
  g.fillStyle = color.panel;
  g.fillRect(0, MAP, width, AXIS);
  g.strokeStyle = color.line;
  g.lineWidth = 1;
  const step = tickStep(t1 - t0, width - GUTTER);
  g.textAlign = "center";
  for (let t = Math.max(0, Math.ceil(t0 / step) * step); t <= t1; t += step) {
    const px = Math.round(x(t)) + .5;
    if (px < GUTTER) continue;
    g.strokeStyle = color.faint;
    g.beginPath();
    g.moveTo(px, TOP);
    g.lineTo(px, tall);
    g.stroke();
    g.strokeStyle = color.line;
    g.beginPath();
    g.moveTo(px, TOP - 5);
    g.lineTo(px, TOP);
    g.stroke();
    g.fillStyle = color.soft;
    if (px > GUTTER + 20) g.fillText(number(t), px, MAP + AXIS / 2 - 1);
  }
  g.textAlign = "left";
  g.fillStyle = color.soft;
  g.fillText("cycles", 12, MAP + AXIS / 2 - 1);
}
/// How busy each pipe is over the whole run, and which part of it is in view.
const bins = 600;
const density = Object.keys(hue).map(pipe => {
  const sum = new Float64Array(bins);
  for (const lane of lanes) {
    if (lane.pipe !== pipe) continue;
    for (let i = 0; i < lane.begin.length; ++i) {
      if (lane.kind[i] !== WORK) continue;
      const a = lane.begin[i] / end * bins, b = lane.end[i] / end * bins;
      for (let k = Math.floor(a); k < Math.min(bins, Math.ceil(b)); ++k) sum[k] += Math.min(b, k + 1) - Math.max(a, k);
    }
  }
  return { pipe, sum, lanes: lanes.filter(lane => lane.pipe === pipe).length };
}).filter(entry => entry.lanes && entry.pipe !== "S");
function drawMap() {
  g.fillStyle = color.paper;
  g.fillRect(0, 0, width, MAP);
  const w = (width - GUTTER - 8) / bins, h = (MAP - 8) / Math.max(1, density.length);
  density.forEach((entry, row) => {
    for (let k = 0; k < bins; ++k) {
      const share = entry.sum[k] / entry.lanes;
      if (share <= 0.01) continue;
      g.globalAlpha = .12 + .88 * share;
      g.fillStyle = shade(entry.pipe, "", WORK);
      g.fillRect(GUTTER + k * w, 4 + row * h, w + .5, Math.max(1, h - 1));
    }
  });
  g.globalAlpha = 1;
  const a = GUTTER + Math.max(0, t0 / end) * bins * w, b = GUTTER + Math.min(1, t1 / end) * bins * w;
  g.fillStyle = color.panel;
  g.globalAlpha = .72;
  g.fillRect(GUTTER, 0, a - GUTTER, MAP);
  g.fillRect(b, 0, width - b, MAP);
  g.globalAlpha = 1;
  g.strokeStyle = color.accent;
  g.lineWidth = 1.4;
  g.strokeRect(a + .5, 1.5, Math.max(2, b - a - 1), MAP - 3);
  g.fillStyle = color.soft;
  g.fillText("whole run", 12, MAP / 2);
}
function drawGutter() {
  g.fillStyle = color.paper;
  g.fillRect(0, TOP, GUTTER, tall - TOP);
  for (const row of rows) {
    const y = TOP + row.y - scroll;
    if (y + row.h < TOP || y > tall) continue;
    if (row.core !== undefined) {
      g.fillStyle = color.panel;
      g.fillRect(0, y, width, row.h);
      g.fillStyle = color.ink;
      g.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
      g.fillText((folded.has(row.core) ? "▸ " : "▾ ") + coreName(row.core), 10, y + row.h / 2);
      g.font = "12px system-ui, 'DejaVu Sans', sans-serif";
      continue;
    }
    const lane = lanes[row.lane];
    g.fillStyle = shade(lane.pipe, "", WORK);
    g.fillRect(18, y + 6, 4, ROW - 12);
    g.fillStyle = color.ink;
    g.fillText(lane.pipe, 28, y + ROW / 2);
    if (lane.pipe === "S") continue; // its instructions are not drawn, only what it waits for
    const share = lane.busy / end;
    g.fillStyle = color.faint;
    g.fillRect(74, y + ROW / 2 - 3, 44, 6);
    g.fillStyle = shade(lane.pipe, "", WORK);
    g.fillRect(74, y + ROW / 2 - 3, 44 * share, 6);
    g.fillStyle = color.soft;
    g.textAlign = "right";
    g.fillText((share * 100).toFixed(share < .0995 ? 1 : 0) + " %", GUTTER - 10, y + ROW / 2);
    g.textAlign = "left";
  }
  g.strokeStyle = color.line;
  g.beginPath();
  g.moveTo(GUTTER - .5, 0);
  g.lineTo(GUTTER - .5, tall);
  g.moveTo(0, TOP - .5);
  g.lineTo(width, TOP - .5);
  g.moveTo(0, MAP - .5);
  g.lineTo(width, MAP - .5);
  g.stroke();
}
function draw() {
  const ratio = devicePixelRatio || 1;
  width = canvas.clientWidth;
  tall = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(tall * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(tall * ratio);
    makeHatch();
  }
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.font = "12px system-ui, 'DejaVu Sans', sans-serif";
  g.textBaseline = "middle";
  clamp();
  g.fillStyle = color.paper;
  g.fillRect(0, 0, width, tall);
  drawAxis();
  g.save();
  g.beginPath();
  g.rect(GUTTER, TOP, width - GUTTER, tall - TOP);
  g.clip();
  for (const row of rows) {
    const y = TOP + row.y - scroll;
    if (row.lane !== undefined && y + row.h > TOP && y < tall) drawLane(lanes[row.lane], y);
  }
  g.restore();
  drawGutter();
  drawArrows();
  drawMap();
  if (mouse && mouse.x > GUTTER && mouse.y > MAP && !drag) {
    g.strokeStyle = color.soft;
    g.globalAlpha = .5;
    g.setLineDash([3, 3]);
    g.beginPath();
    g.moveTo(mouse.x + .5, TOP);
    g.lineTo(mouse.x + .5, tall);
    g.stroke();
    g.setLineDash([]);
    g.globalAlpha = 1;
  }
}

// ---- Words -----------------------------------------------------------------------------------------------------------------
const escape = text => String(text).replace(/[&<>"]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const file = location => location.replace(/^.*\//, "") || "unknown line"; // all places are of one program
const place = (lane, i) => escape(file(texts[lane.location[i]]));
/// The work before a set, which the flag speaks of.
function setBy(id) {
  const { lane, i } = slice(id);
  for (let j = i; j >= 0; --j) if (lane.kind[j] === WORK) return { text: `${escape(texts[lane.name[j]])} at ${place(lane, j)}`, id: lane.first + j };
  return { text: `set at ${place(lane, i)}`, id };
}
/// What held `id` up: the waits directly before it, with their stalls.
function waitsOf(id) {
  const { lane, i } = slice(id), list = [];
  let stall = 0;
  const note = (j, cycles) => {
    const arrow = (into.get(lane.first + j) ?? [])[0], from = arrow === undefined ? null : setBy(arrows[arrow][0]);
    list.push({ cycles, what: arrow === undefined ? texts[lane.name[j]].replace(/^(stall: |wait )/, "") : texts[arrows[arrow][2]], from });
  };
  for (let j = i; j >= 0 && (j === i || (lane.kind[j] !== WORK && lane.end[j] === lane.begin[j + 1])); --j) {
    const stalled = j > 0 && lane.kind[j - 1] === STALL && lane.end[j - 1] === lane.begin[j] ? lane.length[j - 1] : 0;
    if (lane.kind[j] === STALL && j === i) note(Math.min(j + 1, lane.begin.length - 1), lane.length[j]);
    else if (into.has(lane.first + j) || stalled) note(j, stalled);
    if (lane.kind[i] === STALL) break;
  }
  return list;
}
function facts(id) {
  const { lane, i } = slice(id), lines = [];
  const iteration = lane.iteration[i] === null ? "" : `, iteration ${lane.iteration[i]}`;
  lines.push(`<div class="name">${escape(texts[lane.name[i]])}</div>`);
  lines.push(`<div>${escape(lane.pipe)} of ${escape(coreName(lane.core))}</div>`);
  lines.push(`<div class="mono">${place(lane, i)}${lane.called[i] ? " called at " + escape(texts[lane.called[i]]) : ""}<span class="soft">${iteration}</span></div>`);
  lines.push(`<div><b>${number(lane.length[i])}</b> cycles <span class="soft">(${micro(lane.length[i])}), ${number(lane.begin[i])} to ${number(lane.end[i])}</span></div>`);
  return lines.join("");
}
function waitLines(id, links) {
  return waitsOf(id).map(wait => {
    const from = wait.from ? ` <span class="soft">after</span> <span class="${links ? "go" : ""}" data-go="${wait.from.id}">${wait.from.text}</span>` : "";
    return wait.cycles ? `<div class="wait">waited ${number(wait.cycles)} cycles for ${escape(wait.what)}${from}</div>`
                       : `<div><span class="soft">did not have to wait for</span> ${escape(wait.what)}${from}</div>`;
  }).join("");
}
function describe(id) {
  const box = document.getElementById("detail");
  if (id < 0) {
    const keys = [["drag, wheel", "move; zoom at the pointer"], ["wheel over the names", "scroll, also with shift"],
      ["W A S D, F", "zoom and move; show all"], ["click", "what it is and what it waited for"], ["double click", "zoom to it"]];
    box.innerHTML = `<div><div class="name">Longest waits, in cycles of all cores</div><table>${stallRows()}</table></div>` +
      `<div><div class="name">Critical path</div><table>${pathRows()}</table></div>` +
      `<div class="soft"><div class="name">Keys</div><table>${keys.map(([a, b]) => `<tr><td>${a}</td><td>${b}</td></tr>`).join("")}</table></div>`;
    return;
  }
  const { lane, i } = slice(id);
  const operands = lane.operands[i].map((o, n) => `<tr><td class="soft">operand ${n}</td><td class="mono">${escape(texts[o])}</td></tr>`).join("");
  const released = (outOf.get(id) ?? []).map(a => {
    const d = slice(arrows[a][1]);
    return `<div><span class="soft">releases</span> <span class="go" data-go="${arrows[a][1]}">${escape(d.lane.pipe)} of ${escape(coreName(d.lane.core))} at ${place(d.lane, d.i)}</span></div>`;
  }).join("");
  box.innerHTML = `<div>${facts(id)}</div><div>${waitLines(id, true)}${released}</div><div><table>${operands}</table></div>`;
}
const bare = name => escape(name.replace(/^pto\./, ""));
const stallRows = () => data.stalls.slice(0, 5).map(s =>
  `<tr><td class="n wait">${number(s.cycles)}</td><td>${escape(s.pipe)} ${bare(s.op)} <span class="mono soft">${escape(file(s.at))}</span></td>` +
  `<td>${s.after ? `after ${bare(s.after)} <span class="mono soft">${escape(file(s.afterAt))}</span>` : escape(s.what)}</td></tr>`).join("") ||
  "<tr><td>no pipe waits</td></tr>";
const pathRows = () => data.parts.slice(0, 5).map(p =>
  `<tr><td class="n">${(p.cycles / end * 100).toFixed(1)} %</td><td>${escape(p.pipe)} ${bare(p.name)}</td><td class="mono soft">${escape(file(p.at))}</td></tr>`).join("");

// ---- Input -----------------------------------------------------------------------------------------------------------------
const tip = document.getElementById("tip");
function sliceAt(px, py) {
  if (px < GUTTER || py < TOP) return -1;
  const row = rows.find(r => r.y <= py - TOP + scroll && py - TOP + scroll < r.y + r.h);
  if (!row || row.lane === undefined) return -1;
  const lane = lanes[row.lane], t = timeAt(px), slack = 2 * (t1 - t0) / (width - GUTTER);
  const i = firstAfter(lane.end, t - slack);
  if (i >= lane.begin.length || lane.begin[i] > t + slack) return -1;
  // A tick of one cycle beside a long slice is what one aims at.
  for (let j = i; j < Math.min(i + 3, lane.begin.length) && lane.begin[j] <= t + slack; ++j)
    if (lane.kind[j] === SYNC && Math.abs(lane.begin[j] - t) <= slack) return lane.first + j;
  for (let j = i; j < lane.begin.length && lane.begin[j] <= t; ++j) if (lane.end[j] > t) return lane.first + j;
  return lane.first + i;
}
function hover(event) {
  mouse = { x: event.offsetX, y: event.offsetY };
  const id = sliceAt(mouse.x, mouse.y);
  if (id >= 0) {
    tip.innerHTML = facts(id) + waitLines(id, false);
    tip.style.display = "block";
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.min(event.clientX + 16, innerWidth - box.width - 8) + "px";
    tip.style.top = (event.clientY + 20 + box.height > innerHeight ? event.clientY - box.height - 12 : event.clientY + 18) + "px";
  } else tip.style.display = "none";
  hovered = id;
  redraw();
}
canvas.addEventListener("mousemove", event => {
  if (!drag) return hover(event);
  const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
  drag.moved ||= Math.abs(dx) + Math.abs(dy) > 3;
  if (drag.map) {
    const span = drag.t1 - drag.t0, t = (event.offsetX - GUTTER) / (width - GUTTER - 8) * end;
    t0 = t - span / 2;
    t1 = t + span / 2;
  } else {
    const shift = dx / (width - GUTTER) * (drag.t1 - drag.t0);
    t0 = drag.t0 - shift;
    t1 = drag.t1 - shift;
    scroll = drag.scroll - dy;
  }
  tip.style.display = "none";
  clamp();
  redraw();
});
canvas.addEventListener("mousedown", event => {
  drag = { x: event.clientX, y: event.clientY, t0, t1, scroll, map: event.offsetY < MAP, moved: false };
});
addEventListener("mouseup", event => {
  const was = drag;
  drag = null;
  if (!was || was.moved || event.target !== canvas) return;
  const row = rows.find(r => r.core !== undefined && r.y <= event.offsetY - TOP + scroll && event.offsetY - TOP + scroll < r.y + r.h);
  if (row && event.offsetY > TOP) {
    if (!folded.delete(row.core)) folded.add(row.core);
    layOut();
  } else {
    selected = sliceAt(event.offsetX, event.offsetY);
    describe(selected);
  }
  redraw();
});
canvas.addEventListener("dblclick", event => {
  const id = sliceAt(event.offsetX, event.offsetY);
  if (id < 0) return;
  const { lane, i } = slice(id), around = Math.max(lane.length[i], 4);
  t0 = lane.begin[i] - around;
  t1 = lane.end[i] + around;
  clamp();
  redraw();
});
canvas.addEventListener("mouseleave", () => { mouse = null; hovered = -1; tip.style.display = "none"; redraw(); });
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  const amount = event.deltaMode === 1 ? 16 : 1;
  if (event.offsetX < GUTTER || event.shiftKey) scroll += (event.deltaY || event.deltaX) * amount;
  else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    const shift = event.deltaX * amount / (width - GUTTER) * (t1 - t0);
    t0 += shift;
    t1 += shift;
  } else return zoom(Math.exp(event.deltaY * amount * .0016), timeAt(event.offsetX));
  clamp();
  redraw();
}, { passive: false });
function fit() {
  t0 = 0;
  t1 = end;
  clamp();
  redraw();
}
addEventListener("keydown", event => {
  if (event.target.tagName === "INPUT" && event.key !== "Escape") return;
  const middle = mouse && mouse.x > GUTTER ? timeAt(mouse.x) : (t0 + t1) / 2, step = (t1 - t0) * .15;
  const keys = { w: () => zoom(.75, middle), s: () => zoom(1 / .75, middle), a: () => { t0 -= step; t1 -= step; }, d: () => { t0 += step; t1 += step; },
    ArrowLeft: () => { t0 -= step; t1 -= step; }, ArrowRight: () => { t0 += step; t1 += step; }, ArrowUp: () => scroll -= 60, ArrowDown: () => scroll += 60,
    f: fit, "/": () => document.getElementById("search").focus(), Escape: () => { selected = -1; describe(-1); document.getElementById("search").blur(); } };
  if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  keys[event.key]();
  clamp();
  redraw();
});
document.getElementById("detail").addEventListener("click", event => {
  const go = event.target.closest("[data-go]");
  if (go) show(Number(go.dataset.go));
});
document.getElementById("fit").addEventListener("click", fit);
document.getElementById("path").addEventListener("change", redraw);
document.getElementById("arrows").addEventListener("change", redraw);
document.getElementById("search").addEventListener("input", event => {
  const words = event.target.value.trim().toLowerCase();
  found = null;
  if (words) {
    const hit = texts.map(text => text.toLowerCase().includes(words));
    found = new Set();
    for (const lane of lanes) lane.name.forEach((name, i) => (hit[name] || hit[lane.location[i]]) && found.add(lane.first + i));
  }
  redraw();
});
addEventListener("resize", () => { layOut(); redraw(); });

// ---- Start -----------------------------------------------------------------------------------------------------------------
document.title = `${data.title}: timeline`;
document.getElementById("title").textContent = data.title;
document.getElementById("facts").innerHTML = `<b>${number(end)}</b> cycles, <b>${micro(end)}</b> at ${data.clock} GHz (estimate) · ` +
  `${data.arch} · ${data.cores.length} core${data.cores.length === 1 ? "" : "s"} · ${number(total)} events, ${number(arrows.length)} flags`;
describe(-1);
// A link can carry a view: #from-to, and a slice to describe: #from-to,slice
const view = location.hash.match(/^#(\d+)-(\d+)(?:,(\d+))?$/);
if (view) {
  t0 = Number(view[1]);
  t1 = Number(view[2]);
  if (view[3] !== undefined) { selected = Number(view[3]); describe(selected); }
}
draw();
