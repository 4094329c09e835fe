"use strict";
// The mask lives in an array of bytes, never in a canvas: some browsers change what is read back from one.

const STROKES_KEPT = 100;
const DOUBTFUL = 0.2; // so near the threshold is worth a second look
const MASK_COLOUR = [255, 40, 60, 130];
const DOUBT_COLOUR = [255, 210, 0, 170];

/** The pixels of a mask from eight a byte, row by row, the first in the highest bit. */
function unpacked(bits, count) {
  const mask = new Uint8Array(count);
  for (let at = 0; at < count; at++) mask[at] = (bits[at >> 3] >> (7 - (at & 7))) & 1;
  return mask;
}

/** The inverse of `unpacked`. */
function packed(mask) {
  const bits = new Uint8Array((mask.length + 7) >> 3);
  for (let at = 0; at < mask.length; at++) bits[at >> 3] |= mask[at] << (7 - (at & 7));
  return bits;
}

/** A mask that is painted on, with undo and redo of whole strokes. */
class Painting {
  constructor(width, height, mask) {
    this.width = width;
    this.height = height;
    this.mask = mask;
    this.done = [];
    this.undone = [];
    this.before = null;
    this.savedAt = 0; // strokes that lay on `done` when it was saved; -1: a state that cannot come back
  }

  begin() {
    this.before = this.mask.slice();
    this.box = null;
  }

  /** Sets the pixels whose centres lie within half a diameter of the way between two points; returns their box. */
  stroke(x0, y0, x1, y1, diameter, value) {
    const radius = Math.max(diameter / 2, 0.5);
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - radius));
    const right = Math.min(this.width - 1, Math.ceil(Math.max(x0, x1) + radius));
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(y0, y1) + radius));
    if (left > right || top > bottom) return null;
    const along = [x1 - x0, y1 - y0];
    const square = along[0] ** 2 + along[1] ** 2;
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const from = [x + 0.5 - x0, y + 0.5 - y0];
        const share = square ? Math.min(1, Math.max(0, (from[0] * along[0] + from[1] * along[1]) / square)) : 0;
        const away = (from[0] - share * along[0]) ** 2 + (from[1] - share * along[1]) ** 2;
        if (away <= radius * radius) this.mask[y * this.width + x] = value;
      }
    }
    const box = { left, top, right, bottom };
    this.box = this.box ? united(this.box, box) : box;
    return box;
  }

  /** Ends a stroke, or any change since `begin`, and says whether it is one: what changed nothing is none. */
  end() {
    const before = this.before;
    this.before = null;
    if (!before || !this.box) return false;
    const change = { box: this.box, was: cut(before, this.width, this.box), is: cut(this.mask, this.width, this.box) };
    if (change.was.every((value, at) => value === change.is[at])) return false;
    if (this.savedAt > this.done.length) this.savedAt = -1;
    this.done.push(change);
    this.undone = [];
    if (this.done.length > STROKES_KEPT) {
      this.done.shift();
      this.savedAt = this.savedAt > 0 ? this.savedAt - 1 : -1;
    }
    return true;
  }

  /** Takes another mask as a whole, as one stroke. */
  replace(mask) {
    this.begin();
    this.mask.set(mask);
    this.box = { left: 0, top: 0, right: this.width - 1, bottom: this.height - 1 };
    this.end();
  }

  undo() {
    return this.move(this.done, this.undone, "was");
  }

  redo() {
    return this.move(this.undone, this.done, "is");
  }

  move(from, to, which) {
    const change = from.pop();
    if (!change) return null;
    to.push(change);
    paste(this.mask, this.width, change.box, change[which]);
    return change.box;
  }

  get changed() {
    return this.savedAt !== this.done.length;
  }

  saved() {
    this.savedAt = this.done.length;
  }
}

function united(a, b) {
  return {
    left: Math.min(a.left, b.left), top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom),
  };
}

function cut(mask, width, box) {
  const columns = box.right - box.left + 1;
  const part = new Uint8Array(columns * (box.bottom - box.top + 1));
  for (let y = box.top, at = 0; y <= box.bottom; y++, at += columns) {
    part.set(mask.subarray(y * width + box.left, y * width + box.right + 1), at);
  }
  return part;
}

