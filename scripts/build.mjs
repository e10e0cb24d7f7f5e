// Bundles the command line into dist/: one entry, one lazily loaded chunk a command, and all as one file; and the controllers into dist/bundles/.
import { directImports } from "./direct-imports.mjs";
import { install } from "./install.mjs";
import { bundleLibraries, libraries } from "./libraries.mjs";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Digest of everything that the bundle is made of. */
function sourceDigest() {
  const hash = createHash("sha256");
  for (const top of ["src", "scripts", "schemas"]) {
    for (const entry of readdirSync(`${root}${top}`, { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => `${item.parentPath ?? item.path}/${item.name}`)
      .sort()) {
      hash.update(entry.slice(root.length)).update("\0").update(readFileSync(entry)).update("\0");
    }
  }
  return hash
    .update(readFileSync(`${root}package-lock.json`))
    .update(readFileSync(`${root}package.json`))
    .digest("hex");
}

export async function build() {
  install();
  const digest = sourceDigest();
  const stamp = `${root}dist/.digest`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return false;
  const { build: bundle } = await import("esbuild");
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  // Built aside and put in place whole: who builds at the same time, or is just running it, finds all of one build.
  const aside = `dist.${process.pid}`;
  rmSync(`${root}${aside}`, { recursive: true, force: true });
  mkdirSync(`${root}${aside}`);
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    plugins: [directImports(root), libraries()],
    logLevel: "warning",
  };
  const define = {
    HALITE_VERSION: JSON.stringify(version),
    HALITE_BUILD: JSON.stringify(digest.slice(0, 16)),
    HALITE_REQUIRE: "require",
  };
  await bundle({
    ...common,
    entryPoints: {
      halite: "src/cli/main.ts",
      "compile-worker": "src/fleet/compile-worker.ts",
      "render-worker": "src/fleet/render-worker.ts",
      "watch-worker": "src/cli/watch-worker.ts",
    },
    outdir: aside,
    outExtension: { ".js": ".mjs" },
    splitting: true,
    format: "esm",
    define,
    banner: {
      js: 'import { createRequire as haliteCreateRequire } from "node:module"; const require = haliteCreateRequire(import.meta.url);',
    },
  });
  // All of it once more as one file, for commands that take V8's compiled code from an earlier process (src/cli/kept-program.ts).
  await bundle({
    ...common,
    entryPoints: { halite: "src/cli/main.ts" },
    outdir: aside,
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    charset: "ascii",
    supported: { "dynamic-import": false },
    define: { ...define, HALITE_KEPT: "true", "import.meta.url": "HALITE_ENTRY" },
  });
  await bundleLibraries({ root, outdir: aside });
  const { bundleControllers, controllersIn } = await import("./bundle.mjs");
  const outdir = `${aside}/bundles`;
  await bundleControllers({ root, entries: controllersIn(`${root}src/controllers`), outdir, version });
  // The zone's job is a command, and a bundle of it alone.
  const schema = JSON.stringify(JSON.parse(readFileSync(`${root}schemas/config.schema.json`, "utf8")));
  await bundleControllers({
    root,
    entries: { "halite-sync": "src/cli/sync-bundle.ts" },
    outdir,
    version,
    define: { HALITE_REQUIRE: "require", HALITE_CONFIG_SCHEMA: JSON.stringify(schema), "import.meta.url": '""' },
  });
  const entry = `${root}${aside}/halite.mjs`;
  writeFileSync(entry, `#!/usr/bin/env node\n${readFileSync(entry, "utf8")}`);
  // The file was there already, so that a mode given with the text would not count.
  chmodSync(entry, 0o755);
  writeFileSync(`${root}${aside}/.digest`, digest);
  putInPlace(`${root}${aside}`, `${root}dist`);
  return true;
}

/** Where somebody else puts theirs in place at the same time, one of the two is kept: they are alike. */
function putInPlace(folder, place) {
  const old = `${folder}.old`;
  try {
    if (existsSync(place)) renameSync(place, old);
    renameSync(folder, place);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(error.code) || !existsSync(place)) throw error;
    rmSync(folder, { recursive: true, force: true });
  }
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
