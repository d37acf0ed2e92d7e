"use strict";
// What pages share on which one of many small pictures is large.

const byId = (id) => document.getElementById(id);

// the numbers that Python packed, `bytes` each
function unpacked(packed, bytes) {
  const text = atob(packed), raw = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) raw[i] = text.charCodeAt(i);
  const view = new DataView(raw.buffer);
  return Float64Array.from({ length: raw.length / bytes }, (_, k) => (bytes === 8 ? view.getFloat64(k * 8, true) : view.getFloat32(k * 4, true)));
}

// colours of the theme that holds, by name, and `steps` shades whose names begin with `prefix`
function themed(names, prefix, steps) {
  const style = getComputedStyle(document.documentElement), read = (name) => style.getPropertyValue(`--${name}`).trim();
  return { ...Object.fromEntries(names.map((name) => [name, read(name)])), shades: Array.from({ length: steps }, (_, i) => read(prefix + i)) };
}

// a canvas of so many CSS pixels, cleared
function sized(canvas, wide, high) {
  const paper = canvas.getContext("2d"), ratio = devicePixelRatio || 1;
  canvas.width = Math.ceil(wide * ratio);
  canvas.height = Math.ceil(high * ratio);
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${high}px`;
  paper.scale(ratio, ratio);
  paper.clearRect(0, 0, wide, high);
  return paper;
}

// small pictures: `choose` one by pointer or Enter, go from one to the next with arrows
function cards(buttons, choose) {
  buttons.forEach((button) => button.addEventListener("click", () => {
    choose(button);
    if (matchMedia("(max-width:900px)").matches) byId("which").scrollIntoView({ block: "start" });
  }));
  document.querySelector(".overview").addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined || !buttons[to]) return;
    buttons[to].focus();
    event.preventDefault();
  });
}

// show what scripts bring, and draw again where the theme or the window changes
function begin(theme, draw, show) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { theme(); draw(); });
  addEventListener("resize", draw);
  document.documentElement.classList.add("scripted");
  document.querySelectorAll(".js").forEach((part) => { part.hidden = false; });
  theme();
  show();
}
