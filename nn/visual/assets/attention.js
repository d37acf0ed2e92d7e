(() => {
  const $ = byId;
  const { labels, layers } = JSON.parse($("data").textContent);
  const size = labels.length, top = 16;
  const buttons = Array.from(document.querySelectorAll(".head"));
  const tokens = Array.from(document.querySelectorAll("#tokens .token"));
  const canvas = $("matrix");
  const now = { layer: 0, head: 0, token: size - 1, pinned: size - 1, cell: null };

  // ---- weights
  function decode(layer, head) {
    if (head.table) return head.table;
    const held = unpacked(head.weights, layer.bytes), table = new Float64Array(size * size);
    let k = 0;
    for (let i = 0; i < size; i++) for (let j = 0; j < (layer.causal ? i + 1 : size); j++) table[i * size + j] = held[k++];
    return (head.table = table);
  }

  function mean(layer) {
    if (layer.mean.table) return layer.mean.table;
    const sum = new Float64Array(size * size);
    for (const head of layer.heads) decode(layer, head).forEach((w, k) => { sum[k] += w / layer.heads.length; });
    return (layer.mean.table = sum);
  }

  const layer = () => layers[now.layer];
  const head = () => layer().heads[now.head] || layer().mean;
  const table = () => (head() === layer().mean ? mean(layer()) : decode(layer(), head()));
  const possible = (i, j) => !layer().causal || j <= i;
  const level = (w) => Math.round(Math.sqrt(Math.max(0, Math.min(1, w))) * top);
  const number = (w) => (Number.isFinite(w) ? String(Number(w.toPrecision(layer().bytes === 8 || head() === layer().mean ? 10 : 7))) : "no number");
  const named = (i) => `${labels[i] || "∅"} (${i})`;

  // ---- the large pattern
  let colours = {}, cell = 8, left = 0, above = 0;
  function theme() {
    colours = themed(["text", "muted", "line", "trouble", "hue"], "--r", top + 1);
  }

  const cut = (text, most) => (Array.from(text).length > most ? Array.from(text).slice(0, most - 1).join("") + "…" : text);
  function draw() {
    const paper = canvas.getContext("2d");
    const room = Math.max(200, canvas.parentElement.clientWidth);
    const font = (px) => `${px}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace`;
    paper.font = font(12);
    const wanted = Math.min(room, Math.max(420, innerHeight * 0.72), 720), labelled = (wanted - 60) / size >= 8;
    const longest = labelled ? Math.max(...labels.map((text) => paper.measureText(cut(text, 14)).width)) + 10 : 0;
    left = above = labelled ? Math.ceil(longest) : 2;
    cell = Math.max(1, Math.min(24, (wanted - left - 2) / size));
    if (cell >= 2) cell = Math.floor(cell);
    const side = cell * size, wide = left + side + 2, high = above + side + 2;
    sized(canvas, wide, high);
    const weights = table();
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) {
      if (!possible(i, j)) continue;
      const w = weights[i * size + j];
      paper.fillStyle = Number.isFinite(w) ? colours.shades[level(w)] : colours.trouble;
      paper.fillRect(left + j * cell, above + i * cell, cell, cell);
    }
    paper.strokeStyle = colours.line;
    paper.strokeRect(left - 0.5, above - 0.5, side + 1, side + 1);
    if (labelled) {
      paper.font = font(Math.max(8, Math.min(12, cell)));
      paper.textBaseline = "middle";
      for (let i = 0; i < size; i++) {
        paper.fillStyle = i === now.token ? colours.text : colours.muted;
        paper.textAlign = "right";
        paper.fillText(cut(labels[i], 14), left - 6, above + (i + 0.5) * cell);
        paper.save();
        paper.translate(left + (i + 0.5) * cell, above - 6);
        paper.rotate(-Math.PI / 2);
        paper.textAlign = "left";
        paper.fillText(cut(labels[i], 14), 0, 0);
        paper.restore();
      }
    }
    paper.strokeStyle = colours.text;
    paper.lineWidth = 1.5;
    const reach = layer().causal ? now.token + 1 : size, first = layer().causal ? now.token : 0;
    paper.strokeRect(left, above + now.token * cell, reach * cell, cell);
    paper.globalAlpha = 0.55;
    paper.strokeRect(left + now.token * cell, above + first * cell, cell, (size - first) * cell);
    paper.globalAlpha = 1;
    if (now.cell) {
      paper.strokeStyle = colours.hue;
      paper.lineWidth = 2.5;
      paper.strokeRect(left + now.cell[1] * cell - 1, above + now.cell[0] * cell - 1, cell + 2, cell + 2);
    }
  }

  function tell() {
    if (!now.cell) { $("weight").textContent = "Point at the pattern, or move over it with the arrow keys, for a weight."; return; }
    const [i, j] = now.cell;
    $("weight").textContent = possible(i, j)
      ? `${named(i)} gives ${named(j)} the weight ${number(table()[i * size + j])}`
      : `${named(i)} cannot see ${named(j)}: it comes later`;
  }

  // ---- the text
  const copies = tokens.map((token) => {
    const copy = token.cloneNode(true);
    copy.removeAttribute("tabindex");
    copy.tabIndex = -1;
    $("back").append(copy);
    if (token.nextSibling && token.nextSibling.nodeName === "BR") $("back").append(document.createElement("br"));
    return copy;
  });

  function shade(list, weight) {
    list.forEach((token, j) => {
      const w = weight(j);
      const kind = w === null ? " never" : Number.isFinite(w) ? ` w${level(w)}` : " bad";
      token.className = `token${kind}${j === now.token ? " now" : ""}`;
      token.title = w === null ? `${named(j)}: cannot be seen from here` : `${named(j)}: ${number(w)}`;
    });
  }

  function list(place, weight) {
    const found = labels.map((_, j) => [j, weight(j)]).filter(([, w]) => w !== null && w > 0).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    place.replaceChildren(...found.slice(0, 6).map(([j, w]) => {
      const item = document.createElement("li"), value = document.createElement("small"), name = document.createElement("span");
      value.textContent = w.toPrecision(3);
      name.textContent = named(j);
      item.append(value, name);
      return item;
    }));
  }

  function words() {
    const i = now.token, weights = table();
    const row = (j) => (possible(i, j) ? weights[i * size + j] : null), column = (j) => (possible(j, i) ? weights[j * size + i] : null);
    $("from").textContent = `${named(i)} looks at`;
    $("onto").textContent = `${named(i)} is looked at by`;
    shade(tokens, row);
    shade(copies, column);
    list($("most"), row);
    list($("fans"), column);
    tokens.forEach((token, j) => { token.tabIndex = j === i ? 0 : -1; });
  }

  function show() {
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(+button.dataset.layer === now.layer && +button.dataset.head === now.head)));
    $("which").textContent = `${layer().name}, ${head() === layer().mean ? "mean over the heads" : `head ${now.head}`}`;
    $("said").textContent = `${head().kind}: ${head().said}`;
    draw();
    tell();
    words();
  }

  function select(i, pin) {
    now.token = Math.max(0, Math.min(size - 1, i));
    if (pin) now.pinned = now.token;
    draw();
    words();
  }

  // ---- what the reader does
  cards(buttons, (button) => {
    now.layer = +button.dataset.layer;
    now.head = +button.dataset.head;
    show();
  });
  for (const [place, all] of [[$("tokens"), tokens], [$("back"), copies]]) {
    const which = (event) => all.indexOf(event.target);
    place.addEventListener("pointerover", (event) => { if (which(event) >= 0) select(which(event), false); });
    place.addEventListener("pointerleave", () => select(now.pinned, false));
    place.addEventListener("click", (event) => { if (which(event) >= 0) select(which(event), true); });
  }
  $("tokens").addEventListener("focusin", (event) => { if (tokens.includes(event.target)) select(tokens.indexOf(event.target), true); });
  $("tokens").addEventListener("keydown", (event) => {
    const to = { ArrowRight: now.token + 1, ArrowLeft: now.token - 1, Home: 0, End: size - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    tokens[Math.max(0, Math.min(size - 1, to))].focus();
  });
  function point(i, j) {
    now.cell = [Math.max(0, Math.min(size - 1, i)), Math.max(0, Math.min(size - 1, j))];
    select(now.cell[0], false);
    tell();
  }
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect(), scale = box.width / parseFloat(canvas.style.width);
    const j = Math.floor(((event.clientX - box.left) / scale - left) / cell), i = Math.floor(((event.clientY - box.top) / scale - above) / cell);
    if (i >= 0 && j >= 0 && i < size && j < size && String(now.cell) !== `${i},${j}`) point(i, j);
  });
  canvas.addEventListener("click", () => { now.pinned = now.token; });
  canvas.addEventListener("pointerleave", () => { now.cell = null; tell(); select(now.pinned, false); });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [i, j] = now.cell || [now.token, now.token];
    point(i + (now.cell ? step[0] : 0), j + (now.cell ? step[1] : 0));
    now.pinned = now.token;
  });
  begin(theme, draw, show);
})();
