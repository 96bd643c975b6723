// The "Search or jump to" dialog. The server answers with choices; the focus stays in
// the field, arrows move through the choices, and Enter follows the one that is marked.
// Enter before the answer is there follows its first choice once it comes.
const fieldOf = (target) => target?.closest?.("dialog.cmdk")?.querySelector("[role=combobox]");
const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
const choices = (field) => [...listOf(field).querySelectorAll("[role=option]")];

let waiting = false; // for an answer to follow

const mark = (field, chosen) => {
  for (const choice of choices(field)) {
    choice.classList.toggle("is-active", choice === chosen);
    choice.setAttribute("aria-selected", String(choice === chosen));
  }
  if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
  else field.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
};

const answered = (field) => listOf(field).dataset.jumpFor === field.value.trim();

const steps = {
  ArrowDown: (at, last) => (at === last ? 0 : at + 1),
  ArrowUp: (at, last) => (at <= 0 ? last : at - 1),
  PageDown: (at, last) => last,
  PageUp: () => 0,
};

document.addEventListener("keydown", (event) => {
  const field = fieldOf(event.target);
  if (!field || event.target !== field) return;
  const all = choices(field);
  const now = all.findIndex((choice) => choice.classList.contains("is-active"));
  if (!steps[event.key] || !all.length) return;
  event.preventDefault();
  mark(field, all[steps[event.key](now, all.length - 1)]);
});

// Enter sends the form, and so does the key of a phone that says so.
document.addEventListener("submit", (event) => {
  const field = fieldOf(event.target);
  if (!field) return;
  event.preventDefault();
  waiting = !answered(field);
  if (!waiting) (choices(field).find((choice) => choice.classList.contains("is-active")) ?? choices(field)[0])?.click();
});

document.addEventListener("input", (event) => {
  if (fieldOf(event.target)) waiting = false;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const field = fieldOf(event.target) ?? fieldOf(document.getElementById("jump"));
  if (!field || event.detail.elt?.id !== listOf(field)?.id) return;
  const first = choices(field)[0];
  mark(field, first);
  if (!waiting || !answered(field)) return; // an answer to what was typed before
  waiting = false;
  first?.click();
});
