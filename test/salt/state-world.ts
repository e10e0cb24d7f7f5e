import { PyDict } from "../../src/python/index.ts";
import { parseMinionConfig, minionOf } from "../../src/salt/config/index.ts";
import { MemoryFileRoots } from "../../src/salt/fileroots/index.ts";
import type { Minion } from "../../src/salt/types.ts";
import type { Answer, Oracle } from "../oracle/oracle.ts";
import { encodeValue } from "../oracle/encode.ts";

/** A whole tree: files of `states/`, `pillar/`, and of other environments in `states@dev/`, `pillar@dev/`; with options of the minion. */
export interface StateTree {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  /** Lines of the minion config after id and roots. */
  readonly config?: string;
  /** SLS to compile, comma separated; absent: the highstate. */
  readonly sls?: string;
  readonly saltenv?: string;
  readonly pillar?: PyDict;
}

const ROOT = /^(states|pillar)(?:@([a-z]+))?\//;

/** The minion config of a tree; `ROOT` stands for its directory. Environments are in the order in which the files name them. */
export function configOf(tree: StateTree): string {
  const roots = { states: new Set(["base"]), pillar: new Set(["base"]) };
  for (const path of Object.keys(tree.files)) {
    const [, kind, saltenv = "base"] = ROOT.exec(path) ?? [];
    if (kind === "states" || kind === "pillar") roots[kind].add(saltenv);
  }
  const listed = (kind: "states" | "pillar"): string =>
    [...roots[kind]].map((saltenv) => `  ${saltenv}: [ROOT/${kind}${saltenv === "base" ? "" : `@${saltenv}`}]\n`).join("");
  return `id: m1\nfile_roots:\n${listed("states")}pillar_roots:\n${listed("pillar")}${tree.config ?? ""}`;
}

export function minionOfTree(tree: StateTree): Minion {
  const config = parseMinionConfig(configOf(tree), "minion");
  return minionOf(config, rootsOf(tree, "states", config.fileRoots.keys()), rootsOf(tree, "pillar", config.pillarRoots.keys()));
}

function rootsOf(tree: StateTree, wanted: string, saltenvs: Iterable<string>): MemoryFileRoots {
  const environments: Record<string, Record<string, string>> = {};
  for (const saltenv of saltenvs) environments[saltenv] = {};
  for (const [path, text] of Object.entries(tree.files)) {
    const [prefix, kind, saltenv = "base"] = ROOT.exec(path) ?? [];
    const files = environments[saltenv];
    if (kind === wanted && prefix !== undefined && files !== undefined) files[path.slice(prefix.length)] = text;
  }
  return new MemoryFileRoots(environments, wanted);
}

/** What one stage came to. */
export type Outcome =
  | { readonly ok: unknown }
  | { readonly errors: readonly string[] }
  | { readonly raised: string; readonly message: string };
export type Stages = { readonly [stage in "pillar" | "top" | "high" | "low"]?: Outcome };

/** Compiles the tree with the real Salt. */
export async function compileReally(oracle: Oracle, tree: StateTree): Promise<Stages> {
  const answer: Answer = await oracle.ask("state.tree", {
    files: tree.files,
    config: configOf(tree),
    stages: tree.sls === undefined ? ["top", "high", "low"] : ["high", "low"],
    ...(tree.sls !== undefined && { sls: tree.sls }),
    ...(tree.saltenv !== undefined && { saltenv: tree.saltenv }),
    ...(tree.pillar !== undefined && { pillar: encodeValue(tree.pillar) }),
  });
  if ("error" in answer) throw new Error(`${tree.title}: ${answer.error.trace}`);
  return answer.ok as Stages;
}
