// A layered layout, left to right, of one level: Sugiyama, Tagawa and Toda, Methods for Visual Understanding of
// Hierarchical System Structures, 1981. A frame inside has been laid out before and is one item here.
const SPACE = 18, LANE = 15, SWEEPS = 12;

// items: {w, up, down, side}: the width, how far it reaches above and below its anchor, and "first" or "last" for a
// port on the border. links: {from, to, fy, ty, gap, main}: where they meet their ends (from the anchor), how much
// room they want between columns, and whether they are to be drawn straight.
// Gives every item x (its middle) and y (its anchor), every link the points between its ends, and the whole's size.
function arrange(items, links) {
  const real = items.length, boxes = items.slice(), pieces = [];
  const rank = ranks(items, links);
  for (const link of links) { // a long link passes the columns between in lanes of its own
    link.lanes = [];
    let before = link.from, fy = link.fy;
    for (let column = rank[link.from] + 1; column < rank[link.to]; column++) {
      rank.push(column);
      boxes.push({ w: 0, up: LANE / 2, down: LANE / 2 });
      pieces.push({ from: before, to: boxes.length - 1, fy, ty: 0, gap: before === link.from ? link.gap : 0, main: link.main });
      link.lanes.push(boxes.length - 1);
      [before, fy] = [boxes.length - 1, 0];
    }
    if (rank[link.to] === rank[before] + 1) pieces.push({ from: before, to: link.to, fy, ty: link.ty, gap: before === link.from ? link.gap : 0, main: link.main });
  }
  const columns = order(rank, pieces, boxes);
  const y = heights(columns, pieces, boxes, real);
  const widths = columns.map((column) => Math.max(0, ...column.map((i) => boxes[i].w)));
  const gaps = columns.map(() => 34);
  const fan = columns.map(() => 0);
  for (const piece of pieces) {
    const k = rank[piece.from];
    gaps[k] = Math.max(gaps[k], piece.gap);
    fan[k] = Math.max(fan[k], Math.abs(y[piece.from] + piece.fy - y[piece.to] - piece.ty));
  }
  const left = [];
  let x = 0;
  columns.forEach((_, k) => {
    left.push(x);
    x += widths[k] + (k < columns.length - 1 ? Math.max(gaps[k], Math.min(110, 24 + fan[k] * 0.25)) : 0);
  });
  const ends = columns.map((_, k) => [left[k], left[k] + widths[k]]);
  for (const link of links) {
    link.points = link.lanes.flatMap((i) => [[ends[rank[i]][0], y[i]], [ends[rank[i]][1], y[i]]]);
    link.leave = ends[rank[link.from]][1]; // where the column ends that it leaves, and begins that it reaches
    link.reach = ends[rank[link.to]][0];
  }
  items.forEach((item, i) => { item.x = left[rank[i]] + widths[rank[i]] / 2; item.y = y[i]; });
  return { width: x, height: boxes.reduce((most, box, i) => Math.max(most, y[i] + box.down), 0) };
}

// The longest way from the left; what has no inputs stands just before what uses it.
function ranks(items, links) {
  const out = items.map(() => []), waiting = items.map(() => 0), rank = items.map(() => 0);
  for (const link of links) { out[link.from].push(link.to); waiting[link.to]++; }
  const source = waiting.map((n) => n === 0), queue = items.map((_, i) => i).filter((i) => source[i]);
  for (const i of queue) {
    for (const j of out[i]) {
      rank[j] = Math.max(rank[j], rank[i] + 1);
      if (--waiting[j] === 0) queue.push(j);
    }
  }
  items.forEach((item, i) => {
    if (source[i] && !item.side && out[i].length) rank[i] = Math.min(...out[i].map((j) => rank[j])) - 1;
  });
  const last = Math.max(0, ...items.map((item, i) => (item.side === "last" ? rank[i] : rank[i] + 1)));
  items.forEach((item, i) => { if (item.side === "last") rank[i] = last; });
  return rank;
}

