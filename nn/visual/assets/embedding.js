"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const { labels, places, points, nearest } = JSON.parse($("data").textContent);
  const dots = Array.from(document.querySelectorAll(".point")), map = document.querySelector(".map");
  const NS = "http://www.w3.org/2000/svg";
  let pinned = null;

  function make(kind, attributes, text) {
    const made = document.createElementNS(NS, kind);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function show(i) {
    dots.forEach((dot) => dot.classList.remove("now", "close"));
    $("ties").replaceChildren();
    $("over").replaceChildren();
    if (i === null) return;
    const [x, y] = places[i];
    dots[i].classList.add("now");
    nearest[i].forEach(([j]) => {
      dots[j].classList.add("close");
      $("ties").append(make("line", { class: "tie", x1: x, y1: y, x2: places[j][0], y2: places[j][1] }));
    });
    for (const j of [i, ...nearest[i].map(([k]) => k)]) {
      if (dots[j].querySelector("text")) continue; // it has its name already
      const right = places[j][0] > map.viewBox.baseVal.width * 0.85;
      $("over").append(make("text", { class: "text over", x: places[j][0] + (right ? -8 : 8), y: places[j][1] - 6, "font-size": 12, "text-anchor": right ? "end" : "start" }, labels[j]));
    }
    $("which").textContent = labels[i];
    $("where").textContent = `row at (${points[i].join(", ").replace(/-/g, "−")}); the nearest by cosine:`;
    $("most").replaceChildren(...nearest[i].map(([j, cosine]) => {
      const item = document.createElement("li"), value = document.createElement("small"), name = document.createElement("span");
      value.textContent = cosine.toFixed(3).replace("-", "−");
      name.textContent = labels[j];
      item.append(value, name);
      return item;
    }));
  }

  function reach(i) {
    pinned = i;
    dots.forEach((dot, j) => dot.setAttribute("tabindex", j === i ? "0" : "-1"));
    dots[i].focus();
  }

  // the next dot in a direction: the closest inside a quarter of the plane
  function towards(i, dx, dy) {
    let best = null, least = Infinity;
    places.forEach(([x, y], j) => {
      const a = x - places[i][0], b = y - places[i][1], along = a * dx + b * dy, aside = Math.abs(a * dy - b * dx);
      if (j === i || along <= 0 || aside > along) return;
      const far = along + 2 * aside;
      if (far < least) { least = far; best = j; }
    });
    return best;
  }

  dots.forEach((dot, i) => {
    dot.addEventListener("pointerenter", () => show(i));
    dot.addEventListener("pointerleave", () => show(pinned));
    dot.addEventListener("click", () => reach(i));
    dot.addEventListener("focus", () => { pinned = i; show(i); });
  });
  map.addEventListener("keydown", (event) => {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    const i = dots.indexOf(document.activeElement);
    if (!way || i < 0) return;
    event.preventDefault();
    const to = towards(i, ...way);
    if (to !== null) reach(to);
  });
  dots[0].setAttribute("tabindex", "0");
})();
