"use strict";
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
