import { FindingError, type Finding } from "../../finding/index.ts";
import { PyDict, str, truthy, type Value } from "../../python/index.ts";
import { loadSalt } from "../../yaml/index.ts";
import { update } from "../data/index.ts";
import type { FileRoots, Minion } from "../types.ts";
import { defaultOptions } from "./defaults.ts";
import { refuseOptions } from "./refused.ts";

/** What a minion config says, roots still being paths. */
export interface MinionConfig {
  readonly id: string;
  readonly grains: PyDict;
  /** All options: Salt's defaults with the file's put over them; unknown ones are kept. */
  readonly opts: PyDict;
  /** Environment to folders, as written; relative ones are relative to the config's folder. */
  readonly fileRoots: ReadonlyMap<string, readonly string[]>;
  readonly pillarRoots: ReadonlyMap<string, readonly string[]>;
  readonly warnings: readonly Finding[];
}

/** Another config file, as `include` names it. */
export interface ConfigFile {
  readonly file: string;
  readonly text: string;
}

export interface ConfigOptions {
  /**
   * The files that an `include` or `default_include` pattern means, sorted by name; relative patterns are relative to the including file.
   * Without it `include` is refused and `default_include` means nothing.
   */
  readonly include?: (pattern: string, from: string) => readonly ConfigFile[];
  /** The id where the file has none. */
  readonly id?: string;
}

/**
 * Reads a Salt minion config as `salt.config.minion_config` of Salt 3007.1 does, but for what would come from the host: grains are the
 * file's own and `id`.
 *
 * @throws FindingError `config-*`
 */
export function parseMinionConfig(text: string, file: string, options: ConfigOptions = {}): MinionConfig {
  const given = readConfigFile(text, file);
  includeInto(given, file, options);
  return minionConfig(given, file, options.id);
}

/** A minion config of options that are data already: Salt's defaults under them. `file` is what messages call them. */
export function minionConfig(given: PyDict, file: string, fallbackId?: string): MinionConfig {
  const warnings = refuseOptions(given, file);
  const opts = PyDict.of(defaultOptions());
  opts.set("id", fallbackId ?? "");
  opts.set("grains", new PyDict());
  for (const [key, value] of given.entries()) opts.set(key, value);
  environmentOption(opts);
  const id = idOf(opts, file);
  opts.set("id", id);
  const grains = grainsOf(opts, id, file);
  opts.set("grains", grains);
  opts.set("open_mode", opts.get("open_mode") === true);
  opts.set("hash_type", str(opts.get("hash_type") ?? "sha256").toLowerCase());
  const fileRoots = normalizeRoots(opts, "file_roots", "/srv/salt");
  const pillarRoots = normalizeRoots(opts, "pillar_roots", "/srv/pillar");
  return { id, grains, opts, fileRoots, pillarRoots, warnings };
}

/**
 * The same config for a minion of another id and other grains. All else in it is shared with the first, and nothing of it may be changed.
 */
export function withIdentity(config: MinionConfig, id: string, grains: PyDict, file: string): MinionConfig {
  const opts = PyDict.of(config.opts.entries());
  opts.set("id", id);
  opts.set("grains", grains);
  const ownId = idOf(opts, file);
  opts.set("id", ownId);
  const own = grainsOf(opts, ownId, file);
  opts.set("grains", own);
  return { ...config, id: ownId, grains: own, opts };
}

/** A config's minion over the files its roots name. */
export function minionOf(config: MinionConfig, fileRoots: FileRoots, pillarRoots: FileRoots): Minion {
  return { id: config.id, grains: config.grains, opts: config.opts, fileRoots, pillarRoots };
}

function readConfigFile(text: string, file: string): PyDict {
  const { value } = loadSalt(text, { file });
  if (!truthy(value)) return new PyDict();
  if (!(value instanceof PyDict)) {
    throw refuse(file, "config-invalid", `Error parsing configuration file: ${file} - conf should be a document, not ${str(value)}.`);
  }
  return value;
}

/** `include_config`: included files are put over the including one, later ones over earlier ones, lists being joined. */
function includeInto(given: PyDict, file: string, options: ConfigOptions, depth = 0): void {
  if (depth > 20) throw refuse(file, "config-include", "config files include one another without end");
  const patterns = [...(depth === 0 ? listOf(given.get("default_include") ?? "minion.d/*.conf") : []), ...listOf(given.get("include"))];
  if (options.include === undefined && given.has("include")) {
    throw refuse(file, "config-include", "`include` can't be followed here: put the included options into this file");
  }
  const included = new PyDict();
  for (const pattern of patterns) {
    for (const part of options.include?.(pattern, file) ?? []) {
      const data = readConfigFile(part.text, part.file);
      if (data.has("include")) includeInto(data, part.file, options, depth + 1);
      update(included, data, { mergeLists: true });
    }
  }
  for (const [key, value] of included.entries()) given.set(key, value);
}

function listOf(value: Value | undefined): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** `environment` is the old name of `saltenv`, which wins where both are. */
function environmentOption(opts: PyDict): void {
  const environment = opts.get("environment");
  if (environment === undefined) return;
  const saltenv = opts.get("saltenv") ?? null;
  if (saltenv === null) opts.set("saltenv", environment);
  else opts.set("environment", saltenv);
}

function idOf(opts: PyDict, file: string): string {
  const given = opts.get("id") ?? null;
  const id = given === null ? "" : str(given);
  if (id === "") {
    throw refuse(
      file,
      "config-no-id",
      "the config has no id",
      "Salt would take the host's name; here every minion says its own: `id: NAME`",
    );
  }
  const domain = opts.get("append_domain");
  if (domain === undefined || id.endsWith(".") || id.endsWith(str(domain))) return id;
  return `${id}.${str(domain)}`;
}

/** The grains given, after `id`, which is the only one that Salt makes without asking the host. */
function grainsOf(opts: PyDict, id: string, file: string): PyDict {
  const given = opts.get("grains") ?? null;
  if (given !== null && !(given instanceof PyDict)) throw refuse(file, "config-invalid", "grains must be a mapping");
  const grains = new PyDict();
  grains.set("id", id);
  for (const [key, value] of given?.entries() ?? []) grains.set(key, value);
  return grains;
}

/** `_normalize_roots`: environments are strings; what is no list of folders is none. */
function normalizeRoots(opts: PyDict, name: string, fallback: string): ReadonlyMap<string, readonly string[]> {
  const given = opts.get(name);
  const roots = new Map<string, readonly string[]>();
  if (given instanceof PyDict) {
    for (const [saltenv, folders] of given.entries()) roots.set(str(saltenv), Array.isArray(folders) ? folders.map(str) : []);
  } else roots.set("base", [fallback]);
  opts.set(name, PyDict.of([...roots].map(([saltenv, folders]) => [saltenv, [...folders]])));
  return roots;
}

function refuse(file: string, code: string, message: string, advice?: string): FindingError {
  return new FindingError({ code, severity: "error", message, at: { file }, ...(advice !== undefined && { advice }) });
}
