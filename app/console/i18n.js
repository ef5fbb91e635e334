// Which language people read, and numbers and times in it.

import { messages } from "./messages.js";

const stored = (() => {
  try {
    return localStorage.getItem("dedup.language");
  } catch {
    return null; // a page without storage, such as a report opened from a disk
  }
})();

let language = stored ?? ((navigator.language ?? "").toLowerCase().startsWith("zh") ? "zh-Hans" : "en");
document.documentElement.lang = language;

export const currentLanguage = () => language;

/** Choose a language and keep the choice. */
export function setLanguage(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  try {
    localStorage.setItem("dedup.language", chosen);
  } catch {
    // It holds until the page is closed.
  }
}

/**
 * Return a message in the language chosen.
 *
 * @param {string} key
 * @param {Record<string, string|number>} [values] Put in place of `{name}`. In a message
 *   with two forms, `one | many`, the value `n` chooses.
 */
export function t(key, values = {}) {
  const [one, many = one] = (messages[language][key] ?? messages.en[key] ?? key).split(" | ");
  const form = values.n === 1 ? one : many;
  return form.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : (values[name] ?? "")));
}

export const verdictName = (verdict) => t(`verdict.${verdict}`);
export const damageName = (kind) => t(`damage.${kind}`);
export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
export const share = (value) =>
  new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);
export const time = (text) =>
  text ? new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text)) : "";
export const day = (text) => (text ? new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(text)) : "");

/** Put the chosen language into the parts of the page that are always there. */
export function translateStatic(root = document) {
  for (const node of root.querySelectorAll("[data-i18n]")) node.textContent = t(node.dataset.i18n);
  for (const node of root.querySelectorAll("[data-i18n-label]")) node.setAttribute("aria-label", t(node.dataset.i18nLabel));
}
