// Paste an article, or drop files, and see what they are.

import * as api from "./api.js";
import { articleLink, badge, heading, problemNotice } from "./common.js";
import { announce, el, foreign } from "./dom.js";
import { evidence } from "./evidence.js";
import { t, verdictName } from "./i18n.js";

const AT_ONCE = 3; // files under way
const LARGE = 200_000; // characters that make a field of a browser slow
const SHOWN_OF_LARGE = 2000;

// What was typed and answered stays while other pages are looked at.
const draft = { text: "", id: "", title: "", url: "", remember: false };
let files = [];
let shown = null; // { answer, heading } or { error }

export function checkPage(root) {
  const result = el("div", { class: "stack", id: "result" });
  const fileList = el("section", { class: "card tight", hidden: !files.length });
  const page = { result, fileList };
  root.append(
    heading(t("check.title"), t("check.lead")),
    el("div", { class: "stack" }, el("div", { class: "columns" }, form(page), drop(page)), fileList, result),
  );
  drawFiles(page);
  if (shown) drawResult(page);
}

function form(page) {
  const field = (name, tag = "input", attributes = {}) => {
    const node = el(tag, { name, autocomplete: "off", value: draft[name].slice(0, LARGE), ...attributes });
    node.addEventListener("input", () => (draft[name] = node.value));
    return node;
  };
  const text = field("text", "textarea", { placeholder: t("check.placeholder"), required: true, spellcheck: "false", dir: "auto", lang: "zh", id: "text" });
  const note = el("p", { class: "notice", role: "status", hidden: true });
  const hold = (pasted) => {
    draft.text = pasted;
    text.value = pasted.slice(0, SHOWN_OF_LARGE);
    text.readOnly = true;
    note.hidden = false;
    note.textContent = t("check.large", { n: pasted.length });
  };
  text.addEventListener("paste", (event) => {
    const pasted = event.clipboardData.getData("text/plain");
    if (pasted.length <= LARGE) return;
    event.preventDefault();
    hold(pasted);
  });
  if (draft.text.length > LARGE) hold(draft.text);
  const submit = el("button", { class: "primary" }, t("check.submit"));
  const clear = el("button", { type: "button", class: "quiet" }, t("check.clear"));
  const node = el(
    "form",
    { class: "card stack" },
    el("label", {}, el("span", {}, t("check.text")), text),
    note,
    el(
      "details",
      { class: "more" },
      el("summary", {}, t("check.more")),
      el(
        "div",
        {},
        ["id", "title", "url"].map((name) =>
          el("label", {}, el("span", {}, t(name === "title" ? "check.article_title" : `check.${name}`)), field(name, "input", { dir: "auto" })),
        ),
      ),
    ),
    el("div", { class: "actions" }, submit, clear),
  );
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    submit.textContent = t("check.busy");
    const { text: article, remember, ...names } = draft;
    const given = Object.fromEntries(Object.entries(names).filter(([, value]) => value));
    await take(page, draft.title || t("viewer.this"), () => api.check({ text: article, remember, ...given }));
    submit.disabled = false;
    submit.textContent = t("check.submit");
  });
  clear.addEventListener("click", () => {
    Object.assign(draft, { text: "", id: "", title: "", url: "" });
    for (const input of node.querySelectorAll("input, textarea")) input.value = "";
    text.readOnly = false;
    note.hidden = true;
    shown = null;
    page.result.replaceChildren();
    text.focus();
  });
  return node;
}

function drop(page) {
  const picker = el("input", { type: "file", multiple: true, hidden: true, accept: ".txt,.htm,.html,.xhtml,.md,text/*" });
  const choose = el("button", { type: "button", on: { click: () => picker.click() } }, t("check.choose"));
  const area = el("div", { class: "drop" }, el("strong", {}, t("check.drop")), el("p", {}, t("check.drop.hint")), choose, picker);
  picker.addEventListener("change", () => {
    add(page, [...picker.files]);
    picker.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    area.addEventListener(name, (event) => {
      event.preventDefault();
      area.classList.add("over");
    });
  }
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    add(page, [...event.dataTransfer.files]);
  });
  const remember = el("input", { type: "checkbox", name: "remember", checked: draft.remember });
  remember.addEventListener("change", () => (draft.remember = remember.checked));
  const choice = el(
    "label",
    { class: "choice card" },
    remember,
    el("span", {}, t("check.remember"), el("small", {}, t("check.remember.hint"))),
  );
  return el("div", { class: "stack" }, area, choice);
}

/** Ask for an answer and show it, or the problem that came instead. */
async function take(page, title, ask) {
  try {
    shown = { answer: await ask(), heading: title, isRemembered: draft.remember };
    announce(verdictName(shown.answer.verdict));
  } catch (error) {
    shown = { error };
  }
  drawResult(page);
  page.result.querySelector(".summary")?.focus({ preventScroll: true });
  page.result.scrollIntoView({ block: "start", behavior: "smooth" });
}

function drawResult({ result }) {
  if (shown.error) {
    result.replaceChildren(problemNotice(shown.error));
    return;
  }
  const { answer, isRemembered } = shown;
  const note = isRemembered
    ? el("p", { class: "notice good" }, foreign(t("check.remembered", { id: answer.id })), " ", el("a", { href: articleLink(answer.id) }, t("check.open")))
    : null;
  result.replaceChildren(...[note, evidence(answer, shown.heading)].filter(Boolean));
}

/** Check files, a few at a time, in the order given. */
async function add(page, chosen) {
  const entries = chosen.map((file) => ({ file, answer: null, error: null }));
  files = [...entries, ...files];
  drawFiles(page);
  const waiting = [...entries];
  const work = async () => {
    for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
      try {
        const id = draft.remember ? entry.file.name : null;
        entry.answer = await api.checkFile(entry.file, { remember: draft.remember, id });
        entry.isRemembered = draft.remember;
      } catch (error) {
        entry.error = error;
      }
      drawFiles(page);
      if (entry === entries[0]) open(page, entry);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function open(page, { file, answer, error, isRemembered }) {
  shown = error ? { error } : { answer, heading: file.name, isRemembered };
  drawResult(page);
  page.result.scrollIntoView({ block: "start", behavior: "smooth" });
  page.result.querySelector(".summary")?.focus({ preventScroll: true });
}

function drawFiles(page) {
  page.fileList.hidden = !files.length;
  const rows = files.map((entry) => {
    const state = entry.error ? entry.error.message : entry.answer ? "" : t("check.pending");
    const link = el(
      "a",
      { href: "#/check" },
      el("span", { class: "what" }, el("span", { class: "title" }, foreign(entry.file.name)), state ? el("span", { class: "under" }, foreign(state)) : null),
      entry.answer ? badge(entry.answer.verdict) : null,
    );
    link.addEventListener("click", (event) => {
      event.preventDefault();
      if (entry.answer || entry.error) open(page, entry);
    });
    return el("li", {}, link);
  });
  page.fileList.replaceChildren(
    el("div", { class: "list-head" }, el("h2", {}, t("check.files"))),
    el("ul", { class: "rows" }, rows),
  );
}
