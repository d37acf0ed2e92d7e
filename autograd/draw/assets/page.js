// What the reader does: open and fold, move and zoom, search, walk along the edges, read the card.
const $ = (id) => document.getElementById(id);
const view = document.querySelector(".view"), calm = matchMedia("(prefers-reduced-motion: reduce)");
const svg = make("svg", { id: "graph", role: "group", "aria-label": data.caption });
const layers = { frames: make("g"), edges: make("g"), boxes: make("g") };
svg.append(...Object.values(layers));
view.append(svg);
const drawn = new Map(); // by key: {element, item, x, y}: boxes, frames' titles and the lines of a stack
let whole = { w: 1, h: 1 }, chosen = null, hits = [], hit = -1, trouble = -1;

function spoken(item) {
  const of = item.frame ? item.part : item.of, chip = item.frame ? null : told(of);
  const words = [item.frame ? "module" : of.inside ? "folded" : of.in ? "op" : of.kind, title(of), of.inside ? "" : type(of)];
  if (chip) words.push(chip.text.replace("∂", "gradient"));
  return [...words, ...of.troubles.slice(0, 3).map((t) => t.word)].filter(Boolean).join(", ");
}

// ---- draw what is open
function draw(origin = null) {
  const made = levels(), old = new Map(drawn);
  lay(made.top);
  drawn.clear();
  layers.frames.replaceChildren();
  layers.edges.replaceChildren();
  const kept = [];
  const put = (item, x, y, element) => {
    const known = old.get(item.key), from = known || origin || { x, y };
    Object.assign(element.style, { transform: `translate(${from.x}px,${from.y}px)` });
    if (!known && origin) element.classList.add("fresh");
    drawn.set(item.key, { element, item, x, y, focus: element });
    kept.push([element, x, y]);
    layers.boxes.append(element);
  };
  const level = (at, dx, dy, depth) => {
    for (const item of at.items) {
      if (item.port) continue;
      const x = dx + item.x, y = dy + item.y;
      if (item.frame) {
        const left = x - item.w / 2, upper = y - item.anchor;
        layers.frames.append(make("rect", { class: `frame d${depth % 2}`, x: left, y: upper, width: item.w, height: item.high, rx: 11 }));
        const head = make("g", { class: "head", "data-key": item.key }, make("rect", { class: "hit", x: 4, y: 4, width: wide(item.head, "name") + 36, height: 22, rx: 6 }), make("g", { class: "knob", "data-open": item.frame }, make("circle", { cx: 16, cy: 15, r: 7.5 }), make("path", { d: "M12.5 15h7" })), make("text", { class: "t-name start", x: 29, y: 19 }, item.head));
        put(item, left, upper, head);
        level(item, left, upper, depth + 1);
      } else {
        const element = boxElement(item);
        if (item.stack) element.append(stackElement(item));
        put(item, x, y, element);
        for (const line of element.querySelectorAll(".line")) {
          const row = item.stack.find((r) => `l${r.leaf.id}@${item.key}` === line.dataset.key);
          const inner = { of: row.leaf, key: line.dataset.key, user: item };
          drawn.set(inner.key, { element: line, item: inner, x, y: y + item.boxH / 2 + 20 + item.stackH / 2, focus: line });
        }
      }
    }
    for (const link of at.links) {
      const element = linkElement(link, dx, dy);
      element.ends = [made.shown.has(link.value) ? made.shown.get(link.value).key : link.from.key, ...new Set(link.places.length ? link.places.map(([op]) => made.shown.get(op).key) : [link.to.key])];
      layers.edges.append(element);
    }
  };
  level(made.top, 0, 0, 1);
  for (const [key, { element }] of old) if (!drawn.has(key) || drawn.get(key).element !== element) element.remove();
  lost(made.top);
  if (origin && !calm.matches) layers.edges.classList.remove("ready"), void svg.getBoundingClientRect(), layers.edges.classList.add("ready");
  else void svg.getBoundingClientRect();
  for (const [element, x, y] of kept) {
    element.style.transform = `translate(${x}px,${y}px)`;
    element.classList.remove("fresh");
  }
  for (const { element, item } of drawn.values()) {
    const folded = item.of && item.of.inside;
    Object.entries({ role: "button", tabindex: "-1", "aria-label": spoken(item), ...(folded || item.frame ? { "aria-expanded": String(!folded) } : {}) }).forEach(([k, v]) => element.setAttribute(k, v));
  }
  mark();
  choose(chosen && drawn.has(chosen) ? chosen : null, false);
}

