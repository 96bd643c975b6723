// Palettes: typing narrows the entries by their words, arrows go through them, and Enter
// takes the first one. Without scripts the search is hidden and all entries stand there.
const shown = (el) => !el.hidden;

const paletteOf = (el) => el?.closest?.("[data-palette-search]")?.parentElement;

const listOf = (palette) => palette.querySelector(".palette__list");

const entries = (palette) => [...palette.querySelectorAll(".palette__list > .menu__item")];

const words = (item) => (item.dataset.words ?? item.textContent).toLowerCase();

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
    } else if (el.matches(".menu__item") && shown(el)) {
      any = true;
    }
  }
  close();
};

document.addEventListener("input", (event) => {
  const palette = paletteOf(event.target);
  if (!palette) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of entries(palette)) item.hidden = !words(item).includes(wanted);
  tidy(listOf(palette));
  const none = palette.querySelector("[data-palette-none]");
  if (none) none.hidden = entries(palette).some(shown);
});

document.addEventListener("keydown", (event) => {
  const searching = paletteOf(event.target);
  const palette = searching ?? event.target.closest?.(".palette__list")?.parentElement;
  if (!palette || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  const all = entries(palette).filter(shown);
  if (event.key === "Enter") {
    if (!searching) return;
    event.preventDefault();
    all.find((item) => item.getAttribute("aria-disabled") !== "true")?.click();
    return;
  }
  const now = all.indexOf(document.activeElement);
  if (!all.length || (!searching && now < 0)) return;
  event.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, now + (event.key === "ArrowDown" ? 1 : -1)))].focus();
});

const reveal = () =>
  document.querySelectorAll("[data-palette-search][hidden]").forEach((el) => {
    el.hidden = false;
  });
document.addEventListener("htmx:afterSettle", reveal);
reveal();
