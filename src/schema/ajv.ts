import { createRequire } from "node:module";
import type * as Ajv from "ajv";

/** In the bundle `require`, by the build's `define`: the bundler then takes ajv in as a function that is run at its first call. */
declare const HALITE_REQUIRE: NodeJS.Require | undefined;

/**
 * ajv, evaluated when it is first needed. Nearly every run finds everything plainly fitting and needs none; its 150 KB would
 * cost each start 15 ms.
 */
export function loadAjv(): typeof Ajv {
  // `require` gives `any`; the package's own types say what it is.
  const loaded: typeof Ajv = typeof HALITE_REQUIRE === "function" ? HALITE_REQUIRE("ajv") : createRequire(import.meta.url)("ajv");
  return loaded;
}
