import { FindingError, type Position } from "../finding/index.ts";
import { PyDict, type Value } from "../python/index.ts";
import { toPlain, type Json, type JsonPath } from "../schema/index.ts";
import { readPath, type AllowedPlace } from "../sealed/index.ts";
import { loadSalt } from "../yaml/index.ts";
import { parsePublishConfig, type PublishConfig } from "./publish-config.ts";
import { placesIn } from "./roster.ts";
import { parseSealingConfig, type SealingConfig } from "./sealing-config.ts";
import { parseSyncConfig, type SyncConfig } from "./sync-config.ts";
import { SettingsReader } from "./settings-reader.ts";
import type { FileSchema } from "./user-schemas.ts";

/** What `halite.yaml` says. Paths are as written there, relative to its folder. */
export interface FleetConfig {
  readonly fileRoots: ReadonlyMap<string, readonly string[]>;
  readonly pillarRoots: ReadonlyMap<string, readonly string[]>;
  readonly roster: string;
  readonly out: string;
  /** Kubernetes version of clusters whose grains name none, such as `1.36`; null: the newest one known. */
  readonly kubernetes: string | null;
  readonly publish: PublishConfig;
  readonly sync: SyncConfig;
  readonly sealed: SealedConfig;
  /** Settings of policies, with the place of what a path below them leads to. */
  readonly policies: { readonly settings: Json | undefined; readonly at: (path: JsonPath) => Position };
  /** Salt's own options (nodegroups, jinja_env, pillar_source_merging_strategy …), handed on as they are. */
  readonly saltOptions: PyDict;
}

export interface SealedConfig {
  /** The folder of sealed files. */
  readonly root: string;
  /** Where references may stand beside the data of Secrets. */
  readonly allow: readonly AllowedPlace[];
  /** Who may open what is sealed, and with what. */
  readonly keys: SealingConfig;
}

/** The name of the config file. */
export const CONFIG_FILE = "halite.yaml";

const OWN = new Set(["file_roots", "pillar_roots", "roster", "out", "kubernetes", "publish", "sync", "policies", "sealed", "compile"]);

/** Reads `halite.yaml`. `file` is its name in messages. @throws FindingError `config-*` */
export function parseFleetConfig(text: string, file: string, schema?: FileSchema): FleetConfig {
  const { value: data, positions } = loadSalt(text, { file, positions: true });
  const at = placesIn(data, positions, file);
  const read = new SettingsReader(file);
  const [first, ...rest] = schema?.check(data ?? new PyDict(), at) ?? [];
  if (first !== undefined) throw new FindingError(first, ...rest);
  if (data !== null && !(data instanceof PyDict)) throw read.refuse("must be a mapping of options");
  const options = data ?? new PyDict();
  const kubernetes = options.get("kubernetes") ?? null;
  if (kubernetes !== null && typeof kubernetes !== "string") throw read.refuse('kubernetes must be a string: write it with quotes, "1.36"');
  const saltOptions = new PyDict();
  for (const [key, value] of options.entries()) if (typeof key !== "string" || !OWN.has(key)) saltOptions.set(key, value);
  return {
    fileRoots: roots(options.get("file_roots"), "file_roots", "states", read),
    pillarRoots: roots(options.get("pillar_roots"), "pillar_roots", "pillar", read),
    roster: read.text(options.get("roster"), "roster") ?? "pillar/roster.yaml",
    out: read.text(options.get("out"), "out") ?? "out",
    kubernetes,
    publish: parsePublishConfig(options.get("publish") ?? null, read),
    sync: parseSyncConfig(options.get("sync") ?? null, read),
    sealed: sealedConfig(options.get("sealed") ?? null, read),
    policies: {
      settings: options.has("policies") ? toPlain(options.get("policies") ?? null).json : undefined,
      at: (path) => at(["policies", ...path]),
    },
    saltOptions,
  };
}

function sealedConfig(value: Value, read: SettingsReader): SealedConfig {
  const sealed = read.mapping(value, "sealed");
  const allow = sealed?.get("allow") ?? [];
  const wrong = "sealed:allow must be a list of {kind: KIND, path: /KEY/…, reason: TEXT}, a key of * being any";
  if (!Array.isArray(allow)) throw read.refuse(wrong);
  return {
    root: read.text(sealed?.get("root"), "sealed:root") ?? "secrets",
    allow: allow.map((place) => {
      const [kind, path, reason] = ["kind", "path", "reason"].map((key) => (place instanceof PyDict ? place.get(key) : undefined));
      if (typeof kind !== "string" || typeof path !== "string" || !/^\/[^/]/.test(path)) throw read.refuse(wrong);
      if (typeof reason !== "string" || reason.trim() === "")
        throw read.refuse(`sealed:allow ${kind} ${path} gives no reason why a secret may stand there`);
      return { kind, path: readPath(path) };
    }),
    keys: parseSealingConfig(value, read),
  };
}

function roots(value: Value | undefined, name: string, fallback: string, read: SettingsReader): ReadonlyMap<string, readonly string[]> {
  if (value === undefined || value === null) return new Map([["base", [fallback]]]);
  if (!(value instanceof PyDict)) throw read.refuse(`${name} must map environments to lists of folders`);
  const environments = new Map<string, readonly string[]>();
  for (const [saltenv, folders] of value.entries()) {
    if (typeof saltenv !== "string" || !Array.isArray(folders) || !folders.every((folder) => typeof folder === "string")) {
      throw read.refuse(`${name} must map environments to lists of folders`);
    }
    environments.set(
      saltenv,
      folders.filter((folder) => typeof folder === "string"),
    );
  }
  return environments;
}