function lost(top) { // parameters that the root does not reach, in rows below
  const missing = nodes.filter((node) => node.reached === false), some = missing.slice(0, 40);
  whole = { w: top.width, h: top.height };
  if (!some.length) return;
  const y0 = top.height + 34, room = Math.max(top.width, 700);
  let [x, y, high] = [14, y0 + PAD.top, 0], right = 0;
  for (const of of some) {
    const item = { of, ops: [], key: "l" + of.id };
    measure(item);
    if (x + item.w > room) [x, y, high] = [14, y + high + 12, 0];
    const element = boxElement(item);
    element.style.transform = `translate(${x + item.w / 2}px,${y + item.boxH / 2}px)`;
    layers.boxes.append(element);
    drawn.set(item.key, { element, item, x: x + item.w / 2, y: y + item.boxH / 2, focus: element });
    [x, high, right] = [x + item.w + 12, Math.max(high, item.boxH), Math.max(right, x + item.w)];
  }
  const words = "parameters that the root does not reach" + (missing.length > some.length ? ` (${missing.length - some.length} more)` : "");
  const w = Math.max(right + 14, wide(words, "name") + 34);
  layers.frames.append(make("rect", { class: "frame none", x: 0, y: y0, width: w, height: y + high + 14 - y0, rx: 11 }), make("text", { class: "t-name start", x: 14, y: y0 + 20 }, words));
  whole = { w: Math.max(top.width, w), h: y + high + 14 };
}

// ---- open and fold
const ROOM = 40; // boxes: what is inside opens too while so many are enough
function open(part) {
  let boxes = part.inside.length, ring = [part];
  opened.add(part.id);
  while (ring.length) {
    const next = ring.flatMap((p) => p.inside.filter((q) => q.inside)), more = next.reduce((n, q) => n + q.inside.length - 1, 0);
    if (!next.length || boxes + more > ROOM) break;
    next.forEach((q) => opened.add(q.id));
    [boxes, ring] = [boxes + more, next];
  }
}
function toggle(part) {
  const closed = !opened.has(part.id), key = closed ? "p" + part.id : "f" + part.id, before = drawn.get(key) || drawn.get(chosen);
  const screen = before && [before.x - at.x, before.y - at.y];
  if (closed) open(part);
  else opened.delete(part.id);
  const first = (what) => (what.inside && opened.has(what.id) && !drawn.has("f" + what.id) ? first(what.inside[0]) : (what.inside ? (opened.has(what.id) ? "f" : "p") : "n") + what.id);
  draw(before && { x: before.x, y: before.y });
  const key2 = first(part), after = drawn.get(key2) || drawn.get("n" + part.last.id);
  if (fitted && Math.max(whole.w / size().w, whole.h / size().h) < 1.5) fit();
  else if (after && screen) {
    fitted = false;
    [at.x, at.y] = [after.x - screen[0], after.y - screen[1]];
    look();
  }
  if (after) choose(after.item.key, true);
  $("said").textContent = `${title(part)} is ${closed ? "open" : "folded"}: ${drawn.size} boxes`;
}
function reveal(of) { // open what is around it and go there
  const op = of.in ? of : of.inside ? null : (of.users[0] || [null])[0];
  let at_ = of.inside ? of.outer : op ? op.part : 0, changed = false;
  for (; at_ > 0; at_ = parts[at_].outer) if (!opened.has(at_)) { opened.add(at_); changed = true; }
  if (changed) draw(drawn.get(chosen) || { x: 0, y: 0 });
  const found = [...drawn.values()].find(({ item }) => item.of === of || (item.part === of && of.inside)) || (op && drawn.get("n" + op.id)) || (of.last && drawn.get("n" + of.last.id));
  if (found) choose(found.item.key, true), centre(found);
}

