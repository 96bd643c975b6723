// <fr-code> turns the textarea inside it into a code editor. The textarea stays what the
// form sends; without scripts it is all there is. The editor stands in a shadow root:
// only there may its styles be adopted. It is a large file, so it is loaded when the
// first field opens.
const load = () => import("../vendor/codemirror.min.js");

const languages = { javascript: (cm) => cm.javascript(), json: (cm) => cm.json(), sql: (cm) => cm.sql() };

const look = (cm) => [
  cm.EditorView.theme({
    "&": { color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "var(--fs-12)", maxHeight: "360px" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "18px", minHeight: "72px" },
    ".cm-gutters": { backgroundColor: "var(--surface-2)", color: "var(--text-3)", borderColor: "var(--line)" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--surface-2)" },
    ".cm-cursor": { borderLeftColor: "var(--text)" },
    ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "var(--accent-soft-2) !important" },
    ".cm-matchingBracket": { backgroundColor: "var(--accent-soft) !important", color: "var(--accent-text) !important" },
    ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--text)", borderColor: "var(--line-2)", borderRadius: "var(--r-2)" },
    ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--accent-text)" },
    ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
    ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" }, // its own picture is no file of ours
  }),
  cm.syntaxHighlighting(
    cm.HighlightStyle.define([
      { tag: [cm.tags.propertyName, cm.tags.keyword, cm.tags.typeName], color: "var(--c-data)" },
      { tag: cm.tags.string, color: "var(--ok-text)" },
      { tag: cm.tags.number, color: "var(--c-human)" },
      { tag: [cm.tags.bool, cm.tags.null], color: "var(--c-link)" },
      { tag: cm.tags.comment, color: "var(--text-3)", fontStyle: "italic" },
    ]),
  ),
];

// names completes the inputs that a script may use.
const names = (code) => (context) => {
  const word = context.matchBefore(/[\w$.]+/);
  if (!word && !context.explicit) return null;
  const inputs = [...(code.textarea.form?.querySelectorAll("[data-input-name]") ?? [])].map((one) => one.value).filter(Boolean);
  return { from: word?.from ?? context.pos, options: inputs.map((name) => ({ label: `inputs.${name}`, type: "variable" })), validFor: /^[\w$.]*$/ };
};

// overwrite types over what is selected: the browser would keep the style of what goes,
// which the security policy forbids. Brackets and quotes are put around it instead.
const overwrite = (event, view) => {
  if (event.inputType !== "insertText" || !event.data || /[([{"'`]/.test(event.data) || view.state.selection.main.empty) return false;
  event.preventDefault();
  view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type" });
  return true;
};

class Code extends HTMLElement {
  async connectedCallback() {
    this.textarea ??= this.querySelector("textarea");
    if (this.shadowRoot || this.textarea.matches(":disabled, [readonly]")) return;
    const root = this.attachShadow({ mode: "open" });
    root.append(document.createElement("slot")); // the textarea, until the editor is there
    const cm = await load();
    this.cm = cm;
    this.view = new cm.EditorView({ root, state: cm.EditorState.create({ doc: this.textarea.value, extensions: this.extensions(cm) }) });
    root.replaceChildren(this.view.dom);
    this.classList.add("is-ready");
    this.setAttribute("contenteditable", "false"); // keys that mean something elsewhere are typed here
    this.textarea.addEventListener("input", () => this.take());
    this.view.contentDOM.addEventListener("blur", () => this.textarea.dispatchEvent(new Event("change", { bubbles: true })));
    this.describe();
  }

  extensions(cm) {
    const language = languages[this.dataset.language];
    const data = this.dataset.language === "javascript" ? [cm.EditorState.languageData.of(() => [{ autocomplete: names(this) }])] : [];
    return [
      cm.lineNumbers(), cm.highlightActiveLine(), cm.drawSelection(), cm.history(), cm.indentOnInput(), cm.bracketMatching(), cm.closeBrackets(),
      cm.autocompletion({ icons: false }), cm.EditorView.lineWrapping, cm.indentUnit.of("  "), ...(language ? [language(cm)] : []), ...data, ...look(cm),
      cm.keymap.of([...cm.closeBracketsKeymap, ...cm.completionKeymap, ...cm.defaultKeymap, ...cm.historyKeymap, cm.indentWithTab]), // after Esc, Tab goes on
      cm.EditorView.domEventHandlers({ beforeinput: overwrite }),
      cm.EditorView.contentAttributes.of({ "aria-label": this.name(), spellcheck: "false" }),
      cm.EditorView.updateListener.of((update) => update.docChanged && this.tell()),
    ];
  }

  name() { return `${this.textarea.ariaLabel ?? this.textarea.labels[0]?.textContent.replace("*", "").trim() ?? ""}. ${this.dataset.keys ?? ""}`; }

  // tell puts the code where the form sends it from.
  tell() {
    const text = this.view.state.doc.toString();
    if (text === this.textarea.value) return;
    this.textarea.value = text;
    this.textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // take shows a code that was put into the textarea.
  take() {
    const now = this.view.state.doc.toString();
    if (this.textarea.value !== now) this.view.dispatch({ changes: { from: 0, to: now.length, insert: this.textarea.value } });
  }

  // describe marks the line that the server's sentence names.
  describe() {
    if (!this.view) return;
    const sentence = this.closest(".setting")?.querySelector(".setting__problem .err")?.textContent.trim();
    const { doc } = this.view.state;
    const number = Math.min(Number(sentence?.match(/^\D*(\d+)\s*:/)?.[1] ?? 1), doc.lines);
    const line = doc.line(number);
    const marks = sentence ? [{ from: line.from, to: line.to, severity: "error", message: sentence }] : [];
    this.view.dispatch(this.cm.setDiagnostics(this.view.state, marks));
    if (sentence) this.view.contentDOM.setAttribute("aria-invalid", "true");
    else this.view.contentDOM.removeAttribute("aria-invalid");
  }

  focus() { (this.view ?? this.textarea).focus(); }
}

customElements.define("fr-code", Code);

document.addEventListener("htmx:afterSettle", () => document.querySelectorAll("fr-code").forEach((one) => one.describe?.()));

document.addEventListener("click", (event) => {
  const code = event.target.closest?.("label")?.control?.closest("fr-code");
  if (code?.view) code.focus();
});
