// What the page holds: JSON, and arrays that are deflated and written in base64.
const DATA = JSON.parse($("data").textContent);
const N = DATA.ids.length;

async function unpack(name, Kind) {
  const holder = $(`blob-${name}`);
  const text = atob(holder.textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Kind(await new Response(stream).arrayBuffer());
}

// Crops are told apart by colour, hatching (on outlines), shape (of points) and a code of letters.
const GREY = "#8a8f98", NONE = "#ffffff";
const CODES = (() => {
  const taken = new Set();
  return DATA.legend.map((name) => {
    const letters = [...name.normalize("NFC").toUpperCase()].filter((c) => /[\p{L}\p{N}]/u.test(c));
    const candidates = [letters.slice(0, 2).join(""), (letters[0] || "") + (letters[2] || ""), (letters[0] || "") + (letters.at(-1) || "")];
    let code = candidates.find((c) => c && !taken.has(c));
    for (let k = 2; !code; k++) if (!taken.has(`${letters[0] || "C"}${k}`)) code = `${letters[0] || "C"}${k}`;
    taken.add(code);
    return code;
  });
})();
const colourOf = (crop) => (crop >= 0 ? DATA.colours[crop] : NONE);
const cropName = (crop) => (crop >= 0 ? DATA.legend[crop] : "no crop given");

const HATCHES = [
  [], [[0, 8, 8, 0]], [[0, 0, 8, 8]], [[0, 4, 8, 4]], [[4, 0, 4, 8]], [[0, 4, 8, 4], [4, 0, 4, 8]], [[0, 0, 8, 8], [0, 8, 8, 0]], [[3.5, 4, 4.5, 4]],
];
// One tile of a crop's hatching: a canvas of 8 x 8 pixels, thicker lines from the ninth crop on.
function hatch(crop, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineCap = "square";
  pen.lineWidth = crop >= HATCHES.length ? 2.2 : 1.1;
  for (const [x0, y0, x1, y1] of crop < 0 ? [] : HATCHES[crop >= HATCHES.length ? 1 + (crop % (HATCHES.length - 1)) : crop]) {
    for (const [dx, dy] of [[0, 0], [8, 0], [-8, 0], [0, 8], [0, -8]]) {
      pen.beginPath();
      pen.moveTo(x0 + dx, y0 + dy);
      pen.lineTo(x1 + dx, y1 + dy);
      pen.stroke();
    }
  }
  return tile;
}
function swatch(crop) {
  const box = el("span", { class: "swatch", "aria-hidden": "true" });
  box.style.backgroundColor = colourOf(crop);
  box.style.backgroundImage = crop >= 0 ? `url(${hatch(crop, "#000a").toDataURL()})` : "none";
  return box;
}
const cropTag = (crop) => el("span", {}, swatch(crop), " ", cropName(crop), crop >= 0 ? ` (${CODES[crop]})` : "");