// ---- the box that is chosen, and its card
function choose(key, focus) {
  chosen = key;
  for (const [k, { element }] of drawn) element.classList.toggle("chosen", k === key);
  for (const edge of layers.edges.children) edge.classList.toggle("lit", key !== null && edge.ends.includes(key));
  const entry = drawn.get(key) || drawn.get("n" + root.id) || drawn.values().next().value;
  for (const { element } of drawn.values()) element.setAttribute("tabindex", element === (entry && entry.element) ? "0" : "-1");
  if (key === null) return card(null);
  if (focus) drawn.get(key).element.focus({ preventScroll: true });
  card(drawn.get(key).item);
}
function tag(name, text = "", attributes = {}) {
  const element = Object.assign(document.createElement(name), { textContent: tidy(text) });
  for (const [k, v] of Object.entries(attributes)) element.setAttribute(k, v);
  return element;
}
const stats = (s) => [s.numbers ? ["numbers", s.numbers.map((x) => figure(x, 6)).join(", ")] : null, ["RMS", figure(s.rms, 4)], s.max !== undefined ? ["max", figure(s.max, 4)] : null, s.zeros ? ["zeros", percent(typeof s.zeros === "number" ? s.zeros : 0)] : null, s.nan ? ["NaN", s.nan.toLocaleString("en")] : null, s.infinite ? ["infinite", s.infinite.toLocaleString("en")] : null, s.sampled ? ["", "max and zeros of a sample"] : null].filter(Boolean);
function card(item) {
  const box = $("card");
  box.hidden = false;
  box.replaceChildren();
  if (!item) return box.append(tag("p", "Point at a box, or press Tab, to see what is known of it; a double click or Enter opens a folded one.", { class: "quiet" }));
  const of = item.frame ? item.part : item.of, node = valued(of);
  const table = (name, rows) => {
    const body = tag("table");
    for (const [k, v] of rows) { const row = tag("tr"); row.append(tag("th", k, { scope: "row" }), tag("td", v)); body.append(row); }
    box.append(tag("h3", name), body);
  };
  box.append(tag("h2", title(of) + (of.inside && count(of) ? ` · ${count(of)}` : "")));
  box.append(tag("p", [of.in && data.symbols[of.op] ? of.op : of.inside ? `${of.size.toLocaleString("en")} ops` : of.in ? "op" : of.kind, type(node), of.detail].filter(Boolean).join(" · "), { class: "quiet" }));
  for (const t of of.troubles.slice(0, 5)) box.append(tag("p", `${t.word}: ${t.said}`, { class: "trouble" }));
  const chain = of.in ? around(of).map((i) => parts[i]) : of.inside && of.outer > 0 ? around({ part: of.outer }).map((i) => parts[i]) : [];
  const bar = tag("p", "", { class: "within" });
  if (of.inside && of.id) chain.unshift(of);
  for (const part of chain.reverse()) {
    const button = tag("button", `${opened.has(part.id) ? "−" : "+"} ${short(title(part), 28)}`, { type: "button", "aria-label": `${opened.has(part.id) ? "fold" : "open"} ${title(part)}` });
    button.onclick = () => toggle(part);
    bar.append(button);
  }
  if (chain.length) box.append(bar);
  if (of.in && of.line) table("Line", [["", of.line]]);
  if (node.value) table(of.inside ? "Value that leaves it" : "Value", stats(node.value));
  else if (of.in) box.append(tag("h3", "Value"), tag("p", "not kept: no rule needs it", { class: "quiet" }));
  if (node.gradient) table("Gradient", stats(node.gradient));
  if (extent(of)) table("Copies", [["gradient RMS", extent(of)]]);
  const ways = node.users.filter(([user, k]) => user.flows && user.flows[k]);
  if (ways.length > 1) bars("It comes from", ways.map(([user, k]) => [user, user.flows[k]]), box);
  if (of.in) bars("It goes on to", of.in.map((id, k) => [id === null ? null : nodes[id], (of.flows || [])[k]]).filter(([n, f]) => n && f), box);
  const rest = [of.memory || data.show === "memory" ? ["memory", bytes(of.inside ? amountOf(of) || 0 : of.memory || 0)] : null, of.seconds !== undefined ? ["time", time(of.seconds)] : null].filter(Boolean);
  if (rest.length) table("Cost of backward", rest);
  if (of.in && !of.line) box.append(tag("p", "The line of the program is noted inside recording(lines=True).", { class: "quiet" }));
}
function bars(name, rows, box) { // the share of each way, as a bar and in per cent
  const holder = tag("ul", "", { class: "ways" });
  for (const [node, [rms, share]] of rows.slice(0, 12)) {
    const line = tag("li"), button = tag("button", short(title(node), 24), { type: "button" });
    button.onclick = () => reveal(node);
    const bar = tag("span", "", { class: "meter" }), part = tag("i", "", { style: `width:${Math.min(100, Math.abs(share === null ? 0 : share) * 100)}%` });
    bar.append(part);
    line.append(button, bar, tag("span", share === null || name === "It goes on to" ? `RMS ${figure(rms)}` : percent(share), { class: "share" }));
    if (name === "It goes on to") bar.remove();
    holder.append(line);
  }
  box.append(tag("h3", name), holder);
  if (rows.length > 12) box.append(tag("p", `and ${rows.length - 12} more`, { class: "quiet" }));
}

