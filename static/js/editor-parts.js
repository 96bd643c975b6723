// The parts of the editor that answers replace, and how they are asked for.
const { htmx, Idiomorph } = window;

export const editor = () => document.getElementById("editor");

// show asks for the parts of an address that differ and puts them into the page.
export const show = async (href, { keep = false } = {}) => {
  await saved();
  await htmx.ajax("GET", href, { source: document.querySelector(".canvas"), target: "#editor", swap: "none" });
  if (!keep) history.replaceState(history.state, "", href);
};

export const address = (query) => `${editor().dataset.home}?${new URLSearchParams(query)}`;

// picks are the selected steps; pick selects more or less of them.
export const picks = () => [...document.querySelectorAll(".node.is-picked")];
export const picked = () => picks().map((node) => node.dataset.key).join();
export const pick = (query) => show(address({ select: picked(), ...query }));

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

// drawn tells with a request what the page shows of the canvas: the answer leaves that out.
export const drawn = () => (state() ? { "Canvas-Drawn": state().dataset.drawn } : {});

// Parts that an answer only names stay as they are.
if (Idiomorph) Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) => fresh.dataset?.kept === undefined;

// What belongs to another drawing than the page's, because answers overtook each other,
// is asked for again.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const basis = event.detail.fragment?.firstElementChild?.dataset.basis;
  if (!basis || state().dataset.drawn.endsWith(`.${basis}`)) return;
  event.detail.shouldSwap = false;
  document.dispatchEvent(new Event("draft:changed"));
});
