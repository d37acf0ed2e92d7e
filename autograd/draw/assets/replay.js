"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const svg = $("graph"), view = svg.parentElement, slider = $("slider");
  const last = Number(slider.max);
  const steps = all(".step"), edges = all(".edge[data-step]");
  const boxes = all(".box[data-step]").map((box) => {
    const text = box.querySelector(".grad");
    return { box, text, step: Number(box.dataset.step), sums: JSON.parse(box.dataset.sums), full: text.textContent, kind: text.getAttribute("class") };
  });
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let now = 0, timer = null;

  function gradients(k) {
    for (const { box, text, step, sums } of boxes) {
      const come = sums.filter((sum) => sum[0] <= k), sum = come[come.length - 1];
      box.classList.toggle("now", step === k);
      box.classList.toggle("fed", step !== k && sums.some((s) => s[0] === k));
      if (sum) text.textContent = "∂ " + sum[1];
      text.setAttribute("class", "grad " + (sum ? sum[2] + " on" + (come.length < sums.length ? " part" : "") : ""));
    }
    for (const edge of edges) {
      const step = Number(edge.dataset.step);
      edge.classList.toggle("on", step <= k);
      edge.classList.toggle("new", step === k);
    }
  }

  function show(k, spoken = true) {
    now = Math.max(0, Math.min(last, k));
    gradients(now);
    steps.forEach((step, i) => step.classList.toggle("now", i === now));
    steps[now].parentElement.scrollTop = 0;
    slider.value = now;
    slider.setAttribute("aria-valuetext", now ? `step ${now} of ${last}` : "forward");
    $("place").textContent = `${now} of ${last}`;
    $("first").disabled = $("back").disabled = now === 0;
    $("next").disabled = $("last").disabled = now === last;
    if (spoken) $("said").textContent = steps[now].dataset.said;
    if (now === last) stop();
    follow();
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    $("play").textContent = "▶ Play";
    $("play").setAttribute("aria-pressed", "false");
  }

  function play() {
    if (timer) return stop();
    if (now === last) show(0);
    timer = setInterval(() => show(now + 1), 2000);
    $("play").textContent = "⏸ Pause";
    $("play").setAttribute("aria-pressed", "true");
    show(now + 1);
  }

  // ---- the view: x, y, and how many units of the drawing make one pixel
  const whole = svg.viewBox.baseVal;
  const home = { x: whole.x, y: whole.y, w: whole.width, h: whole.height };
  const at = { x: 0, y: 0, unit: 1 };
  let fitted = true;
  const size = () => ({ w: view.clientWidth || 800, h: view.clientHeight || 500 });

  function look() {
    const { w, h } = size();
    svg.setAttribute("viewBox", `${at.x} ${at.y} ${w * at.unit} ${h * at.unit}`);
  }

  function fit() {
    const { w, h } = size();
    at.unit = Math.max(home.w / w, home.h / h, 1 / 1.5);
    at.x = home.x + (home.w - w * at.unit) / 2;
    at.y = home.y + (home.h - h * at.unit) / 2;
    fitted = true;
    look();
  }

  function zoom(factor, px, py) {
    const unit = Math.max(0.3, Math.min(Math.max(home.w / size().w, home.h / size().h, 1) * 1.3, at.unit * factor));
    at.x += px * (at.unit - unit);
    at.y += py * (at.unit - unit);
    at.unit = unit;
    fitted = false;
    look();
  }

  function follow() { // bring the box of this step, and those that it feeds, into view
    if (fitted) return;
    const wanted = boxes.filter(({ box, step }) => step === Math.max(now, 1) || box.classList.contains("fed"));
    const main = wanted.find(({ step }) => step === Math.max(now, 1));
    if (!main) return;
    const { w, h } = size(), b = main.box.getBBox();
    let [x0, y0, x1, y1] = [b.x, b.y, b.x + b.width, b.y + b.height];
    for (const { box } of wanted) {
      const o = box.getBBox();
      if (Math.max(x1, o.x + o.width) - Math.min(x0, o.x) > w * at.unit * 0.9) continue;
      if (Math.max(y1, o.y + o.height) - Math.min(y0, o.y) > h * at.unit * 0.9) continue;
      [x0, y0, x1, y1] = [Math.min(x0, o.x), Math.min(y0, o.y), Math.max(x1, o.x + o.width), Math.max(y1, o.y + o.height)];
    }
    const inside = x0 > at.x && y0 > at.y && x1 < at.x + w * at.unit && y1 < at.y + h * at.unit;
    if (!inside) glide((x0 + x1 - w * at.unit) / 2, (y0 + y1 - h * at.unit) / 2);
  }

  let moving = 0;
  function glide(x, y) {
    cancelAnimationFrame(moving);
    if (calm.matches) { at.x = x; at.y = y; return look(); }
    const from = { x: at.x, y: at.y }, start = performance.now();
    const frame = (time) => {
      const t = Math.max(0, Math.min(1, (time - start) / 350)), s = t * t * (3 - 2 * t);
      at.x = from.x + (x - from.x) * s;
      at.y = from.y + (y - from.y) * s;
      look();
      if (t < 1) moving = requestAnimationFrame(frame);
    };
    moving = requestAnimationFrame(frame);
  }

  // ---- what the reader does
  $("first").onclick = () => show(0);
  $("back").onclick = () => { stop(); show(now - 1); };
  $("next").onclick = () => { stop(); show(now + 1); };
  $("last").onclick = () => show(last);
  $("play").onclick = play;
  $("fit").onclick = fit;
  $("closer").onclick = () => zoom(1 / 1.3, size().w / 2, size().h / 2);
  $("farther").onclick = () => zoom(1.3, size().w / 2, size().h / 2);
  slider.oninput = () => { stop(); show(Number(slider.value)); };
  boxes.forEach(({ box, step }) => box.addEventListener("click", () => { if (!dragged) { stop(); show(step); } }));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === slider) return;
    const button = event.target.tagName === "BUTTON";
    const act = { ArrowRight: () => show(now + 1), ArrowLeft: () => show(now - 1), Home: () => show(0), End: () => show(last) }[event.key];
    if (act) stop(), act();
    else if (event.key === " " && !button) play();
    else return;
    event.preventDefault();
  });
  view.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = view.getBoundingClientRect();
    zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  let held = null, dragged = false;
  view.addEventListener("pointerdown", (event) => { held = { x: event.clientX, y: event.clientY }; dragged = false; });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    if (!dragged && Math.hypot(dx, dy) < 4) return;
    dragged = true;
    fitted = false;
    view.classList.add("held");
    at.x -= dx * at.unit;
    at.y -= dy * at.unit;
    held = { x: event.clientX, y: event.clientY };
    look();
  });
  addEventListener("pointerup", () => { held = null; view.classList.remove("held"); });
  addEventListener("resize", () => (fitted ? fit() : look()));
  addEventListener("beforeprint", () => {
    svg.setAttribute("viewBox", `${home.x} ${home.y} ${home.w} ${home.h}`);
    gradients(last);
  });
  addEventListener("afterprint", () => { gradients(now); look(); });

  document.documentElement.classList.add("js");
  all(".controls, .zoom").forEach((part) => { part.hidden = false; });
  fit();
  if (at.unit > 1.4) { // too large to read as a whole: start at the root, at its own size
    fitted = false;
    at.unit = 1;
    const b = boxes.find(({ step }) => step === 1).box.getBBox();
    at.x = Math.min(b.x + b.width + 60, home.x + home.w) - size().w;
    at.y = b.y + b.height / 2 - size().h / 2;
    look();
  }
  const asked = /^#(\d+)$/.exec(location.hash);
  show(asked ? Number(asked[1]) : 0, false);
})();
