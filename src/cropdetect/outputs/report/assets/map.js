// The map: outlines on a canvas, pictures of the area under them.
const map = { ready: false, x: null, y: null, ringAt: null, vertexAt: null, box: null, view: { x: 0, y: 0, scale: 1 }, images: [], hatches: new Map(), wide: 0, high: 0, asked: false };

async function loadMap() {
  if (!DATA.map) return;
  const [rings, vertices, moves] = await Promise.all([unpack("rings", Uint32Array), unpack("vertices", Uint32Array), unpack("outlines", Int32Array)]);
  const sums = (counts) => { const at = new Uint32Array(counts.length + 1); counts.forEach((n, k) => { at[k + 1] = at[k] + n; }); return at; };
  map.ringAt = sums(rings);
  map.vertexAt = sums(vertices);
  const n = moves.length / 2, step = DATA.map.step;
  map.x = new Float64Array(n);
  map.y = new Float64Array(n);
  for (let k = 0, x = 0, y = 0; k < n; k++) { map.x[k] = (x += moves[2 * k]) * step; map.y[k] = (y += moves[2 * k + 1]) * step; }
  map.box = new Float64Array(4 * N).fill(NaN);
  for (let i = 0; i < N; i++) {
    const from = map.vertexAt[map.ringAt[i]], to = map.vertexAt[map.ringAt[i + 1]];
    let w = Infinity, s = Infinity, e = -Infinity, t = -Infinity;
    for (let k = from; k < to; k++) { w = Math.min(w, map.x[k]); e = Math.max(e, map.x[k]); s = Math.min(s, map.y[k]); t = Math.max(t, map.y[k]); }
    if (to > from) map.box.set([w, s, e, t], 4 * i);
  }
  map.ready = true;
  for (const one of DATA.map.images) {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${one.jpeg}`;
    image.decode().then(() => { map.images.push({ image, bounds: one.bounds }); repaint(); }, () => {});
  }
}
const toX = (x) => (x - map.view.x) * map.view.scale + map.wide / 2;
const toY = (y) => map.high / 2 - (y - map.view.y) * map.view.scale;

function fitTo(w, s, e, n, share = 0.92) {
  const across = Math.max(e - w, n - s, 1e-9) / 1e4;
  map.view = { x: (w + e) / 2, y: (s + n) / 2, scale: share * Math.min(map.wide / Math.max(e - w, across), map.high / Math.max(n - s, across)) };
  repaint();
}
function fitAll() {
  const [w, s, e, n] = DATA.map.bounds, [x, y] = DATA.map.origin;
  fitTo(w - x, s - y, e - x, n - y);
}
const isPoint = (i) => map.vertexAt[map.ringAt[i + 1]] - map.vertexAt[map.ringAt[i]] === 1;
// Bring a field into view; zoom in only where it would be too small to see.
function showOnMap(i) {
  if (!map.ready || Number.isNaN(map.box[4 * i])) return;
  const [w, s, e, n] = map.box.subarray(4 * i, 4 * i + 4);
  const size = Math.max(e - w, n - s) * map.view.scale;
  if (!isPoint(i) && (size < 24 || size > map.high)) {
    const margin = 3 * Math.max(e - w, n - s);
    return fitTo(w - margin, s - margin, e + margin, n + margin);
  }
  const x = toX((w + e) / 2), y = toY((s + n) / 2);
  if (x < 30 || y < 30 || x > map.wide - 30 || y > map.high - 30) Object.assign(map.view, { x: (w + e) / 2, y: (s + n) / 2 });
  repaint();
}
function repaint() {
  if (!map.ready || map.asked) return;
  map.asked = true;
  requestAnimationFrame(() => { map.asked = false; paint(); });
}
function trace(pen, i) {
  for (let r = map.ringAt[i]; r < map.ringAt[i + 1]; r++) {
    const from = map.vertexAt[r], to = map.vertexAt[r + 1];
    for (let k = from; k < to; k++) if (k === from) pen.moveTo(toX(map.x[k]), toY(map.y[k])); else pen.lineTo(toX(map.x[k]), toY(map.y[k]));
    pen.closePath();
  }
}
// Points: a shape for each crop.
function mark(pen, crop, x, y, r) {
  const turns = { 0: null, 1: [4, 0.25], 2: [3, 0.75], 3: [4, 0], 4: [3, 0.25], 5: [5, 0.75], 6: [6, 0], 7: [3, 0] }[((crop % 8) + 8) % 8];
  if (crop < 0 || !turns) { pen.moveTo(x + r, y); pen.arc(x, y, r, 0, 7); return; }
  const [corners, turn] = turns;
  for (let k = 0; k <= corners; k++) {
    const angle = 2 * Math.PI * (k / corners + (turn === 0.25 && corners === 4 ? 0.125 : turn));
    const [px, py] = [x + 1.25 * r * Math.cos(angle), y + 1.25 * r * Math.sin(angle)];
    if (k) pen.lineTo(px, py); else pen.moveTo(px, py);
  }
  pen.closePath();
}
const opacity = (i) => {
  const chance = 1 / Math.max(2, DATA.legend.length), sure = column.confidence[i];
  return known(sure) ? 0.2 + 0.75 * Math.max(0, Math.min(1, (sure - chance) / (1 - chance))) : 0.25;
};
function paint() {
  const canvas = $("map"), ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
  map.wide = canvas.clientWidth;
  map.high = canvas.clientHeight;
  if (canvas.width !== Math.round(map.wide * ratio) || canvas.height !== Math.round(map.high * ratio)) {
    canvas.width = Math.round(map.wide * ratio);
    canvas.height = Math.round(map.high * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, map.wide, map.high);
  const [x0, y0] = DATA.map.origin, picture = $("picture").checked && map.images.length > 0;
  if (picture) for (const { image, bounds: [w, s, e, n] } of map.images) pen.drawImage(image, toX(w - x0), toY(n - y0), (e - w) * map.view.scale, (n - s) * map.view.scale);
  const groups = new Map(), large = [], out = [], radius = Math.max(3, Math.min(8, 2.2 + 60 / Math.sqrt(N)));
  for (let i = 0; i < N; i++) {
    const left = toX(map.box[4 * i]), right = toX(map.box[4 * i + 2]), top = toY(map.box[4 * i + 3]), bottom = toY(map.box[4 * i + 1]);
    if (!(right > -10 && left < map.wide + 10 && bottom > -10 && top < map.high + 10)) continue;
    if (!fields.passing[i]) { out.push(i); continue; }
    const key = `${column.crop[i]} ${Math.round(opacity(i) * 8) / 8}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(i);
    if (!isPoint(i) && Math.max(right - left, bottom - top) > 14) large.push(i);
  }
  pen.lineJoin = "round";
  const dark = matchMedia("(prefers-color-scheme: dark)").matches && !map.printing;
  for (const [key, members] of groups) {
    const [crop, alpha] = key.split(" ").map(Number);
    pen.fillStyle = colourOf(crop);
    pen.strokeStyle = crop < 0 ? GREY : colourOf(crop);
    pen.beginPath();
    const dots = [];
    for (const i of members) if (isPoint(i)) dots.push(i); else trace(pen, i);
    pen.globalAlpha = alpha;
    pen.fill("evenodd");
    pen.globalAlpha = Math.min(1, alpha + 0.25);
    pen.lineWidth = large.length && large.length < 3000 ? 1.3 : 0.5;
    pen.stroke();
    pen.beginPath();
    for (const i of dots) mark(pen, crop, toX(map.box[4 * i]), toY(map.box[4 * i + 1]), radius);
    pen.globalAlpha = alpha;
    pen.fill();
    pen.globalAlpha = 1;
  }
  if (large.length < 4000) hatchAndName(pen, large, picture);
  pen.beginPath();
  for (const i of out) if (!isPoint(i)) trace(pen, i);
  pen.globalAlpha = 0.35;
  pen.lineWidth = 0.6;
  pen.strokeStyle = GREY;
  pen.stroke();
  pen.globalAlpha = 1;
  if (fields.chosen >= 0 && !Number.isNaN(map.box[4 * fields.chosen])) {
    pen.beginPath();
    if (isPoint(fields.chosen)) mark(pen, -1, toX(map.box[4 * fields.chosen]), toY(map.box[4 * fields.chosen + 1]), radius + 5); else trace(pen, fields.chosen);
    for (const [width, colour] of [[6, dark ? "#000" : "#fff"], [3, dark ? "#fff" : "#000"]]) { pen.lineWidth = width; pen.strokeStyle = colour; pen.stroke(); }
  }
  paintScale();
}
function hatchAndName(pen, large, picture) {
  const byCrop = new Map();
  for (const i of large) { const crop = column.crop[i]; if (!byCrop.has(crop)) byCrop.set(crop, []); byCrop.get(crop).push(i); }
  for (const [crop, members] of byCrop) {
    if (crop >= 0) {
      if (!map.hatches.has(crop)) map.hatches.set(crop, pen.createPattern(hatch(crop, "#000"), "repeat"));
      pen.globalAlpha = 0.38;
      pen.fillStyle = map.hatches.get(crop);
      pen.beginPath();
      for (const i of members) trace(pen, i);
      pen.fill("evenodd");
      pen.globalAlpha = 1;
    }
    pen.font = "600 12px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 3;
    for (const i of members) {
      const w = (map.box[4 * i + 2] - map.box[4 * i]) * map.view.scale, h = (map.box[4 * i + 3] - map.box[4 * i + 1]) * map.view.scale;
      if (Math.min(w, h) < 26) continue;
      const x = toX((map.box[4 * i] + map.box[4 * i + 2]) / 2), y = toY((map.box[4 * i + 1] + map.box[4 * i + 3]) / 2);
      pen.strokeStyle = "#fffd";
      pen.fillStyle = "#111";
      const word = crop >= 0 ? CODES[crop] : "?";
      pen.strokeText(word, x, y);
      pen.fillText(word, x, y);
    }
  }
}
function paintScale() {
  const metres = DATA.map.unit_metres;
  $("scale").hidden = !metres;
  if (!metres) return;
  const most = (0.25 * map.wide * metres) / map.view.scale, ten = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].map((k) => k * ten).find((k) => k <= most) || ten;
  $("scale").style.width = `${(length / metres) * map.view.scale}px`;
  $("scale").textContent = length >= 1000 ? `${plain(length / 1000)} km` : `${plain(length, length < 1 ? 2 : 0)} m`;
}
