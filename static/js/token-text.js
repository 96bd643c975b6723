// The text of a token input and the line that shows it. In the text a variable is
// written in braces; in the line it is a pill, which counts as its whole text.

// An opened pair of braces with what is in it: the first group is the path when there
// is nothing else. Braces inside quotes do not close.
const BRACES = /\{\{(?:\s{0,40}([A-Za-z_$][\w$]*(?:\.[\w$]+|\[\d+\])*)\s{0,40}\}\}|(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^}"']|\}(?!\})){0,4096}?\}\})/g;

// pathOf is the variable that a text in braces names.
export const pathOf = (written) => written.replace(/^\{\{\s*|\s*\}\}$/g, "");

// tokens cuts a text into plain pieces and variables.
export const tokens = (text) => {
  const out = [];
  let end = 0;
  for (const match of text.matchAll(BRACES)) {
    if (!match[1]) continue;
    if (match.index > end) out.push({ text: text.slice(end, match.index) });
    out.push({ text: match[0], path: match[1] });
    end = match.index + match[0].length;
  }
  if (end < text.length) out.push({ text: text.slice(end) });
  return out;
};

export const isPill = (node) => node?.nodeType === Node.ELEMENT_NODE && "ref" in node.dataset;

// written is the text that a node of the line stands for. A break only gives the caret
// a place: line breaks of the text are written as such.
const written = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  return isPill(node) ? node.dataset.ref : [...node.childNodes].map(written).join("");
};

// read is the text that a line shows.
export const read = (line) => [...line.childNodes].map(written).join("");

// isCanonical reports whether a line is made as render makes it.
export const isCanonical = (line) => {
  const wanted = tokens(read(line)).filter((token) => token.path);
  const pills = [...line.childNodes].filter(isPill);
  const known = (node) => isPill(node) || node.nodeType === Node.TEXT_NODE || (node.nodeName === "BR" && node === line.lastChild);
  return [...line.childNodes].every(known) && pills.length === wanted.length && pills.every((pill, i) => pill.dataset.ref === wanted[i].text);
};

// render shows a text. A line that ends in a pill or a line break needs something
// behind it that the caret can stand before.
export const render = (line, text, pill) => {
  const list = tokens(text);
  line.replaceChildren(...list.map((token) => (token.path ? pill(token) : document.createTextNode(token.text))));
  if (list.at(-1)?.path || text.endsWith("\n")) line.append(document.createElement("br"));
};

// offsetOf is how much text stands before a point in the line.
export const offsetOf = (line, node, offset) => {
  const before = (end) => [...line.childNodes].slice(0, end).reduce((sum, child) => sum + written(child).length, 0);
  if (node === line) return before(offset);
  let child = node;
  while (child.parentNode !== line) child = child.parentNode;
  const at = before([...line.childNodes].indexOf(child));
  if (child === node && node.nodeType === Node.TEXT_NODE) return at + offset;
  return at + (offset ? written(child).length : 0);
};

// pointAt is where so much text stands before.
export const pointAt = (line, offset) => {
  let left = offset;
  const list = [...line.childNodes];
  for (const [i, node] of list.entries()) {
    const length = written(node).length;
    if (node.nodeType === Node.TEXT_NODE && left <= length) return [node, left];
    if (left < length || (left === 0 && length > 0)) return [line, i];
    left -= length;
    if (left === 0 && list[i + 1]?.nodeType !== Node.TEXT_NODE) return [line, i + 1];
  }
  return [line, list.length];
};
