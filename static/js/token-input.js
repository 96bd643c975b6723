// <fr-token-input> shows the text of the input inside it with a pill for every variable.
// The input stays what the form sends; without scripts it is all there is.
import { aim, before, give, press, put } from "./token-keys.js";
import { paint } from "./token-names.js";
import { isCanonical, offsetOf, pathOf, pointAt, read, render } from "./token-text.js";

const KEPT = 200; // texts that can be gone back to
const PAUSE = 600; // ms of rest that end what one undo takes back
const COPIED = ["aria-invalid", "aria-describedby", "aria-label"];

class TokenInput extends HTMLElement {
  connectedCallback() {
    if (this.line) return;
    this.raw = this.querySelector(".vinput__body");
    this.many = this.raw.localName === "textarea";
    this.line = Object.assign(document.createElement("div"), { className: "vinput__body vinput__line", id: `${this.raw.id}-line` });
    this.line.setAttribute("role", "textbox");
    if (this.many) this.line.ariaMultiLine = "true";
    if (this.raw.placeholder) this.line.dataset.placeholder = this.line.ariaPlaceholder = this.raw.placeholder;
    const locked = this.raw.matches(":disabled, [readonly]");
    this.line.setAttribute("contenteditable", String(!locked));
    if (locked) this.line.ariaReadOnly = "true";
    this.line.spellcheck = false;
    this.raw.hidden = true;
    this.raw.after(this.line);
    this.describe();
    new MutationObserver(() => this.describe()).observe(this.raw, { attributeFilter: COPIED });
    [this.past, this.kept] = [[], -Infinity];
    this.show(this.raw.value);
    this.listen();
  }

  // describe gives the line the name and the description of the input.
  describe() {
    COPIED.forEach((name) => (this.raw.hasAttribute(name) ? this.line.setAttribute(name, this.raw.getAttribute(name)) : this.line.removeAttribute(name)));
    const label = this.raw.labels[0];
    if (!label || this.raw.ariaLabel) return;
    label.id ||= `${this.raw.id}-label`;
    this.line.setAttribute("aria-labelledby", label.id);
  }

  listen() {
    const on = (type, does) => this.line.addEventListener(type, does);
    on("beforeinput", (event) => before(this, event));
    on("input", (event) => event.isComposing || this.took());
    on("compositionend", () => { this.took(); this.tell("input"); });
    on("keydown", (event) => press(this, event));
    on("mousedown", (event) => aim(this, event));
    on("paste", (event) => put(this, event, event.clipboardData));
    on("copy", (event) => give(this, event));
    on("cut", (event) => give(this, event) && this.replace(""));
    on("focus", () => { this.was = this.text; });
    on("blur", () => { this.at = this.caret() ?? this.at; this.leave(); });
    this.raw.addEventListener("input", () => this.raw.value !== this.text && this.show(this.raw.value));
  }

  get sprite() { return this.querySelector("[data-vars] use")?.getAttribute("href").split("#")[0]; }

  pill(token) {
    const pill = Object.assign(document.createElement("span"), { className: "var", contentEditable: "false" });
    pill.dataset.ref = token.text;
    paint(pill, token.path, this.sprite);
    return pill;
  }

  // repaint lets the pills say what is known by now.
  repaint() { this.line.querySelectorAll("[data-ref]").forEach((pill) => paint(pill, pathOf(pill.dataset.ref), this.sprite)); }

  // caret is where the selection begins and ends; nothing while it is elsewhere.
  caret() {
    const all = getSelection();
    if (!all.rangeCount || !this.line.contains(all.anchorNode)) return null;
    const range = all.getRangeAt(0);
    return [offsetOf(this.line, range.startContainer, range.startOffset), offsetOf(this.line, range.endContainer, range.endOffset)];
  }

  select(start, end = start) {
    getSelection().setBaseAndExtent(...pointAt(this.line, start), ...pointAt(this.line, end));
    this.at = [start, end];
  }

  // show draws a text; the caret stays when it is here.
  show(text, at) {
    const place = at ?? (document.activeElement === this.line ? (this.caret() ?? [text.length])[1] : null);
    this.text = text;
    render(this.line, text, (token) => this.pill(token));
    if (place !== null) this.select(Math.min(place, text.length));
    this.keep();
  }

  keep() {
    const fresh = performance.now() - this.kept > PAUSE;
    this.kept = performance.now();
    if (this.past.at(-1)?.text === this.text) return;
    this.future = [];
    if (!fresh && this.past.length > 1) this.past.pop();
    if (this.past.at(-1)?.text === this.text) return;
    this.past.push({ text: this.text, at: (this.caret() ?? [this.text.length]).at(-1) });
    if (this.past.length > KEPT) this.past.shift();
  }

  // took takes over what the browser did to the line.
  took() {
    const text = read(this.line);
    const at = this.caret();
    if (!isCanonical(this.line)) return this.set(text, at?.[1] ?? text.length, false);
    this.raw.value = this.text = text;
    this.at = at;
    this.keep();
  }

  // set gives the field a text with the caret in it.
  set(text, at, tells = true) {
    this.raw.value = this.many ? text : text.replace(/\r?\n/g, " ");
    this.kept = -Infinity; // one undo of its own
    this.show(this.raw.value, at);
    if (tells) this.tell("input");
  }

  // replace puts a text where the selection is, or at a given place.
  replace(text, [start, end] = this.caret() ?? this.at ?? [this.text.length, this.text.length]) {
    this.set(this.text.slice(0, start) + text + this.text.slice(end), start + text.length);
  }

  tell(type) { this.raw.dispatchEvent(new Event(type, { bubbles: true })); }

  leave() {
    if (this.was === undefined || this.was === this.text) return;
    this.was = this.text;
    this.tell("change");
  }

  // go takes back the last change, or makes it again.
  go(back) {
    const [from, to] = back ? [this.past, this.future] : [this.future, this.past];
    if (!from.length || (back && from.length < 2)) return;
    to.push(from.pop());
    const { text, at } = this.past.at(-1);
    this.raw.value = text;
    this.show(text, at);
    this.tell("input");
  }
}

customElements.define("fr-token-input", TokenInput);

// The label is that of the input, which cannot have the focus any more.
document.addEventListener("click", (event) => {
  event.target.closest?.("label")?.control?.closest("fr-token-input")?.line.focus();
});
