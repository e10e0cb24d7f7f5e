import { loadSalt } from "../../yaml/index.ts";
import { FindingError } from "../../finding/index.ts";
import { PyDict, PyFloat, type Value } from "../../python/index.ts";

/** Words that can only be strings: the quick way out for nearly every pillar key. */
const PLAIN_WORD = /^(?!(?:y|n|yes|no|on|off|true|false|null|none)$)[a-z][a-z0-9-]*$/i;

/** `salt.utils.args.yamlify_arg`: what a word of a command line means as YAML, or the word itself where it means nothing else. */
export function yamlifyArg(arg: Value): Value {
  if (typeof arg !== "string" || PLAIN_WORD.test(arg)) return arg;
  const trimmed = arg.trim();
  if (trimmed === "" || trimmed === "---" || trimmed === "...") return arg;
  if (arg.includes("_") && /^[0-9_]+$/.test(trimmed)) return arg;
  if (/[\t\r\n]/.test(arg)) return arg;
  if (arg === "None") return null;
  let loaded: Value;
  try {
    loaded = loadSalt(arg, { file: "argument" }).value;
  } catch (error) {
    if (error instanceof FindingError) return arg;
    throw error;
  }
  if (arg.includes("#")) return typeof loaded === "string" || loaded === null ? arg : loaded;
  if (loaded instanceof PyDict) return arg.startsWith("{") ? loaded : arg;
  if (Array.isArray(loaded)) return arg.startsWith("[") ? loaded : arg;
  if (loaded === null) return trimmed.startsWith("#") || arg === "!" ? arg : null;
  if (loaded === "" && (arg === "|" || arg === "!")) return arg;
  const simple = typeof loaded === "string" || typeof loaded === "number" || typeof loaded === "bigint" || typeof loaded === "boolean";
  return simple || loaded instanceof PyFloat ? loaded : arg;
}
