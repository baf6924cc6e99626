// Bundles script, styles and static files into dist: fingerprinted names, compressed beforehand, and a manifest that says which
// file stands for which name. build.rs embeds what the manifest lists.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const out = "dist";
const compressible = new Set([".css", ".js", ".svg", ".webmanifest", ".html", ".json"]);
const files = {};

/** Writes a file under its fingerprinted name, beside its compressed forms where they are smaller. */
function emit(name, content, fixed = false) {
  const bytes = Buffer.from(content);
  const ending = extname(name);
  const print = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const file = fixed ? name : `${name.slice(0, -ending.length)}-${print}${ending}`;
  writeFileSync(join(out, file), bytes);
  if (compressible.has(ending)) {
    const brotli = brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    });
    writeFileSync(join(out, `${file}.br`), brotli);
    writeFileSync(join(out, `${file}.gz`), gzipSync(bytes, { level: 9 }));
  }
  files[name] = file;
  return `/assets/${file}`;
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

// Bootstrap's sass is older than the compiler; what that complains about is not ours to mend.
const styles = sass.compile("src/styles/app.scss", {
  style: "compressed",
  loadPaths: ["node_modules"],
  quietDeps: true,
  silenceDeprecations: ["import", "global-builtin", "color-functions", "if-function"],
  charset: false,
});
const squeezed = await esbuild.transform(styles.css, { loader: "css", minify: true, legalComments: "none" });
emit("app.css", squeezed.code);

const bundled = await esbuild.build({
  entryPoints: ["src/app.ts"],
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  outdir: out,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  write: false,
  metafile: true,
});
// For /api/docs only; its script is a chunk that only that page loads. Pictures in it are data already.
const swagger = await esbuild.transform(readFileSync("node_modules/swagger-ui-dist/swagger-ui.css", "utf8"), {
  loader: "css",
  minify: true,
  legalComments: "none",
});
emit("swagger.css", swagger.code.replace(/\/\*# sourceMappingURL=.*?\*\//g, ""));

// Names come from the bundler here: chunks name each other.
for (const file of bundled.outputFiles) {
  const path = file.path.split("/").pop();
  emit(path, file.contents, true);
  const entry = bundled.metafile.outputs[`${out}/${path}`]?.entryPoint;
  if (entry === "src/app.ts") {
    delete files[path];
    files["app.js"] = path;
  }
}

const icons = {};
for (const name of readdirSync("static").sort()) {
  if (name !== "app.webmanifest") icons[name] = emit(name, readFileSync(join("static", name)));
}
if (existsSync("static/app.webmanifest")) {
  const text = readFileSync("static/app.webmanifest", "utf8").replace(/"icon:([^"]+)"/g, (_, name) => JSON.stringify(icons[name]));
  emit("app.webmanifest", text);
}
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(files, null, 2)}\n`);
