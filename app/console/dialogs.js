// Questions to the person at the keyboard.

import { el } from "./dom.js";
import { t } from "./i18n.js";

/** Ask before something that cannot be undone; resolves to whether to go on. */
export async function confirmed(what, values, { isDangerous = false } = {}) {
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "dialog-title" }, t(`${what}.title`)),
    el("p", { id: "dialog-text" }, el("bdi", {}, t(`${what}.text`, values))),
    el(
      "div",
      { class: "actions" },
      el("button", { value: "no", autofocus: true }, t("cancel")),
      el("button", { value: "yes", class: isDangerous ? "danger" : "primary" }, t(`${what}.confirm`)),
    ),
  );
  return (await ask(form)) === "yes";
}

/** Ask for an API key; resolves to it, or null. */
export async function keyFromPerson(wasRefused) {
  const input = el("input", { type: "password", name: "key", autocomplete: "off", required: true, autofocus: true, id: "key-field" });
  const cancel = el("button", { type: "button" }, t("cancel"));
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "dialog-title" }, t("key.title")),
    el("p", { id: "dialog-text" }, t("key.text")),
    wasRefused ? el("p", { class: "notice error", role: "alert" }, t("key.wrong")) : null,
    el("label", {}, el("span", {}, t("key.label")), input),
    el("div", { class: "actions" }, cancel, el("button", { value: "yes", class: "primary" }, t("key.use"))),
  );
  const answer = ask(form);
  cancel.addEventListener("click", () => form.closest("dialog").close("no"));
  return (await answer) === "yes" && input.value ? input.value : null;
}

function ask(form) {
  const dialog = el("dialog", { "aria-labelledby": "dialog-title", "aria-describedby": "dialog-text" }, form);
  document.body.append(dialog);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
