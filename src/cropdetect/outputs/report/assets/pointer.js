// Moving the map, and finding the field under the pointer.
function inside(i, x, y) {
  let odd = false;
  for (let r = map.ringAt[i]; r < map.ringAt[i + 1]; r++) {
    const from = map.vertexAt[r], to = map.vertexAt[r + 1];
    for (let k = from, before = to - 1; k < to; before = k++) {
      if (map.y[k] > y !== map.y[before] > y && x < ((map.x[before] - map.x[k]) * (y - map.y[k])) / (map.y[before] - map.y[k]) + map.x[k]) odd = !odd;
    }
  }
  return odd;
}
// The field at a place of the canvas: the smallest outline around it, or else the nearest within a finger's width.
function fieldAt(px, py, reach = 12) {
  const x = (px - map.wide / 2) / map.view.scale + map.view.x, y = (map.high / 2 - py) / map.view.scale + map.view.y;
  let best = -1, least = Infinity, near = -1, nearest = (reach / map.view.scale) ** 2;
  for (let i = 0; i < N; i++) {
    const w = map.box[4 * i], s = map.box[4 * i + 1], e = map.box[4 * i + 2], n = map.box[4 * i + 3];
    if (!fields.passing[i] || Number.isNaN(w)) continue;
    if (x >= w && x <= e && y >= s && y <= n && !isPoint(i) && (e - w) * (n - s) < least && inside(i, x, y)) { best = i; least = (e - w) * (n - s); }
    const gap = Math.max(w - x, 0, x - e) ** 2 + Math.max(s - y, 0, y - n) ** 2;
    if (gap <= nearest && (isPoint(i) || Math.max(e - w, n - s) * map.view.scale < reach)) { near = i; nearest = gap; }
  }
  return best >= 0 ? best : near;
}
function zoomBy(times, px = map.wide / 2, py = map.high / 2) {
  const { view } = map, x = (px - map.wide / 2) / view.scale + view.x, y = (map.high / 2 - py) / view.scale + view.y;
  view.scale *= times;
  view.x = x - (px - map.wide / 2) / view.scale;
  view.y = y - (map.high / 2 - py) / view.scale;
  repaint();
}
function panBy(dx, dy) { map.view.x -= dx / map.view.scale; map.view.y += dy / map.view.scale; repaint(); }

function startMap() {
  if (!map.ready) {
    $("map-figure").hidden = true;
    document.querySelector(".split").classList.add("nomap");
    return;
  }
  const canvas = $("map");
  map.wide = canvas.clientWidth;
  map.high = canvas.clientHeight;
  fitAll();
  const pointers = new Map();
  let moved = 0;
  const place = (e) => { const r = canvas.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; };
  canvas.addEventListener("pointerdown", (e) => { if (!pointers.size) moved = 0; pointers.set(e.pointerId, place(e)); canvas.setPointerCapture(e.pointerId); $("tip").hidden = true; });
  canvas.addEventListener("pointermove", (e) => {
    const now = place(e), before = pointers.get(e.pointerId);
    if (!before) return hover(now);
    const others = [...pointers].filter(([id]) => id !== e.pointerId).map(([, p]) => p);
    if (others.length) {
      const [ox, oy] = others[0], apart = (p) => Math.hypot(p[0] - ox, p[1] - oy) || 1;
      zoomBy(apart(now) / apart(before), (now[0] + ox) / 2, (now[1] + oy) / 2);
    } else if (moved + Math.hypot(now[0] - before[0], now[1] - before[1]) > 4) panBy(now[0] - before[0], now[1] - before[1]);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    pointers.set(e.pointerId, now);
  });
  canvas.addEventListener("pointerup", (e) => { if (pointers.delete(e.pointerId) && moved <= 4 && !pointers.size) choose(fieldAt(...place(e)), { look: false }); });
  canvas.addEventListener("pointercancel", (e) => pointers.delete(e.pointerId));
  canvas.addEventListener("pointerleave", () => { $("tip").hidden = true; });
  canvas.addEventListener("wheel", (e) => { e.preventDefault(); zoomBy(Math.exp(-Math.max(-200, Math.min(200, e.deltaY)) / 300), ...place(e)); }, { passive: false });
  const keys = {
    ArrowLeft: () => panBy(60, 0), ArrowRight: () => panBy(-60, 0), ArrowUp: () => panBy(0, 60), ArrowDown: () => panBy(0, -60),
    "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: fitAll, n: () => step(1), p: () => step(-1),
    Enter: () => choose(fieldAt(map.wide / 2, map.high / 2, Infinity), { look: false }),
  };
  canvas.addEventListener("keydown", (e) => { const act = keys[e.key]; if (act && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); act(); } });
  $("zoom-in").addEventListener("click", () => zoomBy(1.6));
  $("zoom-out").addEventListener("click", () => zoomBy(1 / 1.6));
  $("zoom-all").addEventListener("click", fitAll);
  $("picture").addEventListener("change", repaint);
  const pictures = DATA.map.images;
  $("picture-label").hidden = !pictures.length;
  const what = [...new Set(pictures.map((p) => [p.picture, p.date].filter(Boolean).join(", ")))].slice(0, 3).join("; ");
  $("map-caption").textContent = `Colour, hatching and letters: crop. The fainter, the less sure.${what ? ` Image: ${what}.` : ""}`;
  listeners.filter.push(repaint);
  listeners.choice.push(repaint);
  new ResizeObserver(repaint).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  addEventListener("beforeprint", () => { map.printing = true; paint(); });
  addEventListener("afterprint", () => { map.printing = false; paint(); });
}
function hover([px, py]) {
  const i = fieldAt(px, py, 6), tip = $("tip");
  tip.hidden = i < 0;
  if (i < 0) return;
  replace(tip, el("b", {}, DATA.ids[i]), el("br"), answered(i) ? `${cropName(column.crop[i])}, ${percent(column.confidence[i])} sure` : `no answer: ${statusOf(i)}`);
  tip.style.left = `${Math.min(px + 14, Math.max(0, map.wide - tip.offsetWidth - 4))}px`;
  tip.style.top = `${Math.min(py + 14, Math.max(0, map.high - tip.offsetHeight - 4))}px`;
}
