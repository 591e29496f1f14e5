/** Links between the course's pages, which lead inside a running JupyterLab and to a file elsewhere. */

/** Only relative addresses and web addresses: never a script. */
export function safeHref(href) {
  return /^[a-z][a-z0-9+.-]*:/i.test(href) && !/^https?:/i.test(href) ? null : href;
}

/** In JupyterLab, open the page as a tab of the running application instead of loading all of it anew. */
export function leadInside(model, link, href) {
  const { rendermime } = model.widget_manager || {};
  if (!rendermime?.linkHandler || !rendermime.resolver || !safeHref(href)) return;
  const [page, place] = href.split("#", 2);
  rendermime.resolver
    .resolveUrl(page)
    .then((path) => rendermime.linkHandler.handleLink(link, path, place ? `#${place}` : ""))
    .catch(() => {});
}
