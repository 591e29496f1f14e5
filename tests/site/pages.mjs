// usage: node pages.mjs SITE   Runs every code cell of the site's pages in the site's own Pyodide and prints JSON lines.
import fs from "node:fs";
import path from "node:path";

const site = path.resolve(process.argv[2]);
const runtime = `${site}/static/pyodide/`;
const { loadPyodide } = await import(`${runtime}pyodide.mjs`);
const settings = JSON.parse(fs.readFileSync(`${site}/jupyter-lite.json`, "utf8"));
const kernel = "@jupyterlite/pyodide-kernel-extension:kernel";
const { env, packages } = settings["jupyter-config-data"].litePluginSettings[kernel].loadPyodideOptions;
const python = await loadPyodide({
  indexURL: runtime,
  env: { ...env, UNPICKLED_PROGRESS: "/tmp/progress.json" },
  packages,
  messageCallback: () => {},
});
python.FS.mkdirTree("/pages");
python.mountNodeFS("/pages", `${site}/files`);
python.runPython(fs.readFileSync(new URL("pages.txt", import.meta.url), "utf8"));
