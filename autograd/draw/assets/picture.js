// From levels to SVG: what each box says, how large it is, where the lines run.
const SVG = "http://www.w3.org/2000/svg";
const FONT = 'system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif';
const canvas = document.createElement("canvas").getContext("2d");
const STYLES = { title: "700 13px ", small: "400 11px ", value: "400 12px ", chip: "600 11px ", word: "700 11px ", name: "700 11px " };
const wide = (text, style) => { canvas.font = STYLES[style] + FONT; return canvas.measureText(text).width; };
function make(tag, attributes = {}, ...inside) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}
const valued = (of) => (of.inside ? of.last : of);

// What the picture shows of a box: {text, place} on the ramp, or {text, sign}, or {text, bad}; nothing if not known.
function told(of) {
  const node = valued(of);
  if (data.show === "grad") {
    const g = node.gradient;
    if (!g) return null;
    if (bad(g.rms)) return { text: `∂ ${figure(g.rms)}`, bad: true };
    const one = g.numbers && g.numbers.length === 1 && typeof g.numbers[0] === "number";
    if (one && g.rms) return { text: `∂ ${figure(g.numbers[0], 6, true)}`, sign: g.numbers[0] > 0 ? "plus" : "minus" };
    return { text: `∂ ${g.numbers ? list(g.numbers, node.shape) : figure(g.rms)}`, place: place(g.rms) };
  }
  const amount = amountOf(of);
  if (amount === null) return null;
  if (bad(amount)) return { text: figure(amount), bad: true };
  return { text: { value: figure, memory: bytes, time }[data.show](amount), place: place(amount) };
}
function amountOf(of) {
  if (data.show === "value") return valued(of).value ? valued(of).value.rms : null;
  const key = data.show === "memory" ? "memory" : "seconds";
  const ops = of.inside ? within(of) : [of];
  return ops.some((op) => key in op) ? ops.reduce((sum, op) => sum + (op[key] || 0), 0) : null;
}
function within(part) { // every op in a part
  return part.inside.flatMap((what) => (what.inside ? within(what) : [what]));
}
function copies(part) { // the parts of a run that are one copy each
  return part.inside.flatMap((what) => (what.kind === "run" ? copies(what) : [what]));
}
function extent(part) { // the least and the largest gradient of the copies
  if (part.kind !== "run" || data.show !== "grad") return "";
  const sizes = copies(part).map((copy) => (valued(copy).gradient || {}).rms).filter((x) => typeof x === "number" && !bad(x));
  if (!sizes.length) return "";
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)].map((x) => figure(x));
  return `each ${low === high ? low : `${low} to ${high}`}`;
}
function shortName(leaf, user) { // without the part that the module around says
  const name = leaf.name, dot = name.lastIndexOf(".");
  const module = user && user.chain.map((at) => parts[at].name).filter(Boolean).pop();
  return dot > 0 && module && name.slice(0, dot).endsWith(module) ? name.slice(dot + 1) : name;
}

