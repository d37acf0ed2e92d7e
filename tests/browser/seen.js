// What a reader sees of a page's text. Run in the page by the fixture in conftest.py.
function texts() {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, style = getComputedStyle(element);
    if (!node.data.trim() || !shown(element) || element.closest("title, desc, style, script, option")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const svg = element.closest("svg");
    const colour = parts(svg ? style.fill : style.color);
    if (colour[3] === 0) continue;
    for (const line of range.getClientRects()) {
      const box = clipped(line, element);
      if (box.width < 1 || box.height < 1 || covered(box, element, svg)) continue;
      found.push({ text: node.data.trim(), ...box, size: parseFloat(style.fontSize), colour: colour.slice(0, 3) });
    }
  }
  for (const field of document.querySelectorAll("input")) {
    const text = field.value || field.placeholder, b = field.getBoundingClientRect();
    if (!text || !shown(field) || !["text", "search"].includes(field.type)) continue;
    const style = getComputedStyle(field, field.value ? null : "::placeholder");
    found.push({ text, x: b.x + 6, y: b.y + 6, width: b.width - 12, height: b.height - 12, size: parseFloat(style.fontSize), colour: parts(style.color).slice(0, 3) });
  }
  return found;
}

function parts(colour) { // any CSS colour as red, green, blue and alpha
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.fillStyle = colour === "none" ? "transparent" : colour;
  canvas.fillRect(0, 0, 1, 1);
  return Array.from(canvas.getImageData(0, 0, 1, 1).data);
}

function clipped(line, element) { // the part of a line that no scrolled or cut container hides
  let [x0, y0, x1, y1] = [line.left, line.top, line.right, line.bottom];
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (style.overflow === "visible" || at === document.body || at === document.documentElement) continue;
    const b = at.getBoundingClientRect();
    [x0, y0, x1, y1] = [Math.max(x0, b.left), Math.max(y0, b.top), Math.min(x1, b.right), Math.min(y1, b.bottom)];
  }
  [x0, y0, x1, y1] = [Math.max(x0, 0), Math.max(y0, 0), Math.min(x1, innerWidth), Math.min(y1, innerHeight)];
  return { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
}

function covered(box, element, svg) { // whether something opaque lies over the middle of it
  for (const top of document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2)) {
    if (top.contains(element) || element.contains(top) || (svg && svg.contains(top))) return false;
    if (parts(getComputedStyle(top).backgroundColor)[3] > 0) return true;
  }
  return false;
}

function blank(on) { // take the text away, and leave what lies behind it
  let sheet = document.getElementById("blanked");
  if (on && !sheet) {
    sheet = document.createElement("style");
    sheet.id = "blanked";
    sheet.textContent = "*,*::placeholder{color:transparent!important;caret-color:transparent!important;transition:none!important} text,tspan{fill:transparent!important}";
    document.head.append(sheet);
  }
  if (!on && sheet) sheet.remove();
}
