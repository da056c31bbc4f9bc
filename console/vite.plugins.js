// What the build does beside bundling: the notices of the packages in the bundle, and the compressed twins of its files.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const COMPRESSIBLE = /\.(?:js|css|html|svg|json|txt)$/;
const SIZE_MIN = 1024;

/** The directory of the package that a module belongs to, or null for the console's own. */
function packageOf(id) {
  const path = id.replace(/^\0/, "").split("?")[0];
  if (!path.includes("node_modules")) return null;
  for (let at = dirname(path); !at.endsWith("node_modules"); at = dirname(at)) {
    const file = join(at, "package.json");
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version) return at;
    if (at === dirname(at)) return null;
  }
  return null;
}

function notice(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const files = readdirSync(directory).filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file));
  const texts = files.map((file) => join(directory, file)).filter((file) => statSync(file).isFile());
  return [`${name} ${version} (${license ?? "see below"})`, ...texts.map((file) => readFileSync(file, "utf8").trim())];
}

/** Writes THIRD-PARTY.txt: each package whose code is in the bundle, with its licence. */
export function thirdParty() {
  return {
    name: "third-party",
    generateBundle(_, bundle) {
      const found = new Set();
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.moduleIds ?? []) found.add(packageOf(id));
      }
      found.delete(null);
      const parts = [...found].sort().map((directory) => notice(directory).join("\n\n"));
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY.txt", source: parts.join(`\n\n${"-".repeat(80)}\n\n`) + "\n" });
    },
  };
}

/** Writes `name.br` and `name.gz` beside every file that gets smaller by it, so that the server never compresses. */
export function compressed() {
  let directory = "";
  return {
    name: "compressed",
    configResolved(config) {
      directory = join(config.root, config.build.outDir).replace(/.*\/\//, "/");
      if (config.build.outDir.startsWith("/")) directory = config.build.outDir;
    },
    closeBundle() {
      for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !COMPRESSIBLE.test(file)) continue;
        const data = readFileSync(file);
        if (data.length < SIZE_MIN) continue;
        const hint = { [constants.BROTLI_PARAM_SIZE_HINT]: data.length, [constants.BROTLI_PARAM_QUALITY]: 11 };
        writeFileSync(`${file}.br`, brotliCompressSync(data, { params: hint }));
        writeFileSync(`${file}.gz`, gzipSync(data, { level: 9 }));
      }
    },
  };
}

const FONT = /url\(["']?data:font\/woff2;(?:charset=[^;]*;)?base64,([A-Za-z0-9+/=]+)["']?\)/g;

/** Takes fonts out of style sheets into files, so that a browser fetches those alone that it shows. */
export function fontFiles() {
  let number = 0;
  return {
    name: "font-files",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      if (!id.split("?")[0].endsWith(".css") || !code.includes("data:font/woff2")) return null;
      const moved = code.replace(FONT, (_, base64) => {
        const source = Buffer.from(base64, "base64");
        const file = this.emitFile({ type: "asset", name: `font-${++number}.woff2`, source });
        return `url(__VITE_ASSET__${file}__)`;
      });
      return { code: moved, map: null };
    },
  };
}
