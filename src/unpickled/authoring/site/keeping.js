// Keeps the site in the browser, so that it opens without a network once it has been visited. It stands before
// JupyterLite's own service worker, which answers whatever this one leaves alone.
//
// The network is asked first, past the browser's HTTP cache, which may hold an older version: the server says whether a
// file has changed. So nothing that is kept can hide a newer site, or another one on the same port. What is kept is the
// answer where the network has none, none in time, a server's failure or refusal, or a stranger's answer in place of a
// file (as a café's network sends before one has logged in). In place of a page, a stranger's page or a refusal is shown;
// and a 404 is a 404. A file is kept under its SHA-256, and what a new version has unchanged is there already. What a
// visit did not ask for is brought when the page has been quiet for a while, and not where the learner's system says to
// save data.
//
// Of versions this much is promised. A page that was itself kept gets its files from what is kept, where they are there.
// A page from the network gets a kept file only if it is this version's page, byte for byte; each index.html names its
// version. Of a page that was opened before this worker came, or before the browser stopped and restarted the worker,
// nothing is known: it waits for the network, and gets a kept file only where there is no network, or a stranger answers.
// Not promised: that a page which stays open while the site is replaced gets no newer file from the network.
(() => {
  const FILES = new Map(Object.entries({{ files }})); // its path below this script's folder → SHA-256, as hex
  const PLACE = new URL("./", self.location.href);
  const CACHE = `unpickled ${PLACE.pathname}`;
  const QUIET = 5000; // milliseconds without a request, after which a page is taken to have started
  const PATIENCE = 4000; // milliseconds for the network's first word on a file that is kept
  const LONGEST = 60000; // milliseconds for a file that no page has asked for
  const KEPT = "kept";
  const pages = new Map(); // a page's or worker's id → KEPT if the page was kept, or a promise: is it this version's?
  const givenUp = new Set(); // files that came as something else or not at all, for the life of this worker
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

  /** Keep a response under a file's name; false if it is not that file, but an older or a changed one. Half raises. */
  async function keep(name, response) {
    const bytes = await response.arrayBuffer();
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    if (Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("") !== FILES.get(name)) return false;
    if (full) return true;
    const type = response.headers.get("content-type") ?? "application/octet-stream";
    const copy = new Response(bytes, { headers: { "content-type": type } });
    try {
      await (await caches.open(CACHE)).put(keyOf(name), copy);
    } catch (problem) {
      stopKeeping(problem);
    }
    return true;
  }

  /** Not this site's server has answered: another host, or with a page where a file of another kind was asked for. */
  function isStranger(response, name) {
    const page = (response.headers.get("content-type") ?? "").startsWith("text/html");
    const elsewhere = response.type === "opaque" || (response.redirected && !response.url.startsWith(PLACE.href));
    return elsewhere || response.status === 511 || (response.status === 200 && page && !name.endsWith(".html"));
  }

  /** The server fails, or refuses. */
  const isFailure = (response) => response.status >= 500 || response.status === 403;

  /** Return what comes, or undefined if nothing does in time. */
  function inTime(coming) {
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    return Promise.race([coming.catch(() => undefined), late]);
  }

  /** Answer with a page, and remember for its files whether it is this version's. */
  async function answerPage(event, name) {
    const there = await kept(name);
    const { url, headers } = event.request; // a navigation's request cannot be copied with another cache mode
    const coming = fetch(url, { headers, cache: "no-cache", redirect: "manual" });
    const response = there ? await inTime(coming) : await coming;
    if (!response || (there && response.status >= 500 && response.status !== 511)) {
      pages.set(event.resultingClientId, KEPT);
      return there;
    }
    const same = response.status === 200 ? keep(name, response.clone()).catch(() => false) : Promise.resolve(false);
    pages.set(event.resultingClientId, same);
    event.waitUntil(same);
    return response;
  }

  async function answer(event, name) {
    const page = pages.get(event.clientId);
    if (event.resultingClientId) pages.set(event.resultingClientId, page); // a worker is of its page's version
    const there = await kept(name);
    if (there && page === KEPT) return there;
    const coming = fetch(new Request(event.request, { cache: "no-cache" }));
    if (!there) {
      const response = await coming;
      if (response.status === 200 && !full) event.waitUntil(keep(name, response.clone()).catch(() => false));
      return response;
    }
    if (page === undefined) {
      const response = await coming.catch(() => undefined);
      return response && !isStranger(response, name) ? response : there;
    }
    const response = await inTime(coming);
    if (response && !isFailure(response) && !isStranger(response, name)) return response;
    return (await page) ? there : coming;
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
    const signal = AbortSignal.timeout(LONGEST);
    try {
      for (const cache of ["default", "reload"]) {
        const response = await fetch(addressOf(name), { cache, priority: "low", signal });
        if (response.status !== 200) break;
        if (await keep(name, response)) return;
      }
    } catch (problem) {
      if (!signal.aborted) throw problem;
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
      const navigates = event.request.mode === "navigate";
      const folder = navigates && FILES.has(`${pathOf(url)}/index.html`);
      if (name === null && !folder) return;
      asked = Date.now();
      if (name === null) event.respondWith(withSlash(event.request, url));
      else event.respondWith(navigates ? answerPage(event, name) : answer(event, name));
      event.stopImmediatePropagation();
    }
  });
})();

