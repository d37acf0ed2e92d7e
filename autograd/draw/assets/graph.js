// What is visible of the graph, given which parts are open: boxes, frames around open modules, and edges.
const data = JSON.parse(document.getElementById("data").textContent);
const { nodes, parts } = data;
const LEAVES = 8; // columns: a leaf is drawn again where an edge would be longer
const opened = new Set();

nodes.forEach((node, i) => { node.id = i; node.users = []; node.troubles = []; });
parts.forEach((part, i) => {
  Object.assign(part, { id: i, inside: [], size: 0, last: null, troubles: [], borders: new Map() });
  for (const [way, list] of [["takes", part.takes], ["gives", part.gives]]) for (const [value, rms, share] of list || []) part.borders.set(way + value, [rms, share]);
  if (part.open) opened.add(i);
});
const around = (node) => { // the parts that hold a node, innermost first, the graph itself left out
  const chain = [];
  for (let at = node.part; at > 0; at = parts[at].outer) chain.push(at);
  return chain;
};
nodes.forEach((node) => {
  if (!node.in) return;
  let child = node;
  for (const at of [...around(node), 0]) {
    const part = parts[at];
    part.size++;
    part.last = node;
    if (child === node || child.size === 1) part.inside.push(child);
    child = part;
  }
  node.in.forEach((value, place) => { if (value !== null) nodes[value].users.push([node, place]); });
});
data.troubles.forEach((trouble) => {
  const node = nodes[trouble.node];
  node.troubles.push(trouble);
  if (node.in) around(node).forEach((at) => parts[at].troubles.push(trouble));
});
const root = nodes.filter((node) => node.reached !== false).pop();

// ---- numbers in words, as everywhere in the pictures
const tidy = (text) => text.replace(/[\u0000-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0))).replace(/[\u007f-\u009f]/g, "\ufffd");
const short = (text, limit = 40) => tidy(text.length > limit ? text.slice(0, limit - 1) + "…" : text);
const minus = (text) => text.replace(/-/g, "−");
const bad = (x) => typeof x === "string" && /^-?(NaN|Infinity)$/.test(x);
function figure(x, digits = 2, sign = false) {
  if (typeof x === "string") return x === "NaN" ? "⚠ NaN" : bad(x) ? "⚠ infinite" : minus(x);
  if (x === 0) return "0";
  const size = Math.abs(x), places = Number(x.toPrecision(digits));
  const text = size < 1e-4 || size >= 1e6 ? places.toExponential().replace(/e([+-])(\d)$/, "e$10$2") : String(places);
  return minus((sign && x > 0 ? "+" : "") + text);
}
const type = ({ shape, dtype }) => `${shape.join("×")} ${dtype.replace("float", "f").replace("complex", "c").replace("uint", "u").replace(/^int/, "i")}`.trim();
const list = (numbers, shape) => (shape.length ? `[${numbers.map((x) => figure(x, 4)).join(", ")}]` : figure(numbers[0], 6));
const percent = (share) => (Math.abs(share) < 5e-4 ? "0 %" : `${minus(String(Number((100 * share).toPrecision(3))))} %`);
const bytes = (n) => ["B", "KiB", "MiB", "GiB"].reduce((found, unit, i) => found || (n < 1024 ** (i + 1) || i === 3 ? `${Number((n / 1024 ** i).toPrecision(3))} ${unit}` : ""), "");
const time = (s) => (s >= 1 ? `${figure(s)} s` : s >= 1e-3 ? `${figure(s * 1e3)} ms` : `${figure(s * 1e6)} µs`);
const DECADES = { grad: 8, value: 8, memory: 4, time: 4 }[data.show];
const TOP = data.show === "grad" ? data.seed : data.top;
function place(size) { // on the ramp: 0 to 16
  if (bad(size)) return 16;
  if (!size) return 0;
  return Math.round(16 * Math.min(1, Math.max(0, 1 + (Math.log10(size) - Math.log10(TOP)) / DECADES)));
}
const count = (part) => (part.count > 1 ? (part.shared ? `×${part.count.toLocaleString("en")}` : `${part.count.toLocaleString("en")} blocks`) : "");
const title = (what) => {
  if (what.kind === "more") return `… ${what.size.toLocaleString("en")} more`;
  if (what.inside) return what.label || "graph";
  if (what.in) return [data.symbols[what.op] || what.op, ...(what.given || [])].join(" ");
  return what.name || "leaf";
};

