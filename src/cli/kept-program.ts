import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, Script } from "node:vm";
import { codeCache } from "./code-cache.ts";

/**
 * Commands that compile: they need so much code that to take it compiled from an earlier process saves them 40 ms of a start, and a tenth of a
 * render of some hundred clusters. Others load the chunks they need.
 */
const COMPILING: ReadonlySet<string> = new Set(["diff", "explain", "impact", "publish", "render", "show", "validate"]);

/**
 * Runs the program as one file of CommonJS, dist/halite.cjs, the only kind of which Node 20 lets V8 keep what it has compiled. Each command
 * needs other code, and so keeps its own. Does nothing, and gives false, for other commands, and where nothing can be kept.
 *
 * @param entry the URL of the file in dist/ that Node was started with, which is the program's `import.meta.url`
 */
export function runKept(command: string, entry: string, build: string): boolean {
  if (!COMPILING.has(command)) return false;
  const dist = dirname(fileURLToPath(entry));
  const cache = codeCache(dirname(dist), build, command);
  if (cache === undefined) return false;
  const filename = join(dist, "halite.cjs");
  // The build writes nothing but ASCII.
  const source = readFileSync(filename, "latin1");
  const cachedData = cache.read();
  const script = new Script(`(function (require, module, exports, HALITE_ENTRY) {${source}\n})`, {
    filename,
    ...(cachedData !== undefined && { cachedData }),
    ...(constants !== undefined && { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }),
  });
  if (cachedData === undefined || script.cachedDataRejected === true) process.once("exit", () => cache.keep(script.createCachedData()));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the function around the source, above
  const program = script.runInThisContext() as (require: NodeJS.Require, module: object, exports: object, entry: string) => void;
  const module = { exports: {} };
  program(createRequire(entry), module, module.exports, entry);
  return true;
}
