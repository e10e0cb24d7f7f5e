// Bundles controllers: each into one CommonJS file that needs nothing but Node. The same sources give the same bytes in any folder and with
// any version of Node, as esbuild is pinned and is told no path but the folder's own.
import { existsSync, readdirSync } from "node:fs";
import { build } from "esbuild";

/** The controllers of a folder src/controllers: each that has a main.ts, by name. */
export function controllersIn(folder) {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => existsSync(`${folder}/${name}/main.ts`));
  return Object.fromEntries(names.sort().map((name) => [name, `${folder}/${name}/main.ts`]));
}

/** Bundles entries (name to path, relative to `root` or absolute) into `outdir`/NAME.cjs. `version` is what the controllers call theirs. */
export async function bundleControllers({ root, entries, outdir, version, define = {} }) {
  if (Object.keys(entries).length === 0) return;
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    charset: "utf8",
    // No tsconfig.json is looked for: where the sources lie is not to matter.
    tsconfigRaw: { compilerOptions: { target: "ES2023", verbatimModuleSyntax: true, strict: true } },
    // Names stay, so that a stack trace can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    loader: { ".proto": "text" },
    define: { HALITE_VERSION: JSON.stringify(version), ...define },
    // What kubeconfigs with plugins need: there are no plugins in a stock image, and it is a third of a bundle.
    external: ["@kubernetes/client-node/*"],
    logLevel: "warning",
  });
}
