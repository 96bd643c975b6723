// Palettes: typing narrows the entries, and Enter takes the first one. Without
// scripts the search is hidden and all entries stand there.
const shown = (el) => !el.hidden;

// A heading goes when nothing below it is left.
const tidy = (list) => {
  let head = null;
  let any = false;
  const close = () => {
    if (head) head.hidden = !any;
  };
  for (const el of list.children) {
    if (el.matches(".menu__head")) {
      close();
      head = el;
      any = false;
    } else if (shown(el)) {
      any = true;
    }
  }
  close();
};

const entries = (palette) => [...palette.querySelectorAll(".palette__list > .menu__item")];

document.addEventListener("input", (event) => {
  const palette = event.target.closest("[data-palette-search]")?.closest(".palette");
  if (!palette) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of entries(palette)) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  tidy(palette.querySelector(".palette__list"));
});

document.addEventListener("keydown", (event) => {
  const palette = event.target.closest?.("[data-palette-search]")?.closest(".palette");
  if (!palette || event.key !== "Enter") return;
  event.preventDefault();
  entries(palette).find(shown)?.click();
});

const reveal = () =>
  document.querySelectorAll("[data-palette-search][hidden]").forEach((el) => {
    el.hidden = false;
  });
document.addEventListener("htmx:afterSettle", reveal);
reveal();
