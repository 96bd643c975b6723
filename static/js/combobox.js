// <fr-combobox> turns the select inside it into an input with a list to search in.
// The select stays what the form sends; without scripts it is all there is.
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
    this.input.addEventListener("input", () => this.type(this.input.value));
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
    this.dot = Object.assign(document.createElement("span"), { ariaHidden: "true" });
    this.input = Object.assign(document.createElement("input"), { id, autocomplete: "off", placeholder: this.dataset.placeholder });
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-controls", `${id}-list`);
    this.input.setAttribute("aria-expanded", "false");
    this.input.setAttribute("aria-autocomplete", "list");
    for (const name of ["aria-invalid", "aria-describedby"]) {
      if (this.select.hasAttribute(name)) this.input.setAttribute(name, this.select.getAttribute(name));
    }
    this.badge = Object.assign(document.createElement("span"), { className: "badge" });
    const arrow = this.querySelector("[data-arrow]");
    if (arrow) arrow.hidden = false;
    box.append(this.dot, this.input, this.badge, ...(arrow ? [arrow] : []));
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
    const { title = "", badge = "", off } = chosen?.value ? chosen.dataset : {};
    this.input.value = title;
    this.dot.className = off === undefined ? "dot dot--ok" : "dot";
    this.dot.hidden = this.badge.hidden = !badge;
    this.badge.textContent = badge;
  }

  // type looks for what was typed. With data-clears an emptied input chooses nothing.
  type(search) {
    this.open(search);
    if (search.trim() || !("clears" in this.dataset)) return;
    this.select.value = "";
    this.mark(null);
  }

  open(search = "") {
    const words = search.trim().toLowerCase();
    const fits = (o) => o.value && `${o.dataset.title} ${o.value} ${o.dataset.note}`.toLowerCase().includes(words);
    this.listbox.replaceChildren(...[...this.select.options].filter(fits).map((o) => this.item(o)));
    if (!this.listbox.children.length) this.listbox.append(Object.assign(document.createElement("li"), { className: "menu__head", textContent: this.dataset.none }));
    this.show(true);
    this.mark(this.items().find((item) => item.ariaSelected === "true") ?? this.items()[0]);
  }

  item(option) {
    const item = document.createElement("li");
    const off = option.disabled;
    item.id = `${this.listbox.id}-${option.index}`;
    item.dataset.value = option.value;
    item.setAttribute("role", "option");
    item.ariaSelected = String(option.selected);
    if (off) item.ariaDisabled = "true";
    const text = Object.assign(document.createElement("span"), { className: "grow" });
    const note = Object.assign(document.createElement("small"), { className: off || !option.dataset.badge ? "" : "mono", textContent: option.dataset.note });
    text.append(Object.assign(document.createElement("b"), { textContent: option.dataset.title }), note);
    item.append(text);
    if (!option.dataset.badge) return item; // what has no kind has no state either
    const badge = "accent" in option.dataset ? "badge badge--accent" : "badge";
    item.prepend(Object.assign(document.createElement("span"), { className: off ? "dot" : "dot dot--ok", ariaHidden: "true" }));
    item.append(Object.assign(document.createElement("span"), { className: badge, textContent: option.dataset.badge }));
    return item;
  }

  items() {
    return [...this.listbox.querySelectorAll("[role=option]:not([aria-disabled])")];
  }

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
    this.close();
  }

  close() {
    this.show(false);
    this.mark(null);
    this.say();
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
      this.close();
    }
  }
}

customElements.define("fr-combobox", Combobox);
