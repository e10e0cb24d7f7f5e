// For esbuild: libraries that few runs need, and those only late, stand in files of their own. In a chunk V8 would read their text at each start.

/** By the file's name without `.cjs`: what stands in it. Parts of one library stand together, as they share its classes. */
const LIBRARIES = { ajv: ["ajv"], cel: ["@bufbuild/cel", "@bufbuild/cel/ext", "re2js"] };

/** What the sources take by `require` is had from those files, when it is asked for. */
export function libraries() {
  return {
    name: "libraries",
    setup(bundle) {
      const fileOf = new Map(Object.entries(LIBRARIES).flatMap(([file, names]) => names.map((name) => [name, file])));
      bundle.onResolve({ filter: /^[@\w]/ }, ({ path, kind, importer }) =>
        kind === "require-call" && fileOf.has(path) && /\/src\//.test(importer) ? { path, namespace: "library" } : undefined,
      );
      bundle.onResolve({ filter: /^\.\/.*\.cjs$/, namespace: "library" }, ({ path }) => ({ path, external: true }));
      bundle.onLoad({ filter: /.*/, namespace: "library" }, ({ path }) => ({
        contents: `module.exports = require("./${fileOf.get(path)}.cjs")[${JSON.stringify(path)}]();`,
        loader: "js",
      }));
    },
  };
}

/** Bundles them into `outdir`, each into one CommonJS file. */
export async function bundleLibraries({ root, outdir }) {
  // Not at the top: who loads this file may have to install it first.
  const { build } = await import("esbuild");
  await Promise.all(
    Object.entries(LIBRARIES).map(([file, names]) =>
      build({
        absWorkingDir: root,
        stdin: {
          contents: names.map((name) => `exports[${JSON.stringify(name)}] = () => require(${JSON.stringify(name)});`).join("\n"),
          resolveDir: root,
        },
        outfile: `${outdir}/${file}.cjs`,
        bundle: true,
        format: "cjs",
        platform: "node",
        target: "node20",
        minifySyntax: true,
        minifyWhitespace: true,
        legalComments: "none",
        logLevel: "warning",
      }),
    ),
  );
}
