// Keeps the site in the browser, so that it opens without a network once it has been visited. It stands before
// JupyterLite's own service worker, which answers whatever this one leaves alone.
//
// The network is always asked first: nothing that is kept can hide a newer site, or another one on the same port. What
// it brings is kept if it is a file of this very version, by its SHA-256; what a visit did not ask for is brought when
// the page has been quiet for a while, and not where the learner's system says to save data.
(() => {
  const VERSION = "{{ version }}";
  const FILES = new Map(Object.entries({{ files }})); // its path below this script's folder → SHA-256, as hex
  const PLACE = new URL("./", self.location.href);
  const OURS = `unpickled ${PLACE.pathname} `;
  const QUIET = 5000; // milliseconds without a request, after which a page is taken to have started
  let asked = Date.now();
  let filling = false;

  const addressOf = (name) => new URL(encodeURI(name), PLACE).href;

  /** Return which file of the site an address names, or null. */
  function nameOf(address) {
    const url = new URL(address);
    if (url.origin !== PLACE.origin || !url.pathname.startsWith(PLACE.pathname)) return null;
    let name = decodeURI(url.pathname.slice(PLACE.pathname.length));
    if (name === "" || name.endsWith("/")) name += "index.html";
    return FILES.has(name) ? name : null;
  }

  const kept = () => caches.open(OURS + VERSION);
  const keptNames = async () => new Set((await (await kept()).keys()).map((request) => nameOf(request.url)));

  /** Keep a response under a file's name; false if it is not that file, but an older or a changed one. */
  async function keep(name, response) {
    const bytes = await response.arrayBuffer();
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    if (Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("") !== FILES.get(name)) return false;
    const type = response.headers.get("content-type") ?? "application/octet-stream";
    await (await kept()).put(addressOf(name), new Response(bytes, { headers: { "content-type": type } }));
    return true;
  }

  /** Keep it if it is not yet there; a full disk or a private window is no reason to fail. */
  async function keepNew(name, response) {
    try {
      if (!(await (await kept()).match(addressOf(name)))) await keep(name, response);
    } catch (problem) {
      console.info(`${name} is not kept for use without a network: ${problem}`);
    }
  }

  async function answer(event, name) {
    try {
      const response = await fetch(event.request);
      if (response.status === 200) event.waitUntil(keepNew(name, response.clone()));
      return response;
    } catch (problem) {
      const there = await caches.match(addressOf(name), { cacheName: OURS + VERSION });
      if (there) return there;
      throw problem;
    }
  }

  /** Bring what is not yet kept, one after the other, until the page asks for something or the network is gone. */
  async function fill() {
    if (filling || Date.now() - asked < QUIET || self.navigator.connection?.saveData) return;
    filling = true;
    try {
      const there = await keptNames();
      for (const name of FILES.keys()) {
        if (Date.now() - asked < QUIET) break;
        if (there.has(name)) continue;
        for (const cache of ["default", "reload"]) {
          const response = await fetch(addressOf(name), { cache, priority: "low" });
          if (response.status !== 200 || (await keep(name, response))) break;
        }
      }
    } catch (problem) {
      console.info(`the rest is kept later: ${problem}`);
    } finally {
      filling = false;
    }
  }

  self.addEventListener("activate", (event) => {
    const older = (name) => name.startsWith(OURS) && name !== OURS + VERSION;
    event.waitUntil(
      caches.keys().then((names) => Promise.all(names.filter(older).map((name) => caches.delete(name)))),
    );
  });

  self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    if (url.pathname === "/api/service-worker-heartbeat") {
      event.waitUntil(fill()); // JupyterLite asks every twenty seconds, and answers itself
    } else if (url.href === addressOf("kept.json")) {
      event.respondWith(keptNames().then((names) => Response.json({ kept: names.size, of: FILES.size })));
      event.stopImmediatePropagation();
    } else {
      const name = event.request.method === "GET" && !event.request.headers.has("range") ? nameOf(url) : null;
      if (name === null) return;
      asked = Date.now();
      event.respondWith(answer(event, name));
      event.stopImmediatePropagation();
    }
  });
})();

