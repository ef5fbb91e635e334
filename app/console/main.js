// The console: which page is shown, and the switches at its top.

import * as api from "./api.js";
import { articlePage, tellOnce } from "./article-page.js";
import { checkPage } from "./check-page.js";
import { clusterPage } from "./cluster-page.js";
import { clustersPage } from "./clusters-page.js";
import { keyFromPerson } from "./dialogs.js";
import { announce, el } from "./dom.js";
import { figuresPage } from "./figures-page.js";
import { currentLanguage, setLanguage, t, translateStatic } from "./i18n.js";
import { searchPage } from "./search-page.js";

const THEMES = { auto: "◐", light: "☀", dark: "☾" };

// Each page draws into an element, from what stands behind its name in the address.
const PAGES = {
  check: checkPage,
  clusters: (root, id, context) => (id ? clusterPage : clustersPage)(root, id, context),
  articles: articlePage,
  search: searchPage,
  figures: figuresPage,
};

const main = document.getElementById("main");
let leaving = new AbortController();
let isFirst = true;

function show() {
  leaving.abort();
  leaving = new AbortController();
  const [, name, rest] = /^#\/([a-z]+)(?:\/(.*))?$/s.exec(location.hash) ?? [null, "check"];
  const page = PAGES[name] ?? checkPage;
  const root = el("div", {});
  main.replaceChildren(root);
  if (page !== articlePage) root.append(...tellOnce());
  page(root, rest ? decodeURIComponent(rest) : null, { signal: leaving.signal, reload: show });
  for (const link of document.querySelectorAll("#nav a")) {
    const isHere = link.hash.split("/")[1] === (name in PAGES ? (name === "articles" ? "clusters" : name) : "check");
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = root.querySelector("h1");
  document.title = `${t(`nav.${name === "articles" ? "clusters" : name}`)} · dedup-service`;
  if (!isFirst) {
    title?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  isFirst = false;
}

function drawTools() {
  translateStatic();
  const language = document.getElementById("language");
  language.textContent = t("language.other");
  language.lang = currentLanguage() === "en" ? "zh-Hans" : "en";
  drawTheme();
  drawKey();
}

function drawTheme() {
  const { theme } = document.documentElement.dataset;
  const button = document.getElementById("theme");
  button.textContent = THEMES[theme] ?? THEMES.auto;
  button.setAttribute("aria-label", t(`theme.${theme}`));
  button.title = t(`theme.${theme}`);
}

function drawKey() {
  const button = document.getElementById("key");
  button.hidden = !api.hasKey();
  button.textContent = t("key.forget");
}

document.getElementById("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  const { dataset } = document.documentElement;
  dataset.theme = names[(names.indexOf(dataset.theme) + 1) % names.length];
  localStorage.setItem("dedup.theme", dataset.theme);
  drawTheme();
  announce(t(`theme.${dataset.theme}`));
});

document.getElementById("language").addEventListener("click", () => {
  setLanguage(currentLanguage() === "en" ? "zh-Hans" : "en");
  drawTools();
  show();
});

document.getElementById("key").addEventListener("click", () => {
  api.forgetKey();
  drawKey();
});

// Many requests may be refused at once; one question is enough for them all.
let asking = null;
api.onKeyNeeded((wasRefused) => {
  asking ??= keyFromPerson(wasRefused).then((key) => {
    asking = null;
    if (key === null) return false;
    api.keepKey(key);
    drawKey();
    return true;
  });
  return asking;
});

addEventListener("hashchange", show);
drawTools();
show();
