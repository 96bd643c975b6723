// A workflow as an indented list: the style sheet draws it from the same elements.
// NARROW is the width of a window at which a workflow is a list unless somebody chose.
const NARROW = 340;

// listed reports whether a canvas is a list, which scrolls like any text.
export const listed = (canvas) => {
  const { as } = canvas.dataset;
  const list = as ? as === "outline" : innerWidth <= NARROW;
  canvas.classList.toggle("is-outline", list);
  return list;
};
