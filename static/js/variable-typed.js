// What is typed into a field with variables may ask for the picker.
import { openAt } from "./variables.js";

// search looks for a variable by what is typed where only one makes sense.
const search = async (at) => {
  await openAt(at.querySelector("[data-vars]"), [0, at.text.length]);
  const box = document.getElementById("vars").querySelector("[data-var-search]");
  box.value = at.text;
  box.focus();
  box.dispatchEvent(new Event("input", { bubbles: true }));
};

// A "/" at the beginning of a word, and braces that are opened, ask for a variable.
document.addEventListener("input", (event) => {
  const at = event.target.closest?.("fr-token-input");
  if (!at?.line || event.target !== at.line) return;
  if (at.matches("[data-left]") && event.inputType === "insertText" && at.text === event.data && !["/", "{"].includes(event.data)) return search(at);
  if (!["/", "{"].includes(event.data) || !at.at) return;
  const before = at.text.slice(0, at.at[0]);
  const asked = before.match(/(?:(?<=^|\s)\/|\{\{)$/);
  if (asked) openAt(at.querySelector("[data-vars]"), [asked.index, before.length]);
});