// ---- which boxes there are
function visible() {
  const boxes = new Map(); // by node or closed part
  const box = (of) => {
    if (!boxes.has(of)) boxes.set(of, { of, ops: [], inner: 0, chain: [], key: (of.inside ? "p" : "n") + of.id });
    return boxes.get(of);
  };
  const shown = new Map();
  for (const node of nodes) {
    if (!node.in) continue;
    let of = node;
    const chain = around(node);
    for (const at of chain) if (!opened.has(at)) of = parts[at];
    const found = box(of);
    found.ops.push(node);
    found.chain = chain.filter((at) => opened.has(at) && parts[at] !== of).reverse();
    if (of.inside) found.chain = around({ part: of.outer }).reverse();
    shown.set(node, found);
  }
  const holds = new Map(); // by open module: the boxes in it
  for (const found of boxes.values()) for (const at of found.chain) if (parts[at].kind === "module") holds.set(at, [...(holds.get(at) || []), found]);
  for (const found of boxes.values()) { // a module around one op alone is a word on it
    const modules = found.chain.filter((at) => parts[at].kind === "module");
    found.frames = modules.filter((at) => holds.get(at).length > 1 || found.of.inside);
    const words = modules.filter((at) => !found.frames.includes(at));
    found.caption = words.length ? parts[words[words.length - 1]] : null;
  }
  const leaves = new Map();
  for (const node of nodes) {
    if (node.in || node.reached === false) continue;
    const homes = new Set(node.users.map(([user]) => shown.get(user)));
    const [first] = homes, closed = [...homes].every((home) => home.of.inside);
    const own = data.adopt !== "own" || node.kind === "parameter";
    const alone = homes.size === 1 && closed && own && (!node.troubles.length || data.adopt === "several");
    const several = homes.size && closed && data.adopt === "several";
    const gone = homes.size && [...homes].every((home) => home.of.kind === "more");
    if (alone || several || gone) first.inner++;
    else leaves.set(node, homes);
  }
  return { boxes: [...boxes.values()], shown, leaves };
}

// What flows back from some places to a value: [RMS, share]; all of it, one edge, or what a part's border was noted for.
function flow(value, places, border, way) {
  const total = value.users.length;
  if (places.length === 1) return (places[0][0].flows || [])[places[0][1]] || null;
  if (places.length === total) return value.gradient ? [value.gradient.rms, 1] : null;
  return (border && border.borders.get(way + value.id)) || null;
}

