// The parts of the editor that answers replace, and how they are asked for.
const { htmx } = window;

export const editor = () => document.getElementById("editor");

// show asks for the parts of an address that differ and puts them into the page.
export const show = async (href, { keep = false } = {}) => {
  await saved();
  await htmx.ajax("GET", href, { source: document.querySelector(".canvas"), target: "#editor", swap: "none" });
  if (!keep) history.replaceState(history.state, "", href);
};

// saved waits for what is being sent: the answer to it must not come behind that of a
// later request.
export const saved = () => new Promise((resolve) => {
  const busy = () => document.querySelector("#step-form.htmx-request, #editor-command.htmx-request");
  const check = () => {
    if (busy()) return;
    document.removeEventListener("htmx:afterRequest", check);
    resolve();
  };
  document.addEventListener("htmx:afterRequest", check);
  check();
});

export const state = () => document.getElementById("editor-state");

// editing reports whether the reader may change what is drawn.
export const editing = () => "editing" in (state()?.dataset ?? {});
