// What the pills of variables say: the server names every variable that the open step
// refers to, the picker those that are chosen in it.
const picked = new Map();

// learn keeps the name of a variable until the server says it.
export const learn = (path, name) => picked.set(path, name);

const told = (path) => {
  const option = document.getElementById("variable-names")?.querySelector(`option[value="${CSS.escape(path)}"]`);
  return option && { label: option.label, icon: option.dataset.icon, problem: option.dataset.problem };
};

const nameOf = (path) => told(path) ?? picked.get(path) ?? { label: path };

const icon = (sprite, name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.classList.add("i", "i-12");
  svg.ariaHidden = "true";
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `${sprite}#${name}`);
  return svg;
};

// paint lets a pill say what is known of its variable.
export const paint = (pill, path, sprite) => {
  const { label, icon: kind, problem } = nameOf(path);
  pill.classList.toggle("var--bad", Boolean(problem));
  pill.title = problem ? `${pill.dataset.ref}\n${problem}` : pill.dataset.ref;
  const words = label.split(" / ").flatMap((word, i) => (i ? [Object.assign(document.createElement("i"), { textContent: "/" }), word] : [word]));
  const mark = problem ? "circle-alert" : kind;
  const text = Object.assign(document.createElement("span"), { className: "var__t" });
  text.append(...words);
  pill.replaceChildren(...(mark && sprite ? [icon(sprite, mark)] : []), text);
  if (problem) pill.append(Object.assign(document.createElement("span"), { className: "sr", textContent: ` ${problem}` }));
};
