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
