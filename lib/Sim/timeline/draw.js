"use strict";
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
