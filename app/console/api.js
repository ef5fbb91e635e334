// The service, as the console asks it. Addresses are relative: the console also works under
// a path of a proxy.

const KEY = "dedup.key";

/** What the service answers when it does not do as asked (RFC 9457). */
export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

let askForKey = async () => null;

/** Say who asks the person at the keyboard for a key. */
export function onKeyNeeded(ask) {
  askForKey = ask;
}

export const hasKey = () => sessionStorage.getItem(KEY) !== null;
export const forgetKey = () => sessionStorage.removeItem(KEY);
export const keepKey = (key) => sessionStorage.setItem(KEY, key);

/** Ask the service; a key is asked for when it wants one, as often as it refuses one. */
async function send(path, options = {}, { quiet = false } = {}) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const headers = { ...options.headers, ...(key === null ? {} : { Authorization: `Bearer ${key}` }) };
    let response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(0, "network", String(error.message));
    }
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status !== 401 || quiet) throw problem;
    const isStale = sessionStorage.getItem(KEY) !== key; // a key was given meanwhile
    if (!isStale && !(await askForKey(key !== null))) throw problem;
  }
}

async function problemOf(response) {
  try {
    const body = await response.json();
    return new Problem(response.status, body.code ?? "http", body.detail ?? response.statusText);
  } catch {
    return new Problem(response.status, "http", `${response.status} ${response.statusText}`);
  }
}

const query = (values) =>
  new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "")).toString();
const getJson = async (path, options) => (await send(path, options)).json();
const sendJson = async (method, path, body) =>
  getJson(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
// Ids may hold anything, slashes too; the route takes the rest of the path.
const articlePath = (id) => `articles/${encodeURIComponent(id)}`;

const EVIDENCE = { passages: true, repaired: true, main_text: true, damage_marks: true };

/** Check a text. */
export const check = (fields) => sendJson("POST", "check", { ...fields, ...EVIDENCE });

/** Check a file; its bytes are sent as they are, and the service finds out the encoding. */
export async function checkFile(file, options) {
  const isHtml = /html/.test(file.type) || /\.x?html?$/i.test(file.name);
  return getJson(`check?${query({ ...options, ...EVIDENCE })}`, {
    method: "POST",
    headers: { "Content-Type": isHtml ? "text/html" : "text/plain" },
    body: file,
  });
}

export const article = (id, options) =>
  getJson(`${articlePath(id)}?${query({ repaired: true, main_text: true, damage_marks: true })}`, options);
export const articles = (filters, options) => getJson(`articles?${query(filters)}`, options);
export const clusters = (page, options) => getJson(`clusters?${query(page)}`, options);
export const cluster = (id, page, options) => getJson(`clusters/${encodeURIComponent(id)}?${query(page)}`, options);
export const decide = (clusterId, decision) => sendJson("PATCH", `clusters/${encodeURIComponent(clusterId)}`, decision);
export const remove = (id) => send(articlePath(id), { method: "DELETE" });
/** Figures are asked for again and again: a refusal is told, not asked about. */
export const metrics = async (options) => (await send("metrics", options, { quiet: true })).text();