// ---- search
function search() {
  const query = $("query").value.trim().toLowerCase();
  hits = query ? [...nodes, ...parts.slice(1)].filter((of) => (of.inside ? (of.kind === "module" ? of.label : "") : of.op || of.name).toLowerCase().includes(query)) : [];
  hits.sort((a, b) => (a.inside ? a.last.id - 0.5 : a.id) - (b.inside ? b.last.id - 0.5 : b.id));
  hit = -1;
  $("found").textContent = query ? (hits.length ? `${hits.length.toLocaleString("en")} found` : "nothing found") : "";
  mark();
}
function mark() {
  const all = new Set(hits);
  for (const { element, item } of drawn.values()) element.classList.toggle("match", all.has(item.frame ? item.part : item.of));
}
function next(step) {
  if (!hits.length) return;
  hit = (hit + step + hits.length) % hits.length;
  reveal(hits[hit]);
  $("query").focus();
  $("found").textContent = `${(hit + 1).toLocaleString("en")} of ${hits.length.toLocaleString("en")}`;
}
function jump(step) {
  if (!data.troubles.length) return;
  trouble = (trouble + step + data.troubles.length) % data.troubles.length;
  reveal(nodes[data.troubles[trouble].node]);
}

// ---- walk along the edges
function walk(key) {
  const here = drawn.get(chosen), inner = here.item.user;
  const links = [...layers.edges.children].map((edge) => edge.ends);
  let goals = key === "ArrowRight" ? links.filter(([a]) => a === chosen).flatMap(([, ...b]) => b) : key === "ArrowLeft" ? links.filter(([, ...b]) => b.includes(chosen)).map(([a]) => a) : [];
  if (inner && (key === "ArrowRight" || key === "ArrowUp")) goals = [inner.key];
  if (here.item.stack && key === "ArrowDown") goals = [`l${here.item.stack[0].leaf.id}@${here.item.key}`];
  goals = goals.map((k) => drawn.get(k)).filter(Boolean);
  if (!goals.length) { // no edge that way: the nearest box that lies there
    const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    goals = [...drawn.values()].filter((d) => d !== here && (d.x - here.x) * dx + (d.y - here.y) * dy > 4);
  }
  const far = (d) => Math.hypot(d.x - here.x, (d.y - here.y) * (key === "ArrowLeft" || key === "ArrowRight" ? 2 : 1), (key === "ArrowUp" || key === "ArrowDown" ? d.x - here.x : 0) * 2);
  const goal = goals.sort((a, b) => far(a) - far(b))[0];
  if (goal) choose(goal.item.key, true), inside(goal);
}

// ---- the view: its corner, and how many units of the drawing make one pixel
const at = { x: 0, y: 0, unit: 1 };
let fitted = true;
const size = () => ({ w: view.clientWidth || 800, h: view.clientHeight || 500 });
function look() {
  const { w, h } = size();
  svg.setAttribute("viewBox", `${at.x} ${at.y} ${w * at.unit} ${h * at.unit}`);
}
function fit() {
  const { w, h } = size(), m = 24;
  at.unit = Math.max((whole.w + 2 * m) / w, (whole.h + 2 * m) / h, 1 / 1.6);
  [at.x, at.y] = [(whole.w - w * at.unit) / 2, (whole.h - h * at.unit) / 2];
  fitted = true;
  look();
}
function zoom(factor, px = size().w / 2, py = size().h / 2) {
  const most = Math.max(whole.w / size().w, whole.h / size().h, 1) * 1.3, unit = Math.max(0.25, Math.min(most, at.unit * factor));
  at.x += px * (at.unit - unit);
  at.y += py * (at.unit - unit);
  at.unit = unit;
  fitted = false;
  look();
}
function pan(dx, dy) {
  [at.x, at.y, fitted] = [at.x + dx * at.unit, at.y + dy * at.unit, false];
  look();
}
function centre({ x, y }) {
  at.unit = Math.min(at.unit, 1.15);
  [at.x, at.y, fitted] = [x - (size().w * at.unit) / 2, y - (size().h * at.unit) / 2, false];
  look();
}
function inside(d) {
  const { w, h } = size(), m = 60 * at.unit;
  if (d.x < at.x + m || d.x > at.x + w * at.unit - m || d.y < at.y + m || d.y > at.y + h * at.unit - m) centre(d);
}

// ---- events
const keyOf = (target) => { const box = target.closest && target.closest("[data-key]"); return box ? box.dataset.key : null; };
const fingers = new Map();
let dragged = false, pointed = null;
view.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = view.getBoundingClientRect();
  zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 300), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });
