// Keeps the focus where a person works while answers replace parts of the editor: on
// the same control, else on the same step, else on the step before it.
let last = null;

const stepsNow = () => [...document.querySelectorAll(".canvas .node[data-key]")].map((node) => node.dataset.key);
const hitOf = (key) => document.querySelector(`.node[data-key="${CSS.escape(key)}"] .node__hit`);

document.addEventListener("focusin", (event) => {
  const at = event.target;
  if (!at.closest?.("#editor, #question, #node-menu")) return;
  const open = at.closest("#node-menu, #question") && last?.step;
  last = { id: at.id || at.closest(".edge")?.id, does: at.dataset.does, step: at.closest(".node")?.dataset.key ?? (open || ""), steps: stepsNow() };
});

const focusable = (element) => (element?.matches(".edge") ? element.firstElementChild : element);

const same = () =>
  focusable(last.id && document.getElementById(last.id)) ||
  (last.does && document.querySelector(`[data-does="${last.does}"]:not(:disabled)`));

// nearest is the step that had the focus, or the last one before it that is still there.
const nearest = () => {
  const before = last.steps.slice(0, last.steps.indexOf(last.step) + 1).reverse();
  return hitOf([...before, "trigger"].find((key) => hitOf(key)) ?? "");
};

document.addEventListener("htmx:afterSettle", () => {
  if (!last || document.activeElement !== document.body || document.querySelector("dialog[open]")) return;
  const target = same() || hitOf(document.querySelector("#panel")?.dataset.step ?? "") || nearest();
  target?.focus({ preventScroll: true });
});
