// Keeps the site in the browser, so that it opens without a network once it has been visited. It stands before
// JupyterLite's own service worker, which answers whatever this one leaves alone.
//
// The network is always asked first: nothing that is kept can hide a newer site, or another one on the same port. What is
// kept is the answer where the network has none, none in time, a server's failure, or a page in place of a file (as a
// café's network sends before one has logged in; its page in place of a page is shown, and a 404 is a 404). A file is kept
// under its SHA-256, so that no two versions mix, and what a new version has unchanged is there already. What a visit did
// not ask for is brought when the page has been quiet for a while, and not where the learner's system says to save data.
(() => {
  const FILES = new Map(Object.entries({{ files }})); // its path below this script's folder → SHA-256, as hex
  const PLACE = new URL("./", self.location.href);
  const CACHE = `unpickled ${PLACE.pathname}`;
  const QUIET = 5000; // milliseconds without a request, after which a page is taken to have started
  const PATIENCE = 4000; // milliseconds for the network's first word on a file that is kept
  const givenUp = new Set(); // files that came as something else, for the life of this worker
  let asked = Date.now();
  let filling = false;
  let full = false;

  const addressOf = (name) => new URL(encodeURI(name), PLACE).href;
  const keyOf = (name) => `${addressOf(name)}?sha256=${FILES.get(name)}`;
  const keys = new Map([...FILES.keys()].map((name) => [keyOf(name), name]));

  /** Return what an address names below this script's folder, or null. */
  function pathOf(url) {
    if (url.origin !== PLACE.origin || !url.pathname.startsWith(PLACE.pathname)) return null;
    return decodeURI(url.pathname.slice(PLACE.pathname.length));
  }

  /** Return which file of the site an address names, or null. */
  function nameOf(url) {
    const path = pathOf(url);
    if (path === null) return null;
    const name = path === "" || path.endsWith("/") ? `${path}index.html` : path;
    return FILES.has(name) ? name : null;
  }

  async function keptNames() {
    const found = await (await caches.open(CACHE)).keys();
    return new Set(found.map((request) => keys.get(request.url)).filter(Boolean));
  }

  /** Return the file as it is kept; undefined if it is not, or if this browser keeps nothing. */
  const kept = (name) => caches.match(keyOf(name), { cacheName: CACHE }).catch(() => undefined);

  /** Keep a response under a file's name; false if it is not that file, but an older or a changed one. Half a one raises. */
  async function keep(name, response) {
    const bytes = await response.arrayBuffer();
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    if (Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("") !== FILES.get(name)) return false;
    const type = response.headers.get("content-type") ?? "application/octet-stream";
    const copy = new Response(bytes, { headers: { "content-type": type } });
    try {
      await (await caches.open(CACHE)).put(keyOf(name), copy);
    } catch (problem) {
      stopKeeping(problem);
    }
    return true;
  }

  /** What came is no answer to this: the server's own failure, or a page where a file of another kind was asked for. */
  function isNone(response, name) {
    const page = (response.headers.get("content-type") ?? "").startsWith("text/html");
    return response.status >= 500 || (response.status === 200 && page && !name.endsWith(".html"));
  }

  async function answer(event, name) {
    const there = await kept(name);
    const coming = fetch(event.request);
    if (!there) {
      const response = await coming;
      if (response.status === 200 && !full) event.waitUntil(keep(name, response.clone()).catch(() => false));
      return response;
    }
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    const response = await Promise.race([coming.catch(() => undefined), late]);
    return response && !isNone(response, name) ? response : there;
  }

  /** A folder's address without its slash: the server leads on, and where there is none, this does. */
  const withSlash = (request, url) =>
    fetch(request).catch(() => Response.redirect(`${url.origin}${url.pathname}/${url.search}`));

  /** A full disk or a private window is no reason to fail, nor to try again and again. */
  function stopKeeping(problem) {
    full = true;
    console.info(`Nothing more is kept for use without a network: ${problem}`);
  }

  /** Bring what is not yet kept, one after the other, until the page asks for something or the network is gone. */
  async function fill() {
    if (filling || full || Date.now() - asked < QUIET || self.navigator.connection?.saveData) return;
    filling = true;
    try {
      const there = await keptNames();
      for (const name of FILES.keys()) {
        if (full || Date.now() - asked < QUIET) break;
        if (!there.has(name) && !givenUp.has(name)) await bring(name);
      }
    } catch (problem) {
      console.info(`The rest is kept later: ${problem}`);
    } finally {
      filling = false;
    }
  }

  /** Bring one file; as the browser has it, and if that is an older one, as the server has it. */
  async function bring(name) {
    for (const cache of ["default", "reload"]) {
      const response = await fetch(addressOf(name), { cache, priority: "low" });
      if (response.status !== 200) break;
      if (await keep(name, response)) return;
    }
    givenUp.add(name);
  }

  /** Forget what no file of this version is. */
  async function tidy() {
    const cache = await caches.open(CACHE);
    for (const request of await cache.keys()) if (!keys.has(request.url)) await cache.delete(request);
  }

  self.addEventListener("activate", (event) => event.waitUntil(tidy().catch(stopKeeping)));

  self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    if (url.pathname === "/api/service-worker-heartbeat") {
      event.waitUntil(fill()); // JupyterLite asks every twenty seconds, and answers itself
    } else if (url.href === addressOf("kept.json")) {
      event.respondWith(keptNames().then((names) => Response.json({ kept: names.size, of: FILES.size })));
      event.stopImmediatePropagation();
    } else if (event.request.method === "GET" && !event.request.headers.has("range")) {
      const name = nameOf(url);
      const folder = event.request.mode === "navigate" && FILES.has(`${pathOf(url)}/index.html`);
      if (name === null && !folder) return;
      asked = Date.now();
      event.respondWith(name === null ? withSlash(event.request, url) : answer(event, name));
      event.stopImmediatePropagation();
    }
  });
})();

