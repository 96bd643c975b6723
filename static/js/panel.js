// The panel of a step after something was saved: pills say what the server says of
// their variables, and inputs say whether something is wrong with them.
import { saved } from "./editor-parts.js";

const inputsAt = (form, at) =>
  [...form.elements].filter((one) => one.name === at || (one.name.startsWith(`${at}.`) && one.type !== "hidden" && one.type !== "submit"));

// mark follows the sentences beside the inputs: those of a row count for all its
// inputs, those of a whole setting for its own input alone.
const mark = (slot) => {
  const form = slot.closest("form");
  if (!form) return;
  const at = slot.dataset.problemOf;
  const row = at.split(".").length > 2;
  const wrong = slot.querySelector(".err");
  inputsAt(form, at).filter((one) => row || one.name === at).forEach((one) => (wrong ? one.setAttribute("aria-invalid", "true") : one.removeAttribute("aria-invalid")));
};

document.addEventListener("htmx:afterSettle", () => {
  document.querySelectorAll("#step-form [data-problem-of]").forEach(mark);
  document.querySelectorAll("fr-token-input").forEach((one) => one.repaint?.());
});

// enter puts the focus on the first thing in the panel: who opened a step by a key goes on
// there.
export const enter = () => {
  const panel = document.getElementById("panel");
  const all = [...panel.querySelectorAll(".panel__body :is(input:not([type=hidden]),select,textarea,[contenteditable=true]):not(:disabled)")];
  (all.find((one) => one.checkVisibility() && (one.type !== "radio" || one.checked)) ?? panel.querySelector("[data-close-panel]"))?.focus();
};

// Esc leads back to the step on the canvas. What was typed is sent first.
document.addEventListener("keydown", async (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !event.target.closest?.("#panel") || event.target.closest("[popover],fr-code")) return;
  event.preventDefault();
  await saved();
  document.activeElement.blur();
  document.querySelector("#panel [data-close-panel]")?.click();
});

// What was typed since the form was sent stays when the answer draws it again.
let typed = null;

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const now = document.activeElement;
  const field = now?.closest("fr-token-input")?.raw ?? now;
  const sent = detail.requestConfig.elt.id === "step-form" && field?.form === detail.requestConfig.elt && detail.requestConfig.formData.get(field.name);
  typed = typeof sent === "string" && sent !== field.value ? field : null;
});

document.addEventListener("htmx:afterRequest", () => {
  const field = typed && !typed.isConnected && document.getElementById(typed.id);
  if (field) {
    field.value = typed.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const host = field.closest("fr-token-input");
    (host?.line ?? field).focus();
    host?.select(field.value.length);
  }
  typed = null;
});

// A row that was added has the focus; where one was taken away, the way to the next.
const ADDS = "#step-form [name$='.+']"; // a list that adds what is chosen
let pressed = "";

document.addEventListener("click", (event) => {
  pressed = event.target.closest?.("#step-form button[name=do]")?.value ?? "";
}, true);

document.addEventListener("change", ({ target }) => {
  if (target.matches(ADDS)) pressed = `${target.name.slice(4, -1)}${target.value}.set`;
});

const shown = (one) => (one.closest("fr-token-input")?.line ?? one).checkVisibility();

document.addEventListener("htmx:afterSettle", () => {
  const form = document.getElementById("step-form");
  if (!pressed || !form || (form.contains(document.activeElement) && !document.activeElement.matches(ADDS))) return;
  const [, at, what] = pressed.match(/^(.*)\.(\w+)$/);
  pressed = "";
  const inputs = [...form.elements].filter((one) => one.name.startsWith(`set.${at}.`) && one.type !== "hidden" && shown(one));
  const row = inputs.at(-1)?.name.slice(`set.${at}.`.length).split(".")[0];
  const first = what === "set" ? form.elements.namedItem(`set.${at}`) : inputs.find((one) => one.name.startsWith(`set.${at}.${row}.`));
  const buttons = form.querySelectorAll(`button[name=do][value^="${CSS.escape(at.split(".")[0])}."]`);
  const next = what === "remove" || !first ? [...buttons].at(-1) : (first.closest("fr-token-input")?.line ?? first);
  next?.focus();
});
