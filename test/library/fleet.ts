import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";
import type { Oracle } from "../oracle/oracle.ts";
import type { MinionConfigData } from "../salt/compare-tree.ts";
import { isMapping, type Data } from "./facts.ts";

const TOP = fileURLToPath(new URL("../../", import.meta.url));

interface Config {
  readonly file_roots: Readonly<Record<string, readonly string[]>>;
  readonly pillar_roots: Readonly<Record<string, readonly string[]>>;
  readonly nodegroups: Readonly<Record<string, string>>;
  readonly roster: string;
}

type Roster = Readonly<Record<string, { readonly minion_opts: { readonly grains: Readonly<Record<string, unknown>> } }>>;

/** The shipped fleet's clusters, as Salt minion configs. */
export function minionConfigs(): ReadonlyMap<string, MinionConfigData> {
  // Both files are this project's own; the tests that use this fail where their shape is another.
  const config = parse(readFileSync(`${TOP}halite.yaml`, "utf8")) as Config;
  const roster = parse(readFileSync(`${TOP}${config.roster}`, "utf8")) as Roster;
  const absolute = (roots: Config["file_roots"]): Record<string, string[]> =>
    Object.fromEntries(Object.entries(roots).map(([env, folders]) => [env, folders.map((folder) => `${TOP}${folder}`)]));
  return new Map(
    Object.entries(roster).map(([id, { minion_opts }]) => [
      id,
      {
        id,
        grains: minion_opts.grains,
        file_roots: absolute(config.file_roots),
        pillar_roots: absolute(config.pillar_roots),
        nodegroups: config.nodegroups,
      },
    ]),
  );
}

export interface Applied {
  /** Path below the addons folder → text. */
  readonly files: ReadonlyMap<string, string>;
  /** Comments of states that failed, and errors that stopped the compile. */
  readonly failures: readonly string[];
}

/** Part of a cluster's states, or the same with other pillar. */
export interface Variation {
  /** Goes over the cluster's own pillar. */
  readonly pillar?: Readonly<Record<string, unknown>>;
  /** SLS names; absent: all that the top file gives. */
  readonly sls?: readonly string[];
}

/** What real Salt's state.apply writes for a cluster. */
export async function apply(oracle: Oracle, cluster: string, variation: Variation = {}): Promise<Applied> {
  const answer = await oracle.ask("apply", { config: minionConfigs().get(cluster), ...variation });
  if ("error" in answer) return { files: new Map(), failures: [`${answer.error.type}: ${answer.error.message}`] };
  // The shape that apply() of ops_salt_apply.py gives.
  const result = answer.ok as {
    readonly files: Readonly<Record<string, { readonly content?: string }>>;
    readonly states?: readonly { readonly result: unknown; readonly comment: string }[];
    readonly errors?: readonly string[];
  };
  const files = new Map<string, string>();
  for (const [path, { content }] of Object.entries(result.files)) {
    if (path.startsWith("/etc/kubernetes/addons/"))
      files.set(path.slice("/etc/kubernetes/addons/".length), Buffer.from(content ?? "", "base64").toString("utf8"));
  }
  const failed = (result.states ?? []).filter((state) => state.result !== true).map((state) => state.comment);
  return { files, failures: [...(result.errors ?? []), ...failed] };
}

export interface Manifest {
  readonly addon: string;
  readonly path: string;
  readonly object: { readonly [key: string]: Data };
}

/** Every object of the files, by YAML 1.1's rules as Kubernetes has them. @throws Error on YAML that is none */
export function manifests(files: ReadonlyMap<string, string>): Manifest[] {
  return [...files].flatMap(([path, text]) =>
    parseAllDocuments(text, { version: "1.1" }).flatMap((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw new Error(`${path}: ${error.message}`);
      // `yaml` gives plain data; documents that are no mapping are no objects.
      const object = document.toJS() as Data;
      return isMapping(object) ? [{ addon: path.split("/")[0] ?? "", path, object }] : [];
    }),
  );
}