// Who stands above whom: as a walk from the right meets them, then with fewer crossings.
function order(rank, links, boxes) {
  const tails = boxes.map(() => []), heads = boxes.map(() => []);
  for (const link of links) { tails[link.to].push(link); heads[link.from].push(link); }
  tails.forEach((list) => list.sort((a, b) => a.ty - b.ty));
  const columns = Array.from({ length: Math.max(-1, ...rank) + 1 }, () => []), seen = new Set();
  const starts = boxes.map((_, i) => i).sort((a, b) => heads[a].length - heads[b].length || b - a);
  for (const start of starts) {
    const stack = [start];
    while (stack.length) {
      const i = stack.pop();
      if (seen.has(i)) continue;
      seen.add(i);
      columns[rank[i]].push(i);
      for (const link of tails[i].slice().reverse()) stack.push(link.from);
    }
  }
  let best = columns.map((c) => c.slice()), fewest = crossings(columns, heads);
  for (let sweep = 0; sweep < SWEEPS && fewest; sweep++) {
    const right = sweep % 2 === 0;
    for (let n = 0; n < columns.length; n++) {
      const k = right ? n : columns.length - 1 - n, place = new Map();
      for (const other of [columns[k - 1], columns[k], columns[k + 1]]) (other || []).forEach((i, p) => place.set(i, p));
      const mean = new Map(columns[k].map((i) => {
        const beside = right ? tails[i].map((l) => place.get(l.from) + l.fy / 1e4) : heads[i].map((l) => place.get(l.to) + l.ty / 1e4);
        return [i, beside.length ? beside.reduce((a, b) => a + b, 0) / beside.length : place.get(i)];
      }));
      columns[k].sort((a, b) => mean.get(a) - mean.get(b));
    }
    const count = crossings(columns, heads);
    if (count < fewest) [best, fewest] = [columns.map((c) => c.slice()), count];
  }
  return best;
}

function crossings(columns, heads) {
  let total = 0;
  for (let k = 0; k + 1 < columns.length; k++) {
    const place = new Map(columns[k + 1].map((i, p) => [i, p])), met = [];
    for (const i of columns[k]) {
      const ends = heads[i].filter((l) => place.has(l.to)).map((l) => place.get(l.to) + (l.ty + 1e3) / 1e4).sort((a, b) => a - b);
      for (const end of ends) total += met.length - above(met, end);
      for (const end of ends) met.splice(above(met, end), 0, end);
    }
  }
  return total;
}

function above(sorted, x) { // how many are not above x
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Every anchor as near as its column allows to those it is linked with; the main way straight first.
function heights(columns, links, boxes, real) {
  const beside = boxes.map(() => []), y = boxes.map(() => 0), apart = [];
  for (const { from, to, fy, ty, main } of links) {
    const weight = (main ? 40 : 1) + 3 * (from >= real) + 3 * (to >= real);
    beside[to].push([from, fy - ty, weight]);
    beside[from].push([to, ty - fy, weight]);
  }
  for (const column of columns) {
    const gaps = column.length ? [0] : [];
    for (let p = 1; p < column.length; p++) {
      const [a, b] = [column[p - 1], column[p]];
      gaps.push(gaps[p - 1] + boxes[a].down + boxes[b].up + (a < real || b < real ? SPACE : 2));
    }
    apart.push(gaps);
    column.forEach((i, p) => { y[i] = gaps[p] - gaps[gaps.length - 1] / 2; });
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let n = 0; n < columns.length; n++) {
      const k = sweep % 2 ? n : columns.length - 1 - n, wanted = [], weights = [];
      for (const i of columns[k]) {
        const weight = beside[i].reduce((sum, [, , w]) => sum + w, 0);
        wanted.push(weight ? beside[i].reduce((sum, [j, shift, w]) => sum + (y[j] + shift) * w, 0) / weight : y[i]);
        weights.push(weight || 0.1);
      }
      spread(wanted, weights, apart[k]).forEach((place, p) => { y[columns[k][p]] = place; });
    }
  }
  const top = boxes.reduce((least, box, i) => Math.min(least, y[i] - box.up), Infinity);
  return y.map((value) => value - top);
}

// The places nearest to those wanted, in weighted squares, that keep order and distance (pooled violators).
function spread(wanted, weights, apart) {
  const pools = [];
  wanted.forEach((want, i) => {
    let [mean, weight, count] = [want - apart[i], weights[i], 1];
    while (pools.length && pools[pools.length - 1][0] > mean) {
      const [m, w, n] = pools.pop();
      [mean, weight, count] = [(mean * weight + m * w) / (weight + w), weight + w, count + n];
    }
    pools.push([mean, weight, count]);
  });
  return pools.flatMap(([mean, , count]) => Array(count).fill(mean)).map((base, i) => base + apart[i]);
}