function paste(mask, width, box, part) {
  const columns = box.right - box.left + 1;
  for (let y = box.top, at = 0; y <= box.bottom; y++, at += columns) {
    mask.set(part.subarray(at, at + columns), y * width + box.left);
  }
}

/** Where an image is shown: `scale` pixels of the canvas per pixel of the image, its corner at x, y. */
class View {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
  }

  fit(width, height, canvasWidth, canvasHeight) {
    this.scale = Math.min(canvasWidth / width, canvasHeight / height);
    this.x = (canvasWidth - width * this.scale) / 2;
    this.y = (canvasHeight - height * this.scale) / 2;
  }

  /** Zooms so that what lies at x, y of the canvas stays there. */
  zoom(factor, x, y) {
    const scale = Math.min(64, Math.max(0.02, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
  }

  toImage(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }
}

function start() {
  const $ = (id) => document.getElementById(id);
  const canvas = $("canvas"), screen = canvas.getContext("2d");
  const view = new View();
  const pointers = new Map();
  let images = [], number = -1, shown = null, erasing = false, overlay = true, doubt = false;
  let stroke = null, pinch = null, panning = null, space = false, warned = false, wanted = 0;
  let fitted = true; // until it is zoomed or moved

  async function get(path) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error((await answer.json()).error);
    return answer;
  }

  const bytes = async (path) => new Uint8Array(await (await get(path)).arrayBuffer());

  function say(text, isError = false) {
    $("said").textContent = $("said").title = text;
    $("said").className = isError ? "error" : "";
  }

  function left() {
    const saved = images.filter((one) => one.saved).length;
    const labelled = images.filter((one) => one.labelled).length;
    return `${number + 1} of ${images.length}; ${saved} saved, ${images.length - labelled} without a mask`;
  }

  async function open(to) {
    if (to < 0 || to >= images.length) return say(to < 0 ? "This is the first image." : "This is the last image.");
    if (shown && shown.painting.changed && !warned) {
      warned = true;
      return say("Not saved: S saves; once more goes on without saving.", true);
    }
    warned = false;
    number = to;
    shown = null;
    stroke = null;
    const mine = ++wanted;
    $("name").textContent = images[to].name;
    say("loading");
    document.body.dataset.state = "loading";
    draw();
    try {
      const about = await (await get(`about/${to}`)).json();
      const [picture, probability, bits] = await Promise.all([
        get(`image/${to}`).then((answer) => answer.blob()).then(createImageBitmap),
        bytes(`probability/${to}`), bytes(`mask/${to}`),
      ]);
      if (mine !== wanted) return;
      const { width, height } = about;
      shown = { about, picture, probability, painting: new Painting(width, height, unpacked(bits, width * height)) };
      shown.layer = new OffscreenCanvas(width, height);
      repaint({ left: 0, top: 0, right: width - 1, bottom: height - 1 });
      fit();
      say([left(), about.labelled ? "has a mask" : "prediction", about.note].filter(Boolean).join("; "));
      document.body.dataset.state = "ready";
    } catch (error) {
      if (mine !== wanted) return;
      say(error.message, true);
      document.body.dataset.state = "failed";
    }
    buttons();
  }

  /** Colours the layer of the mask in a box. */
  function repaint(box) {
    if (!box || !shown) return;
    const { width, mask } = shown.painting;
    const columns = box.right - box.left + 1, rows = box.bottom - box.top + 1;
    const part = new ImageData(columns, rows);
    const threshold = 255 * shown.about.threshold, near = 255 * DOUBTFUL;
    for (let y = 0, to = 0; y < rows; y++) {
      for (let x = 0, at = (box.top + y) * width + box.left; x < columns; x++, at++, to += 4) {
        if (doubt && Math.abs(shown.probability[at] - threshold) < near) part.data.set(DOUBT_COLOUR, to);
        else if (overlay && mask[at]) part.data.set(MASK_COLOUR, to);
      }
    }
    shown.layer.getContext("2d").putImageData(part, box.left, box.top);
    draw();
  }

  const whole = () => ({ left: 0, top: 0, right: shown.painting.width - 1, bottom: shown.painting.height - 1 });

  let asked = false;
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      screen.setTransform(1, 0, 0, 1, 0, 0);
      screen.clearRect(0, 0, canvas.width, canvas.height);
      if (!shown) return;
      screen.imageSmoothingEnabled = view.scale < 1;
      screen.setTransform(view.scale, 0, 0, view.scale, view.x, view.y);
      screen.drawImage(shown.picture, 0, 0);
      screen.drawImage(shown.layer, 0, 0);
    });
  }

  function resize() {
    const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
    canvas.width = Math.max(1, Math.round(box.width * ratio));
    canvas.height = Math.max(1, Math.round(box.height * ratio));
    if (fitted) fit();
    else draw();
  }

  function fit() {
    fitted = true;
    if (shown) view.fit(shown.painting.width, shown.painting.height, canvas.width, canvas.height);
    draw();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height];
  }

  function endStroke() {
    if (!stroke) return;
    stroke = null;
    shown.painting.end();
    warned = false;
    buttons();
  }

  function abandonStroke() { // a second finger came: it was no stroke
    if (!stroke) return;
    stroke = null;
    if (shown.painting.end()) {
      repaint(shown.painting.undo());
      shown.painting.undone.pop();
    }
    buttons();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!shown) return;
    canvas.focus();
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    if (pointers.size === 2) {
      abandonStroke();
      pinch = spread();
    } else if (pointers.size === 1) {
      if (space || event.button === 1) panning = place(event);
      else {
        const [x, y] = view.toImage(...place(event));
        stroke = { x, y, value: erasing || event.button === 2 || event.button === 5 ? 0 : 1 };
        shown.painting.begin();
        repaint(shown.painting.stroke(x, y, x, y, diameter(), stroke.value));
      }
    }
    event.preventDefault();
  });

  canvas.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId) || !shown) return;
    const at = place(event);
    pointers.set(event.pointerId, at);
    if (pinch && pointers.size === 2) {
      const now = spread();
      view.x += now.x - pinch.x;
      view.y += now.y - pinch.y;
      view.zoom(now.apart / pinch.apart, now.x, now.y);
      fitted = false;
      pinch = now;
      draw();
    } else if (panning) {
      view.x += at[0] - panning[0];
      view.y += at[1] - panning[1];
      panning = at;
      fitted = false;
      draw();
    } else if (stroke) {
      // All that the pointer passed since the last frame, so that a quick stroke has no corners.
      const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const each of events.length ? events : [event]) {
        const [x, y] = view.toImage(...place(each));
        repaint(shown.painting.stroke(stroke.x, stroke.y, x, y, diameter(), stroke.value));
        Object.assign(stroke, { x, y });
      }
    }
  });

  function release(event) {
    pointers.delete(event.pointerId);
    if (pointers.size < 2) pinch = null;
    panning = null;
    endStroke();
  }
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    view.zoom(Math.exp(-event.deltaY / 400), ...place(event));
    fitted = false;
    draw();
  }, { passive: false });

  function spread() {
    const [[x0, y0], [x1, y1]] = [...pointers.values()];
    return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, apart: Math.max(1, Math.hypot(x1 - x0, y1 - y0)) };
  }

  const diameter = () => Number($("size").value);

  function resizeBrush(step) {
    $("size").value = diameter() + step;
    $("diameter").textContent = `${diameter()} px`;
  }

  function buttons() {
    $("brush").setAttribute("aria-pressed", String(!erasing));
    $("eraser").setAttribute("aria-pressed", String(erasing));
    $("overlay").setAttribute("aria-pressed", String(overlay));
    $("doubt").setAttribute("aria-pressed", String(doubt));
    $("undo").disabled = !shown || !shown.painting.done.length;
    $("redo").disabled = !shown || !shown.painting.undone.length;
    for (const id of ["reset", "save", "savenext"]) $(id).disabled = !shown;
  }

  async function save() {
    if (!shown || stroke) return false;
    const { painting } = shown, at = number, strokes = painting.done.length;
    say("saving");
    try {
      const answer = await fetch(`mask/${at}`, { method: "POST", body: packed(painting.mask) });
      const found = await answer.json();
      if (!answer.ok) throw new Error(found.error);
      if (painting.done.length === strokes) painting.saved();
      Object.assign(images[at], { saved: true, labelled: true });
      say(`saved ${found.mask}${found.copy ? `; the one before: ${found.copy}` : ""}; ${left()}`);
      return true;
    } catch (error) {
      say(`not saved: ${error.message}`, true);
      return false;
    }
  }

  async function saveAndNext() {
    if (!(await save())) return;
    const after = [...images.keys()].slice(number + 1), before = [...images.keys()].slice(0, number);
    const next = [...after, ...before].find((one) => !images[one].saved);
    if (next === undefined) say("All images are saved. End ends the review.");
    else await open(next);
  }

  async function reset() {
    if (!shown) return;
    const { painting } = shown;
    try {
      const predicted = await bytes(`predicted/${number}`);
      if (!shown || shown.painting !== painting || stroke) return;
      painting.replace(unpacked(predicted, painting.mask.length));
      repaint(whole());
      say("back to the prediction");
    } catch (error) {
      say(error.message, true);
    }
    buttons();
  }

  async function end() {
    if (shown && shown.painting.changed && !warned) {
      warned = true;
      return say("Not saved: S saves; once more ends without saving.", true);
    }
    await fetch("end", { method: "POST", body: "" });
    shown = null;
    images = [];
    draw();
    buttons();
    document.body.dataset.state = "ended";
    $("name").textContent = "ended";
    say("The review has ended. You may close this page.");
  }

  function toggle(which) {
    if (which === "overlay") overlay = !overlay;
    else doubt = !doubt;
    if (shown) repaint(whole());
    buttons();
  }

  function tool(eraser) {
    erasing = eraser;
    buttons();
  }

  const change = (box) => { repaint(box); warned = false; buttons(); };
  const acts = {
    previous: () => open(number - 1), next: () => open(number + 1), brush: () => tool(false), eraser: () => tool(true),
    undo: () => shown && !stroke && change(shown.painting.undo()),
    redo: () => shown && !stroke && change(shown.painting.redo()),
    reset, overlay: () => toggle("overlay"), doubt: () => toggle("doubt"), fit, save, savenext: saveAndNext, end,
  };
  for (const [id, act] of Object.entries(acts)) {
    $(id).addEventListener("click", () => { act(); if (id !== "end") canvas.focus(); });
  }
  $("size").addEventListener("input", () => resizeBrush(0));

  const keys = {
    p: "previous", arrowleft: "previous", n: "next", arrowright: "next", b: "brush", e: "eraser", z: "undo", y: "redo",
    r: "reset", o: "overlay", u: "doubt", 0: "fit", s: "save", enter: "savenext",
  };
  const zoomed = (factor) => {
    view.zoom(factor, canvas.width / 2, canvas.height / 2);
    fitted = false;
    draw();
  };
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase(), onButton = event.target instanceof HTMLButtonElement;
    if (event.altKey || (onButton && (key === "enter" || key === " "))) return;
    if (event.target === $("size") && key.startsWith("arrow")) return;
    if (key === " ") space = true;
    else if (key === "[") resizeBrush(-1);
    else if (key === "]") resizeBrush(1);
    else if (key === "+" || key === "=") zoomed(1.25);
    else if (key === "-") zoomed(0.8);
    else if (event.ctrlKey || event.metaKey) {
      if (key === "z") acts[event.shiftKey ? "redo" : "undo"]();
      else if (key === "y" || key === "s") acts[keys[key]]();
      else return;
    } else if (keys[key]) acts[keys[key]]();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => { if (event.key === " ") space = false; });
  window.addEventListener("blur", () => { space = false; });
  new ResizeObserver(resize).observe(canvas); // a long message makes the page's foot higher, too
  window.addEventListener("beforeunload", (event) => {
    if (shown && shown.painting.changed) event.preventDefault();
  });

  resize();
  get("images").then((answer) => answer.json()).then((found) => {
    images = found;
    return open(0);
  }).catch((error) => say(error.message, true));
}

if (typeof document !== "undefined") start();
if (typeof module !== "undefined") module.exports = { Painting, View, packed, unpacked, STROKES_KEPT };
