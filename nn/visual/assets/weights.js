(() => {
  const $ = byId;
  const { layers, start } = JSON.parse($("data").textContent);
  const buttons = Array.from(document.querySelectorAll(".head")), canvas = $("matrix"), half = 8;
  const now = { layer: 0, neuron: start, cell: null };
  let colours = {}, cell = [10, 10];

  function decode(layer) {
    return (layer.table ||= unpacked(layer.weights, layer.bytes));
  }

  const layer = () => layers[now.layer];
  const shape = () => layer().shape || [1, layer().inputs];
  const weight = (k) => decode(layer())[now.neuron * layer().inputs + k];
  const signed = (w) => (Number.isFinite(w) ? (w < 0 ? "−" : "+") + Number(Math.abs(w).toPrecision(layer().bytes === 8 ? 12 : 7)) : "no number");
  const place = (k) => (layer().shape ? `row ${Math.floor(k / shape()[1])}, column ${k % shape()[1]}` : `from ${now.layer ? layers[now.layer - 1].neurons[k] || `neuron ${k}` : `input ${k}`}`);

  function theme() {
    colours = themed(["text", "muted", "line", "trouble", "hue", "card"], "--d", 2 * half + 1);
  }

  function draw() {
    const room = Math.max(200, Math.min(canvas.parentElement.clientWidth, 640)), [rows, columns] = shape(), top = layer().scale || 1;
    const size = layer().shape ? Math.max(2, Math.floor(Math.min(room / columns, Math.max(300, innerHeight * 0.7) / rows))) : 0;
    cell = layer().shape ? [size, size] : [Math.max(2, Math.min(40, Math.floor(room / columns))), 260];
    const wide = columns * cell[0], high = rows * cell[1];
    const paper = sized(canvas, wide, high);
    paper.textAlign = "center";
    paper.textBaseline = "middle";
    for (let k = 0; k < layer().inputs; k++) {
      const w = weight(k), x = (k % columns) * cell[0], y = Math.floor(k / columns) * cell[1];
      const share = Math.max(-1, Math.min(1, w / top));
      paper.fillStyle = Number.isFinite(w) ? colours.shades[layer().shape ? Math.round(half * (1 + share)) : w < 0 ? 0 : 2 * half] : colours.trouble;
      if (layer().shape || !Number.isFinite(w)) paper.fillRect(x, y, cell[0], cell[1]);
      else paper.fillRect(x + 1, 130 - Math.max(0, share) * 112, Math.max(1, cell[0] - 2), Math.abs(share) * 112);
      if (cell[0] < 14 || (layer().shape && Math.abs(share) < 0.2)) continue;
      paper.font = `600 ${Math.min(16, cell[0] * 0.6)}px system-ui, sans-serif`;
      paper.fillStyle = layer().shape && Math.abs(share) > 0.45 ? colours.card : colours.text;
      if (w) paper.fillText(w > 0 ? "+" : "−", x + cell[0] / 2, layer().shape ? y + cell[1] / 2 : 130 - share * 112 - Math.sign(share) * 9);
    }
    if (!layer().shape) {
      paper.fillStyle = colours.muted;
      paper.fillRect(0, 129.5, wide, 1);
    }
    paper.strokeStyle = colours.line;
    paper.strokeRect(0.5, 0.5, wide - 1, high - 1);
    if (now.cell !== null) {
      paper.strokeStyle = colours.hue;
      paper.lineWidth = 2.5;
      paper.strokeRect((now.cell % columns) * cell[0] + 1, Math.floor(now.cell / columns) * cell[1] + 1, cell[0] - 2, cell[1] - 2);
    }
  }

  function tell() {
    $("weight").textContent = now.cell === null ? "Point at a weight, or move over them with the arrow keys, for its number." : `${place(now.cell)}: ${signed(weight(now.cell))}`;
  }

  function show() {
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(+button.dataset.layer === now.layer && +button.dataset.neuron === now.neuron)));
    $("which").textContent = `${layer().name}, ${layer().neurons[now.neuron]}`;
    $("said").textContent = layer().told[now.neuron];
    draw();
    tell();
  }

  function point(k) {
    now.cell = k === null ? null : Math.max(0, Math.min(layer().inputs - 1, k));
    draw();
    tell();
  }

  cards(buttons, (button) => {
    if (+button.dataset.layer !== now.layer) now.cell = null;
    now.layer = +button.dataset.layer;
    now.neuron = +button.dataset.neuron;
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect(), scale = box.width / parseFloat(canvas.style.width);
    const j = Math.floor((event.clientX - box.left) / scale / cell[0]), i = Math.floor((event.clientY - box.top) / scale / cell[1]);
    const k = i * shape()[1] + j;
    if (j >= 0 && i >= 0 && i < shape()[0] && j < shape()[1] && k !== now.cell) point(k);
  });
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: shape()[1], ArrowUp: -shape()[1] }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = now.cell === null ? 0 : now.cell + step;
    if (to >= 0 && to < layer().inputs) point(to);
  });
  begin(theme, draw, show);
})();
