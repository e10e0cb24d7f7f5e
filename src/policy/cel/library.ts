import { createRequire } from "node:module";
import type * as Cel from "@bufbuild/cel";
import type * as Extensions from "@bufbuild/cel/ext";
import type * as Re2 from "re2js";

/** In the bundle `require`, by the build's `define`: the bundler then takes a package in as a function that is run at its first call. */
declare const HALITE_REQUIRE: NodeJS.Require | undefined;

/** The libraries behind expressions. Only a fleet with policies of its own needs them, and they cost a start 30 ms. */
export interface CelLibrary {
  readonly cel: typeof Cel;
  readonly strings: typeof Extensions.strings;
  readonly re2: typeof Re2.RE2JS;
}

export function loadCel(): CelLibrary {
  // `require` gives `any`; the packages' own types say what they are.
  const cel: typeof Cel = typeof HALITE_REQUIRE === "function" ? HALITE_REQUIRE("@bufbuild/cel") : own("@bufbuild/cel");
  const extensions: typeof Extensions =
    typeof HALITE_REQUIRE === "function" ? HALITE_REQUIRE("@bufbuild/cel/ext") : own("@bufbuild/cel/ext");
  const re2: typeof Re2 = typeof HALITE_REQUIRE === "function" ? HALITE_REQUIRE("re2js") : own("re2js");
  return { cel, strings: extensions.strings, re2: re2.RE2JS };
}

function own(name: string): ReturnType<NodeJS.Require> {
  return createRequire(import.meta.url)(name);
}