// The lines of a box, and of the parameters below it; the sizes that follow.
function measure(item) {
  const of = item.of, node = valued(of), rows = [];
  const add = (text, style, more = {}) => { if (text) rows.push({ text, style, w: wide(text, style), h: { title: 17, chip: 19 }[style] || 14.5, ...more }); };
  if (item.caption) add(short(item.caption.label), "small", { muted: true });
  add(short(of.in || of.inside || !item.home ? title(of) : shortName(of, null) || title(of)), of.kind === "constant" ? "small" : "title");
  if (of.detail) add(short(of.detail, 30), "small");
  if (of.inside) {
    add(count(of), "title");
    add(`${(of.size + item.inner).toLocaleString("en")} nodes`, "small", { muted: true });
  }
  add(type(node), "small", { muted: true });
  if (!of.inside && of.value && of.value.numbers) add(short(`= ${list(of.value.numbers, node.shape)}`, 60), "value");
  const chip = of.kind === "constant" ? null : told(of);
  if (chip) add(short(chip.text, 60), "chip", { chip });
  if (of.inside) add(extent(of), "small");
  for (const word of new Set(of.troubles.map((t) => t.word).slice(0, 3))) add(word, "word");
  item.rows = rows;
  item.boxW = Math.max(58, ...rows.map((row) => row.w + (row.chip && "place" in row.chip ? 30 : 22))) + (of.inside ? 16 : 0);
  item.boxH = rows.reduce((sum, row) => sum + row.h, 12);
  item.w = item.boxW;
  item.up = item.down = item.boxH / 2;
  const beside = [...new Set(item.beside || [])];
  if (!beside.length) return;
  item.stack = beside.map((leaf) => ({ leaf, name: short(shortName(leaf, item)) || "leaf", type: type(leaf), chip: told(leaf), word: leaf.troubles[0] && leaf.troubles[0].word }));
  const cell = (row, text, style, extra = 0) => (text ? wide(text, style) + extra : 0);
  const columns = [(row) => cell(row, row.name, "name"), (row) => cell(row, row.type, "small"), (row) => cell(row, row.chip && row.chip.text, "chip", 12), (row) => cell(row, row.word, "word")];
  item.cells = columns.map((of_) => Math.max(0, ...item.stack.map(of_)));
  item.stackW = item.cells.reduce((sum, w) => sum + (w ? w + 9 : 0), 13);
  item.stackH = item.stack.length * 21 + 8;
  item.w = Math.max(item.w, item.stackW);
  item.down += 20 + item.stackH;
}

const PAD = { x: 14, top: 32, bottom: 14 };
// Lay out a level: the frames in it first.
function lay(level) {
  for (const item of level.items) {
    if (item.frame && !item.port) lay(item);
    else if (!item.port) measure(item);
  }
  const at = new Map(level.items.map((item, i) => [item, i]));
  const byTarget = new Map(), bySource = new Map();
  for (const link of level.links) {
    const { from, value } = link, key = `${at.get(from)},${value.id}`;
    bySource.set(key, (bySource.get(key) || new Set()).add(link.to));
    if (!link.entry && !link.to.port) byTarget.set(link.to, [...(byTarget.get(link.to) || []), link]);
  }
  const far = main(level);
  for (const link of level.links) {
    link.flow = link.value.kind === "constant" ? null : flow(link.value, link.places, link.border, link.way);
    link.fy = link.exit ? link.exit.y - link.from.anchor : 0;
    link.ty = link.entry ? link.entry.y - link.to.anchor : 0;
    link.label = data.show === "grad" && link.flow && link.flow[1] !== null && (link.value.in || link.from.port) && bySource.get(`${at.get(link.from)},${link.value.id}`).size > 1 ? percent(link.flow[1]) : "";
    link.gap = link.label ? wide(link.label, "small") + 34 : 36;
    link.main = far.has(link);
  }
  for (const [target, links] of byTarget) {
    const step = Math.min(15, (target.boxH - 14) / Math.max(links.length, 1));
    links.forEach((link, i) => { link.ty = (i - (links.length - 1) / 2) * step; });
  }
  const size = arrange(level.items, level.links.map((link) => Object.assign(link, { head: link.to, tail: link.from, from: at.get(link.from), to: at.get(link.to) })));
  for (const link of level.links) Object.assign(link, { from: link.tail, to: link.head });
  for (const [target, links] of byTarget) { // as they come in, from the top: so that none cross at the box
    const from = (link) => (link.points.length ? link.points[link.points.length - 1][1] : link.from.y + link.fy);
    const places = links.map((link) => link.ty).sort((a, b) => a - b);
    links.slice().sort((a, b) => from(a) - from(b)).forEach((link, i) => { link.ty = places[i]; });
  }
  if (!level.frame) return Object.assign(level, size);
  level.head = short(level.part.label);
  const w = Math.max(size.width + 2 * PAD.x, wide(level.head, "name") + 54);
  const shift = (w - size.width) / 2;
  for (const item of level.items) { item.x += shift; item.y += PAD.top; }
  for (const link of level.links) {
    link.points = link.points.map(([x, y]) => [x + shift, y + PAD.top]);
    link.leave += shift;
    link.reach += shift;
  }
  const h = size.height + PAD.top + PAD.bottom;
  const ends = level.items.filter((item) => item.port), straight = ends.filter((p) => [...level.links].some((l) => l.main && (l.from === p || l.to === p)));
  level.anchor = (straight[0] || ends[0] || { y: h / 2 }).y;
  return Object.assign(level, { w, up: level.anchor, down: h - level.anchor, high: h });
}

