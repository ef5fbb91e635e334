// Elements are made here and nowhere else. Text becomes text nodes, never markup: what
// articles say is hostile until shown otherwise.

/**
 * Make an element.
 *
 * @param {string} tag
 * @param {object} [attributes] `class`, `on` (listeners by event), `data` (data-…), and
 *   plain attributes; null, undefined and false leave an attribute out.
 * @param {...(Node|string|null|undefined)} children
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Make an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Show what an article or a client wrote; its direction cannot reach what stands around it. */
export const foreign = (text) => el("bdi", {}, text);

/** Link to where an article was found, if that is an address to go to at all. */
export function outLink(url) {
  if (!/^https?:\/\//i.test(url)) return foreign(url);
  return el("a", { href: url, rel: "noopener noreferrer nofollow", target: "_blank" }, foreign(url));
}

let announcer = null;

/** Tell those who listen to the page. */
export function announce(text) {
  announcer ??= document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

/** Return the host of an address, or an empty string. */
export function siteOf(url) {
  try {
    return new URL(url).hostname.replace(/^www\./, "");
  } catch {
    return "";
  }
}
