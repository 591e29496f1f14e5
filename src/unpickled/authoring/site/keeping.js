// Keeps the site in the browser, so that it opens without a network once it has been visited. It stands before
// JupyterLite's own service worker, which answers whatever this one leaves alone.
//
// A page is asked of the network first, past the browser's HTTP cache, which may hold an older version. So nothing that
// is kept hides a newer site, or another one on the same port. The kept page is the answer where the network has none,
// is silent for too long, or the server fails; a refusal, a stranger's page (as a café's network sends before one has
// logged in) and a 404 are shown. Each index.html names its version, so its bytes tell which files belong to it.
//
// Promised: a page of this version, kept or the network's, gets each of its files that is kept from there, at once and
// whatever the network does; so do its workers. A kept file is given to no page of another version, nor to one of which
// nothing is known: such a page gets what the network has, or an error. What is known of a page outlives a restart of
// this worker, and the next version's worker knows it too. Pages that are open when the first worker comes count as of
// its version.
//
// Not promised: that a page which stays open while the site is replaced gets no newer file from the network. It may get
// one in place of what is not kept, and of all when the newer version's worker has come. Nor is anything known of a
// page that is no index.html and came from the network; nor, after a restart, of one for whose note there was no room.
//
// A file is kept under its SHA-256, and what a new version has unchanged is there already. What a visit did not ask for
// is brought when the page has been quiet for a while, and not where the learner's system says to save data. What fails
// is asked for again later; what is gone, or not this version's, is given up for the life of this worker.
(() => {
  const FILES = new Map(Object.entries({{ files }})); // its path below this script's folder → SHA-256, as hex
  const PLACE = new URL("./", self.location.href);
  const CACHE = `unpickled ${PLACE.pathname}`;
  const PAGES = `${CACHE} pages`; // the open pages and their workers: client id → the version's page, as its key
  const QUIET = 5000; // milliseconds without a request, after which a page is taken to have started
  const PATIENCE = 4000; // milliseconds without a byte of a page that is kept
  const LONGEST = 60000; // milliseconds without a byte of what is not kept
  const SHOWN = [401, 403, 404, 407, 410, 511]; // an answer in place of a page; each other status from 400 is a failure
  const pages = new Map(); // what PAGES has of the pages that this worker has met
  const missing = [...FILES.keys()]; // what is still to be brought, unless it is kept
  let asked = Date.now();
  let filling = false;
  let full = false;

  const addressOf = (name) => new URL(encodeURI(name), PLACE).href;
  const keyOf = (name, sum = FILES.get(name)) => `${addressOf(name)}?sha256=${sum}`;
  const keys = new Map([...FILES.keys()].map((name) => [keyOf(name), name]));
  const OURS = keyOf("index.html"); // this version's page, where another one of it will do

  /** Return which file of the site an address names, or null; where one navigates, also a folder without its slash. */
  function nameOf(url, navigates) {
    if (url.origin !== PLACE.origin || !url.pathname.startsWith(PLACE.pathname)) return null;
    const path = decodeURI(url.pathname.slice(PLACE.pathname.length));
    const index = path === "" || path.endsWith("/") ? `${path}index.html` : `${path}/index.html`;
    if (FILES.has(path)) return path;
    return FILES.has(index) && (navigates || index === `${path}index.html`) ? index : null;
  }

  async function keptNames() {
    const found = await (await caches.open(CACHE)).keys();
    return new Set(found.map((request) => keys.get(request.url)).filter(Boolean));
  }

  /** Return the file as it is kept; undefined if it is not, or if this browser keeps nothing. */
  const kept = (name) => caches.match(keyOf(name), { cacheName: CACHE }).catch(() => undefined);

  /** Return the response's SHA-256, and keep it under the file's name if it is that file. Half a response raises. */
  async function keep(name, response) {
    const bytes = await response.arrayBuffer();
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sum = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const type = response.headers.get("content-type") ?? "application/octet-stream";
    const copy = new Response(bytes, { headers: { "content-type": type } });
    if (sum === FILES.get(name)) await put(CACHE, keyOf(name), copy);
    return sum;
  }

  /** A full disk or a private window is no reason to fail, nor to try again and again. */
  async function put(cache, key, response) {
    if (full) return;
    try {
      await (await caches.open(cache)).put(key, response);
    } catch (problem) {
      full = true;
      console.info(`Nothing more is kept for use without a network: ${problem}`);
    }
  }

  const noteOf = (id) => `${PLACE.href}?client=${id}`;

  /** Write down of which version a page or worker is. */
  async function note(id, page) {
    if (!id) return; // a download
    pages.set(id, page);
    await put(PAGES, noteOf(id), new Response(page));
  }

  /** Return what was written down of a page or worker; undefined if nothing was. */
  async function known(id) {
    if (!pages.has(id)) {
      const found = await caches.match(noteOf(id), { cacheName: PAGES }).catch(() => undefined);
      pages.set(id, await found?.text());
    }
    return pages.get(id);
  }

  const openPages = () => self.clients.matchAll({ includeUncontrolled: true, type: "all" });

  /** Return what comes, once it is here whole; raise if it breaks off, or if no byte comes for so many milliseconds. */
  async function whole(url, asking, longest) {
    const late = new AbortController();
    let timer;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => late.abort(), longest);
    };
    try {
      wait();
      const response = await fetch(url, { ...asking, signal: late.signal });
      const reader = response.clone().body?.getReader();
      do wait();
      while (reader && !(await reader.read()).done);
      return response;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Answer with a page, and note its version. */
  async function answerPage(event, name) {
    const there = await kept(name);
    const { url, headers } = event.request; // a navigation's request cannot be copied with another cache mode
    const asking = { headers, cache: "no-cache", redirect: "manual" };
    const coming = whole(url, asking, there ? PATIENCE : LONGEST);
    const response = there ? await coming.catch(() => undefined) : await coming;
    if (!response || (there && response.status >= 400 && !SHOWN.includes(response.status))) {
      event.waitUntil(note(event.resultingClientId, OURS));
      const { origin, pathname, search } = new URL(url);
      const slash = addressOf(name) === `${origin}${pathname}/index.html`; // is lacking
      return slash ? Response.redirect(`${origin}${pathname}/${search}`) : there;
    }
    const sum = response.status === 200 ? await keep(name, response.clone()) : undefined;
    const tells = name === "index.html" || name.endsWith("/index.html");
    event.waitUntil(note(event.resultingClientId, tells ? keyOf(name, sum) : ""));
    return response;
  }

  async function answer(event, name) {
    const page = await known(event.clientId);
    if (event.resultingClientId) event.waitUntil(note(event.resultingClientId, page ?? "")); // a worker is as its page
    const there = await kept(name);
    if (there && keys.has(page)) return there;
    const response = await fetch(new Request(event.request, { cache: "no-cache" }));
    if (!there && response.status === 200 && !full) event.waitUntil(keep(name, response.clone()).catch(() => {}));
    return response;
  }

  /** Bring what is not yet kept, one after the other, until the page asks for something or the network fails. */
  async function fill() {
    if (filling || Date.now() - asked < QUIET) return;
    filling = true;
    try {
      await forgetClosed();
      const there = await keptNames();
      while (missing.length > 0 && !full && Date.now() - asked >= QUIET && !self.navigator.connection?.saveData) {
        const name = missing.shift();
        if (!there.has(name)) await bring(name);
      }
    } catch (problem) {
      console.info(`The rest is kept later: ${problem}`);
    } finally {
      filling = false;
    }
  }

  /** Bring one file, as the browser has it, and if that is an older one, as the server has it. What fails is last. */
  async function bring(name) {
    try {
      for (const cache of ["default", "reload"]) {
        const response = await whole(addressOf(name), { cache, priority: "low" }, LONGEST);
        if (response.status === 404 || response.status === 410) return;
        if (!response.ok) throw new Error(`${response.status} for ${name}`);
        if ((await keep(name, response)) === FILES.get(name)) return;
      }
    } catch (problem) {
      missing.push(name);
      throw problem;
    }
  }

  /** Forget what was noted of pages that are no longer open. */
  async function forgetClosed() {
    const open = new Set((await openPages()).map(({ id }) => noteOf(id)));
    const cache = await caches.open(PAGES);
    for (const { url } of await cache.keys()) if (!open.has(url)) await cache.delete(url);
  }

  /** Forget what no file of this version is. */
  async function tidy() {
    const cache = await caches.open(CACHE);
    for (const { url } of await cache.keys()) if (!keys.has(url)) await cache.delete(url);
  }

  /** Where no worker has been, take the pages that are open for this version's. */
  async function takeOver() {
    if (self.registration.active) return;
    for (const { id, url } of await openPages()) {
      if (url.startsWith(PLACE.href) && (await known(id)) === undefined) await note(id, OURS);
    }
  }

  self.addEventListener("install", (event) => event.waitUntil(takeOver()));
  self.addEventListener("activate", (event) => event.waitUntil(tidy().catch(() => {})));

  self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    if (url.pathname === "/api/service-worker-heartbeat") {
      event.waitUntil(fill()); // JupyterLite asks every twenty seconds, and answers itself
    } else if (url.href === addressOf("kept.json")) {
      event.respondWith(keptNames().then((names) => Response.json({ kept: names.size, of: FILES.size })));
      event.stopImmediatePropagation();
    } else if (event.request.method === "GET" && !event.request.headers.has("range")) {
      const navigates = event.request.mode === "navigate";
      const name = nameOf(url, navigates);
      if (name === null) return;
      asked = Date.now();
      event.respondWith(navigates ? answerPage(event, name) : answer(event, name));
      event.stopImmediatePropagation();
    }
  });
})();