view.addEventListener("pointerdown", (event) => { if (!fingers.size) dragged = false; fingers.set(event.pointerId, event); });
addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  if (fingers.size === 1 && !dragged && Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) < 4) return;
  dragged = true;
  view.classList.add("held");
  if (fingers.size === 2) {
    const other = [...fingers.values()].find((f) => f.pointerId !== event.pointerId), box = view.getBoundingClientRect();
    const apart = (f) => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY);
    zoom(apart(before) / Math.max(apart(event), 1), (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top);
  } else pan(before.clientX - event.clientX, before.clientY - event.clientY);
  fingers.set(event.pointerId, event);
});
for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, (event) => { fingers.delete(event.pointerId); if (!fingers.size) view.classList.remove("held"); });
svg.addEventListener("click", (event) => {
  if (dragged) return;
  const knob = event.target.closest(".knob");
  if (knob) return toggle(parts[knob.dataset.open]);
  choose(keyOf(event.target), true);
});
svg.addEventListener("dblclick", (event) => { const key = keyOf(event.target); if (key) enter(key); });
svg.addEventListener("pointerover", (event) => {
  const key = keyOf(event.target);
  if (fingers.size || key === pointed) return;
  pointed = key;
  if (key) card(drawn.get(key).item);
  else choose(chosen, false);
});
svg.addEventListener("focusin", (event) => { const key = keyOf(event.target); if (key && key !== chosen) choose(key, false), inside(drawn.get(key)); });
function enter(key) {
  const { item } = drawn.get(key);
  if (item.frame) toggle(item.part);
  else if (item.of.inside) toggle(item.of);
}
function themed(step) {
  const page = document.documentElement, dark = page.dataset.theme ? page.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  if (step) page.dataset.theme = dark ? "light" : "dark";
  $("theme").textContent = (step ? !dark : dark) ? "light" : "dark";
  $("theme").setAttribute("aria-label", `Change to the ${$("theme").textContent} theme`);
}
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const typing = event.target === $("query"), button = event.target.closest("button, summary, pre"), key = event.key;
  if (typing) {
    if (key === "Enter") next(event.shiftKey ? -1 : 1);
    else if (key === "Escape") { $("query").value = ""; search(); view.focus(); } else return;
    return event.preventDefault();
  }
  const on = chosen && svg.contains(event.target), arrow_ = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] }[key];
  const act = {
    "+": () => zoom(1 / 1.3), "=": () => zoom(1 / 1.3), "-": () => zoom(1.3), _: () => zoom(1.3), 0: fit, t: () => themed(true), "?": () => $("keys").showModal(),
    "/": () => $("query").focus(), ".": () => jump(1), ",": () => jump(-1), Home: () => reveal(root), Escape: () => { choose(null, false); view.focus(); },
  }[key];
  if (arrow_ && !button) on && !event.shiftKey ? walk(key) : pan(...arrow_);
  else if (on && (key === "Enter" || key === " ")) enter(chosen);
  else if (on && key === "c") {
    const { item } = drawn.get(chosen), of = item.user ? item.user.of : item.of, home = item.frame ? item.frame : of.inside ? of.outer : of.part;
    if (home > 0) toggle(parts[home]);
  } else if (act) act();
  else return;
  event.preventDefault();
});
$("query").oninput = search;
$("search").onsubmit = (event) => event.preventDefault();
$("closer").onclick = () => zoom(1 / 1.3);
$("farther").onclick = () => zoom(1.3);
$("fit").onclick = fit;
$("help").onclick = () => $("keys").showModal();
$("theme").onclick = () => themed(true);
document.querySelectorAll(".troubles [data-node]").forEach((line, i) => {
  const button = Object.assign(tag("button", "", { type: "button" }), { onclick: () => { trouble = i; reveal(nodes[line.dataset.node]); } });
  button.append(...line.childNodes);
  line.append(button);
});
addEventListener("resize", () => (fitted ? fit() : look()));
document.documentElement.classList.add("js");
document.querySelectorAll(".bar, .zoom, .view").forEach((part) => { part.hidden = false; });
themed(false);
draw();
fit();
if (at.unit > 1.5) { // too large to read as a whole: start at the root, at its own size
  const d = drawn.get("n" + root.id) || drawn.values().next().value;
  [at.unit, fitted] = [1, false];
  at.x = Math.min(d.x + 120, whole.w + 24) - size().w;
  at.y = whole.h + 48 < size().h ? (whole.h - size().h) / 2 : d.y - size().h / 2;
  look();
}