function main(level) { // the links of the longest way through the level
  const rank = depths(level), tails = new Map(), found = new Set();
  for (const link of level.links) tails.set(link.to, [...(tails.get(link.to) || []), link]);
  let at = level.items.reduce((best, item) => (best === null || rank.get(item) > rank.get(best) ? item : best), null);
  while (at && tails.has(at)) {
    const link = tails.get(at).reduce((a, b) => (rank.get(b.from) > rank.get(a.from) ? b : a));
    if (found.has(link)) break;
    found.add(link);
    at = link.from;
  }
  return found;
}

// ---- to SVG
function boxElement(item) {
  const { of, boxW: w, boxH: h } = item, trouble = of.troubles.length || (item.rows.some((row) => row.chip && row.chip.bad));
  const kind = of.inside ? (of.kind === "more" || of.kind === "stretch" ? "more" : "module") : of.in ? "op" : of.kind;
  const group = make("g", { class: `box ${kind}${trouble ? " trouble" : ""}${of === root ? " root" : ""}${of.reached === false ? " lost" : ""}`, "data-key": item.key });
  if (of.inside && of.count > 1) group.append(make("rect", { class: "behind", x: -w / 2 + 4, y: -h / 2 + 4, width: w, height: h, rx: 9 }));
  group.append(make("rect", { class: "body", x: -w / 2, y: -h / 2, width: w, height: h, rx: 9 }));
  let y = -h / 2 + 6;
  for (const row of item.rows) {
    const centre = of.inside && row === item.rows[0] ? -8 : 0;
    group.append(...textRow(row, centre, y));
    y += row.h;
  }
  if (of.inside) group.append(make("g", { class: "knob", "data-open": of.id }, make("circle", { cx: w / 2 - 14, cy: -h / 2 + 14, r: 8 }), make("path", { d: `M${w / 2 - 18} ${-h / 2 + 14}h8m-4 -4v8` })));
  return group;
}
function textRow(row, x, y) {
  const style = `t-${row.style}${row.muted ? " muted" : ""}`;
  if (!row.chip) return [make("text", { class: style, x, y: y + row.h - 3.5 }, row.text)];
  return chipped(row.chip, row.text, row.w, x, y, row.h);
}
function chipped(chip, text, w, x, y, h) {
  if (!("place" in chip)) return [make("text", { class: `t-chip ${chip.bad ? "bad" : chip.sign}`, x, y: y + h - 5 }, text)];
  return [make("rect", { class: `field r${chip.place}`, x: x - w / 2 - 5, y: y + 1.5, width: w + 10, height: h - 3, rx: 5 }), make("text", { class: `t-chip on r${chip.place}`, x, y: y + h - 5.5 }, text)];
}
function stackElement(item) {
  const { stackW: w, stackH: h } = item, top = item.boxH / 2 + 20;
  const trouble = item.stack.some((row) => row.word || (row.chip && row.chip.bad));
  const group = make("g", { class: `stack${trouble ? " trouble" : ""}` });
  const best = item.stack.map((row) => row.chip).filter((chip) => chip && "place" in chip).sort((a, b) => b.place - a.place)[0];
  const width = best && data.show === "grad" ? 0.6 + (5.4 * best.place) / 16 : 1;
  group.append(make("path", { class: best && data.show === "grad" ? `wire r${best.place}` : "wire plain", "stroke-width": width, d: `M0 ${top}V${item.boxH / 2 + 4 + width}` }), arrow(0, item.boxH / 2 + 1, width, best && data.show === "grad" ? `r${best.place}` : "plain", true));
  group.append(make("rect", { class: "body", x: -w / 2, y: top, width: w, height: h, rx: 9 }));
  item.stack.forEach((row, i) => {
    const y = top + 4 + 21 * i, line = make("g", { class: "box line", "data-key": `l${row.leaf.id}@${item.key}` });
    line.append(make("rect", { class: "hit", x: -w / 2 + 3, y, width: w - 6, height: 21, rx: 6 }));
    let x = -w / 2 + 11;
    const cells = [[row.name, "t-name"], [row.type, "t-small muted"], null, [row.word, "t-word"]];
    cells.forEach((cell, k) => {
      const room = item.cells[k];
      if (!room) return;
      if (k === 2 && row.chip) line.append(...chipped(row.chip, row.chip.text, wide(row.chip.text, "chip"), x + room / 2, y + 1, 19));
      else if (cell && cell[0]) line.append(make("text", { class: `${cell[1]} start`, x, y: y + 15 }, cell[0]));
      x += room + 9;
    });
    group.append(line);
  });
  return group;
}
function arrow(x, y, width, colour, up = false) {
  const long = 5 + width * 0.9, half = 2.6 + width * 0.62;
  return make("path", { class: `tip ${colour}`, d: up ? `M${x} ${y}l${-half} ${long}h${2 * half}z` : `M${x} ${y}l${-long} ${-half}v${2 * half}z` });
}
function linkElement(link, dx, dy) {
  const { from, to, fy, ty } = link;
  const half = (end) => (end.frame && !end.port ? end.w / 2 : end.port ? 0 : end.boxW / 2);
  let [x0, y0] = [from.x + half(from), from.y + fy], [x1, y1] = [to.x - half(to), to.y + ty];
  if (from.port) x0 = 0;
  if (to.port) x1 = to.frame.w;
  let colour = "plain", width = 0.9, dash = "";
  if (link.flow && data.show === "grad") {
    const rms = link.flow[0];
    if (bad(rms)) [colour, width, dash] = ["bad", 2.4, "7 4"];
    else if (rms === 0) dash = "1.5 4";
    else [colour, width] = [`r${place(rms)}`, 0.6 + (5.4 * place(rms)) / 16];
  }
  const end = to.port || link.entry ? x1 : x1 - 4 - width * 0.8;
  const points = [[Math.max(x0, link.leave), y0], ...link.points, [Math.min(end, link.reach), y1]];
  let d = `M${x0} ${y0}L${points[0][0]} ${points[0][1]}`;
  for (let i = 0; i + 1 < points.length; i++) {
    const [[a, b], [c, e]] = [points[i], points[i + 1]];
    d += i % 2 || b === e ? `L${c} ${e}` : `C${(a + c) / 2} ${b} ${(a + c) / 2} ${e} ${c} ${e}`;
  }
  d += `L${end} ${y1}`;
  const group = make("g", { class: "edge", transform: `translate(${dx},${dy})` });
  const name = (what) => (what.port ? title(what.value) : what.frame ? what.head : title(what.of));
  const said = [`${short(name(from))} → ${short(name(to))}`, link.flow ? `gradient RMS ${figure(link.flow[0])}${link.flow[1] === null ? "" : `, ${percent(link.flow[1])} of what reaches ${short(title(link.value))}`}` : ""];
  group.append(make("title", {}, said.filter(Boolean).join("\n")), make("path", { class: "reach", d }));
  const pale = colour[0] === "r" && Number(colour.slice(1)) < 7; // hardly to be seen by itself
  if (pale) group.append(make("path", { class: "under", "stroke-width": (width + 0.8).toFixed(2), d }));
  group.append(make("path", { class: `wire ${colour}`, "stroke-width": width.toFixed(2), ...(dash ? { "stroke-dasharray": dash } : {}), d }));
  if (!to.port && !link.entry) group.append(arrow(x1 - 0.5, y1, width, pale ? `${colour} pale` : colour));
  if (link.label) {
    const [ex, ey] = points[1], y = ey - points[0][1] > 3 ? ey + 11 + width / 2 : ey - 4 - width / 2; // on the side where the line is not
    group.append(make("text", { class: "t-small share", x: ex - (points.length === 2 ? 8 : 2), y }, link.label));
  }
  return group;
}