// The levels to lay out: each with items (boxes, frames, leaves, ports) and links.
function levels() {
  const { boxes, shown, leaves } = visible();
  const made = new Map();
  const level = (at) => {
    if (!made.has(at)) {
      const frame = { frame: at, part: parts[at], items: [], links: [], key: "f" + at, ports: new Map() };
      made.set(at, frame);
      if (at) {
        let outer = parts[at].outer;
        while (outer > 0 && parts[outer].kind !== "module") outer = parts[outer].outer;
        frame.outer = level(outer);
        frame.outer.items.push(frame);
      }
    }
    return made.get(at);
  };
  const top = level(0);
  for (const found of boxes) {
    found.home = level(found.frames.length ? found.frames[found.frames.length - 1] : 0);
    found.home.items.push(found);
  }
  const path = (home) => (home.outer ? [...path(home.outer), home] : [home]);
  const port = (frame, side, value) => {
    const key = side + value.id;
    if (!frame.ports.has(key)) {
      const made = { port: true, side: side === "in" ? "first" : "last", frame, value, w: 0, up: 7, down: 7 };
      frame.ports.set(key, made);
      frame.items.push(made);
    }
    return frame.ports.get(key);
  };
  const joined = new Map();
  const join = (home, from, to, value, places, exit, entry, border, way) => {
    const key = [home.key, from.key || 0, exit ? "o" : "", to.key || 0, entry ? "i" : "", value.id, to.of && !to.of.inside ? places[0] : ""].join();
    if (!joined.has(key) && !(from === to)) {
      const link = { from, to, exit, entry, value, places: [], border, way };
      joined.set(key, link);
      home.links.push(link);
    }
    if (joined.has(key)) joined.get(key).places.push(...places);
  };
  for (const target of boxes) {
    for (const op of target.ops) op.in.forEach((id, k) => {
      if (id === null || !nodes[id].in) return;
      const value = nodes[id], source = shown.get(value);
      if (source === target) return;
      const up = path(source.home), down = path(target.home);
      let common = 0;
      while (common < Math.min(up.length, down.length) && up[common] === down[common]) common++;
      let from = source, exit = null;
      for (let n = up.length - 1; n >= common; n--) { // out of the frames around the source
        const out = port(up[n], "out", value);
        join(up[n], from, out, value, [[op, k]], exit, null, up[n].part, "gives");
        [from, exit] = [up[n], out];
      }
      for (let n = common; n < down.length; n++) { // into those around the target
        const into = port(down[n], "in", value);
        join(down[n - 1], from, down[n], value, [[op, k]], exit, into, down[n].part, "takes");
        [from, exit] = [into, null];
      }
      join(target.home, from, target, value, [[op, k]], exit, null, target.of.inside ? target.of : null, "takes");
    });
  }
  const flowing = new Map(); // by leaf and level: who uses it there
  for (const [leaf, homes] of leaves) {
    for (const user of homes) {
      const others = user.ops.some((op) => op.in.some((id) => id !== null && nodes[id].kind !== "parameter") || (op.constants || []).length);
      if (leaf.kind === "parameter" && others) (user.beside = user.beside || []).push(leaf);
      else if (user.of.kind !== "more") {
        const key = `l${leaf.id}@${user.home.frame}`;
        if (!flowing.has(key)) flowing.set(key, { leaf, home: user.home, users: [], key });
        flowing.get(key).users.push(user);
      }
    }
    if (!homes.size) top.items.push({ of: leaf, ops: [], key: "l" + leaf.id, home: top });
  }
  for (const { leaf, home, users, key } of flowing.values()) {
    const rank = depths(home);
    users.sort((a, b) => rank.get(a) - rank.get(b));
    let item = null, first = 0, n = 0;
    for (const user of users) {
      if (!item || rank.get(user) - first > LEAVES) {
        item = { of: leaf, ops: [], key: n ? key + n : key, home };
        [first, n] = [rank.get(user), n + 1];
        home.items.push(item);
      }
      for (const op of user.ops) op.in.forEach((id, k) => { if (id === leaf.id) join(home, item, user, leaf, [[op, k]], null, null, user.of.inside ? user.of : null, "takes"); });
    }
  }
  if (data.constants && boxes.length < 150) for (const user of boxes) {
    if (user.of.inside) continue;
    (user.of.constants || []).forEach((constant, k) => {
      const item = { of: { ...constant, kind: "constant", id: `${user.of.id}.${k}`, name: "constant", troubles: [], users: [] }, ops: [], key: `c${user.of.id}.${k}`, home: user.home };
      user.home.items.push(item);
      user.home.links.push({ from: item, to: user, value: item.of, places: [] });
    });
  }
  return { top, boxes, all: [...made.values()], shown, leaves };
}

function depths(home) { // columns, without the leaves; of what runs in a circle, as a module does that is used twice, any
  const rank = new Map(home.items.map((item) => [item, 0])), waiting = new Map(rank), out = new Map();
  for (const { from, to } of home.links) {
    out.set(from, [...(out.get(from) || []), to]);
    waiting.set(to, waiting.get(to) + 1);
  }
  const queue = home.items.filter((item) => waiting.get(item) === 0);
  for (const item of queue) for (const to of out.get(item) || []) {
    rank.set(to, Math.max(rank.get(to), rank.get(item) + 1));
    waiting.set(to, waiting.get(to) - 1);
    if (waiting.get(to) === 0) queue.push(to);
  }
  return rank;
}
