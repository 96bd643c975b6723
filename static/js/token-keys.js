// What keys, the clipboard and dragging do to a token input. A variable is stepped
// over, taken away and copied as a whole; whatever comes from outside comes as text.
import { isPill, offsetOf, tokens } from "./token-text.js";

// pillAt is the variable that ends (or begins) where the caret stands.
const pillAt = (host, back) => {
  const [start, end] = host.caret() ?? [];
  if (start === undefined || start !== end) return null;
  let at = 0;
  for (const token of tokens(host.text)) {
    const next = at + token.text.length;
    if (token.path && (back ? next : at) === start) return [at, next];
    at = next;
  }
  return null;
};

const step = (host, event, back) => {
  const pill = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey && pillAt(host, back);
  if (!pill) return;
  event.preventDefault();
  host.select(back ? pill[0] : pill[1]);
};

// press answers a key in the line.
export const press = (host, event) => {
  if (event.isComposing) return;
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (key === "arrowleft" || key === "arrowright") step(host, event, key === "arrowleft");
  else if (command && (key === "z" || key === "y")) {
    event.preventDefault();
    host.go(key === "z" && !event.shiftKey);
  } else if (key === "enter" && !command && !host.many) {
    event.preventDefault();
    host.leave();
  }
};

const textOf = (data) => {
  const plain = data?.getData("text/plain");
  if (plain) return plain;
  const html = data?.getData("text/html");
  return html ? new DOMParser().parseFromString(html, "text/html").body.textContent : "";
};

// put takes the text out of what is pasted or dropped.
export const put = (host, event, data, place) => {
  event.preventDefault();
  const text = textOf(data).replace(/\r\n?/g, "\n");
  const at = place && [offsetOf(host.line, place.startContainer, place.startOffset), offsetOf(host.line, place.endContainer, place.endOffset)];
  if (text) host.replace(text, at);
};

// give copies what is selected with its variables written in braces.
export const give = (host, event) => {
  const [start, end] = host.caret() ?? [];
  if (start === undefined || start === end) return false;
  event.preventDefault();
  event.clipboardData.setData("text/plain", host.text.slice(start, end));
  return true;
};

const FORBIDDEN = /^(format|insertHorizontalRule|insertOrderedList|insertUnorderedList|insertLink)/;

// before answers what the browser is about to do to the line.
export const before = (host, event) => {
  const type = event.inputType;
  const back = type === "deleteContentBackward";
  const pill = (back || type === "deleteContentForward") && pillAt(host, back);
  if (type === "insertFromDrop") put(host, event, event.dataTransfer, event.getTargetRanges()[0]);
  else if (type === "insertParagraph" || type === "insertLineBreak") {
    event.preventDefault();
    if (host.many) host.replace("\n");
  } else if (type === "historyUndo" || type === "historyRedo") {
    event.preventDefault();
    host.go(type === "historyUndo");
  } else if (type === "insertText" && event.data && !getSelection().isCollapsed) { // the browser would keep the style of what goes
    event.preventDefault();
    host.replace(event.data);
  } else if (pill) {
    event.preventDefault();
    host.replace("", pill);
  } else if (FORBIDDEN.test(type)) event.preventDefault();
};

// aim puts the caret beside a variable that was pressed on.
export const aim = (host, event) => {
  const pill = event.target.closest?.("[data-ref]");
  if (!isPill(pill) || event.shiftKey || event.detail > 1) return;
  const box = pill.getBoundingClientRect();
  const index = [...host.line.childNodes].indexOf(pill);
  event.preventDefault();
  host.line.focus();
  host.select(offsetOf(host.line, host.line, index + (event.clientX > box.left + box.width / 2 ? 1 : 0)));
};
