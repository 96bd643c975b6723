// The minimap of a canvas: the server draws the tree, this module the part in view.
const PADDING = 40; // of the stage, above the trigger

// drawMap shows the part in view; the whole map hides while everything is in view.
export const drawMap = (canvas, stage, { k, x, y }) => {
  const map = canvas.querySelector(".minimap");
  const svg = map?.querySelector("svg");
  const frame = svg?.querySelector(".mm-view");
  if (!frame) return;
  const scale = Number(svg.dataset.scale);
  const width = Number(svg.getAttribute("width"));
  const height = Number(svg.getAttribute("height"));
  map.hidden = stage.offsetWidth * k <= canvas.clientWidth && stage.offsetHeight * k <= canvas.clientHeight;
  const clamp = (value, high) => Math.min(high - 1, Math.max(1, value));
  const left = clamp(width / 2 + (-x / k - stage.offsetWidth / 2) * scale, width);
  const right = clamp(width / 2 + ((canvas.clientWidth - x) / k - stage.offsetWidth / 2) * scale, width);
  const top = clamp((-y / k - PADDING) * scale, height);
  const bottom = clamp(((canvas.clientHeight - y) / k - PADDING) * scale, height);
  frame.setAttribute("x", left);
  frame.setAttribute("y", top);
  frame.setAttribute("width", Math.max(4, right - left));
  frame.setAttribute("height", Math.max(4, bottom - top));
};
