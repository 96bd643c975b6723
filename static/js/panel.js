// The panel of a step after something was saved: pills say what the server says of
// their variables, and inputs say whether something is wrong with them.
const inputsAt = (form, at) =>
  [...form.elements].filter((one) => one.name === at || (one.name.startsWith(`${at}.`) && one.type !== "hidden" && one.type !== "submit"));

// mark follows the sentences beside the inputs: those of a row count for all its
// inputs, those of a whole setting for its own input alone.
const mark = (slot) => {
  const form = slot.closest("form");
  if (!form) return;
  const at = slot.dataset.problemOf;
  const row = at.split(".").length > 2;
  const wrong = slot.childElementCount > 0;
  inputsAt(form, at).filter((one) => row || one.name === at).forEach((one) => (wrong ? one.setAttribute("aria-invalid", "true") : one.removeAttribute("aria-invalid")));
};

document.addEventListener("htmx:afterSettle", () => {
  document.querySelectorAll("#step-form [data-problem-of]").forEach(mark);
  document.querySelectorAll("fr-token-input").forEach((one) => one.repaint?.());
});

// A row that was added has the focus; where one was taken away, the way to the next.
let pressed = "";

document.addEventListener("click", (event) => {
  pressed = event.target.closest?.("#step-form button[name=do]")?.value ?? "";
}, true);

const shown = (one) => (one.closest("fr-token-input")?.line ?? one).checkVisibility();

document.addEventListener("htmx:afterSettle", () => {
  const form = document.getElementById("step-form");
  if (!pressed || !form || form.contains(document.activeElement)) return;
  const [, at, what] = pressed.match(/^(.*)\.(\w+)$/);
  pressed = "";
  const inputs = [...form.elements].filter((one) => one.name.startsWith(`set.${at}.`) && one.type !== "hidden" && shown(one));
  const row = inputs.at(-1)?.name.slice(`set.${at}.`.length).split(".")[0];
  const first = inputs.find((one) => one.name.startsWith(`set.${at}.${row}.`));
  const buttons = form.querySelectorAll(`button[name=do][value^="${CSS.escape(at.split(".")[0])}."]`);
  const next = what === "remove" || !first ? [...buttons].at(-1) : (first.closest("fr-token-input")?.line ?? first);
  next?.focus();
});
