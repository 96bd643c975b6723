// <fr-combobox> turns the select inside it into an input with a list to search in.
// The select stays what the form sends; without scripts it is all there is. With
// data-search the server finds what the select does not hold.
import { left, tell } from "./combobox-left.js";
import { drawOption, findOptions, mark as markOf } from "./combobox-option.js";

const WAIT = 200; // ms after the last key before the server is asked

class Combobox extends HTMLElement {
  connectedCallback() {
    this.select = this.querySelector("select");
    if (!this.select || this.input) return;
    const id = this.select.id;
    this.select.id = `${id}-value`;
    this.select.hidden = true;
    this.append(this.box(id), this.list(id));
    this.say();
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("click", () => this.open());
    this.input.addEventListener("input", () => this.search(this.input.value));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("keypress", (event) => {
      if (event.key === "Enter") event.preventDefault(); // choosing does not send the form
    });
    this.addEventListener("focusout", (event) => this.contains(event.relatedTarget) || this.close());
    this.listbox.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the input
    this.listbox.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")));
  }

  box(id) {
    const box = Object.assign(document.createElement("div"), { className: "inputbox" });
    this.sign = document.createElement("span");
    this.input = document.createElement("input");
    Object.assign(this.input, { id, autocomplete: "off", placeholder: this.dataset.placeholder });
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-controls", `${id}-list`);
    this.input.setAttribute("aria-expanded", "false");
    this.input.setAttribute("aria-autocomplete", "list");
    if (this.select.ariaInvalid) this.input.ariaInvalid = this.select.ariaInvalid;
    const described = this.select.getAttribute("aria-describedby");
    if (described) this.input.setAttribute("aria-describedby", described);
    this.badge = Object.assign(document.createElement("span"), { className: "badge" });
    const arrow = this.querySelector("[data-arrow]");
    arrow.hidden = false;
    box.append(this.sign, this.input, this.badge, arrow);
    return box;
  }

  list(id) {
    this.listbox = document.createElement("ul");
    Object.assign(this.listbox, { className: "listbox", id: `${id}-list`, hidden: true });
    this.listbox.setAttribute("role", "listbox");
    this.listbox.ariaLabel = this.dataset.label;
    return this.listbox;
  }

  // say shows the chosen option in the input.
  say() {
    const chosen = this.select.selectedOptions[0];
    const any = Boolean(chosen?.value);
    tell(this, "");
    this.input.value = any ? chosen.dataset.title : "";
    markOf(this.sign, any ? chosen : null);
    this.badge.hidden = !(any && chosen.dataset.badge);
    this.badge.textContent = this.badge.hidden ? "" : chosen.dataset.badge;
  }

  // search narrows what the select holds at once, and asks the server for the rest.
  search(words) {
    this.open(words);
    if (!words.trim() && "clears" in this.dataset) { // emptied: nothing is chosen
      this.select.value = "";
      this.mark(null);
    }
    if (!this.dataset.search) return;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(words), WAIT);
  }

  async ask(words) {
    const found = await findOptions(this.dataset.search, words);
    if (this.input.value !== words) return; // typed on meanwhile
    const known = new Set([...this.select.options].map((o) => o.value));
    this.select.append(...found.filter((o) => !known.has(o.value)));
    if (document.activeElement === this.input) this.open(words);
  }

  open(search = "") {
    const words = search.trim().toLowerCase();
    const fits = (o) => o.value && `${o.dataset.title} ${o.value}`.toLowerCase().includes(words);
    this.listbox.replaceChildren(...[...this.select.options].filter(fits).map((o) => drawOption(o, this.listbox.id)));
    if (!this.listbox.children.length) this.listbox.append(Object.assign(document.createElement("li"), { className: "menu__head", textContent: this.dataset.none }));
    this.show(true);
    this.mark(this.items().find((item) => item.ariaSelected === "true") ?? this.items()[0]);
  }

  items() { return [...this.listbox.querySelectorAll("[role=option]:not([aria-disabled])")]; }

  mark(item) {
    this.listbox.querySelector(".is-active")?.classList.remove("is-active");
    item?.classList.add("is-active");
    item?.scrollIntoView({ block: "nearest" });
    if (item) this.input.setAttribute("aria-activedescendant", item.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  show(on) {
    this.listbox.hidden = !on;
    this.input.setAttribute("aria-expanded", String(on));
    this.input.parentElement.classList.toggle("is-open", on);
  }

  choose(item) {
    if (!item || item.ariaDisabled === "true") return;
    this.select.value = item.dataset.value;
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
    this.close(true);
  }

  // close leaves the list. What was emptied by hand is empty, unless something was chosen.
  close(chosen = false) {
    if (!chosen && !this.listbox.hidden && !this.input.value.trim()) this.select.value = "";
    this.show(false);
    this.mark(null);
    chosen || !this.input.value.trim() ? this.say() : left(this);
  }

  key(event) {
    const open = !this.listbox.hidden;
    const items = this.items();
    const now = items.findIndex((item) => item.classList.contains("is-active"));
    const moves = { ArrowDown: now + 1, ArrowUp: now - 1 };
    if (event.key in moves) {
      event.preventDefault();
      if (!open) this.open();
      else if (items.length) this.mark(items[(moves[event.key] + items.length) % items.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!open) this.open();
      else if (items[now]) this.choose(items[now]);
      else this.close();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close(true);
    }
  }
}

customElements.define("fr-combobox", Combobox);
