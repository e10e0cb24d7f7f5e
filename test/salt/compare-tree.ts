import { isAbsolute, join } from "node:path";
import { PyDict, str, type Value } from "../../src/python/index.ts";
import { DiskFileRoots, minionOf, parseMinionConfig, SaltCompiler, type MinionConfig } from "../../src/salt/index.ts";
import { encodeValue } from "../oracle/encode.ts";
import type { Oracle } from "../oracle/oracle.ts";
import { decodeValue, type Applied } from "./filestate-world.ts";
import { isolatedOracle, writable } from "./isolated-oracle.ts";

/** What a minion config file holds, as data: `id`, `grains`, `file_roots`, `pillar_roots` and any other option. */
export type MinionConfigData = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly file_roots: Readonly<Record<string, readonly string[]>>;
  readonly pillar_roots: Readonly<Record<string, readonly string[]>>;
};

/** One thing that the real Salt and ours see otherwise. */
export interface TreeDifference {
  readonly minion: string;
  readonly stage: "errors" | "files" | "low" | "pillar" | "top" | "refused";
  /** A path, a key, or what else is compared. */
  readonly what: string;
  readonly real: string;
  readonly ours: string;
}

export interface CompareOptions {
  /** SLS names; absent: the highstate. */
  readonly sls?: readonly string[];
  readonly saltenv?: string;
  /** An oracle to go on with; else one is started and ended. */
  readonly oracle?: Oracle;
}

/**
 * Compiles the tree in a directory for every minion and lets the real Salt apply it: pillar, top, low chunks and the bytes and mode of
 * every file must be equal. Roots in the configs are relative to the directory. Gives the differences, none where all is equal.
 *
 * @throws Error where no namespace can be made in which the real Salt may write
 */
export async function compareTree(
  directory: string,
  minions: readonly MinionConfigData[],
  options: CompareOptions = {},
): Promise<readonly TreeDifference[]> {
  const oracle = options.oracle ?? isolatedOracle();
  try {
    const compiler = new SaltCompiler();
    const differences: TreeDifference[] = [];
    for (const config of minions) differences.push(...(await compareMinion(compiler, oracle, absolute(config, directory), options)));
    return differences;
  } finally {
    if (options.oracle === undefined) await oracle.close();
  }
}

async function compareMinion(
  compiler: SaltCompiler,
  oracle: Oracle,
  config: MinionConfigData,
  { sls, saltenv }: CompareOptions,
): Promise<readonly TreeDifference[]> {
  const minion = compiler.forMinion(minionFor(parseMinionConfig(JSON.stringify(config), "minion")));
  const selection = { ...(sls !== undefined && { sls }), ...(saltenv !== undefined && { saltenv }) };
  const files = minion.files(selection);
  const low = minion.low(selection);
  const outside = (low.value?.chunks ?? []).filter((chunk) => chunk.get("state") === "file" && !mayWrite(str(chunk.get("name") ?? "")));
  if (outside.length > 0) {
    const what = outside.map((chunk) => str(chunk.get("name") ?? "")).join(", ");
    return [{ minion: config.id, stage: "refused", what, real: `may write under ${writable().join(" ")} only`, ours: "writes elsewhere" }];
  }
  const answer = await oracle.ask("apply", {
    config,
    sls: sls ?? null,
    saltenv: saltenv ?? null,
    top: sls === undefined,
    directories: ["/etc/kubernetes/addons"],
  });
  if ("error" in answer) throw new Error(answer.error.trace);
  const real = answer.ok as Applied & { readonly top?: unknown };
  const found: TreeDifference[] = [];
  const compare = (stage: TreeDifference["stage"], what: string, theirs: string, ours: string): void => {
    if (theirs !== ours) found.push({ minion: config.id, stage, what, real: theirs, ours });
  };
  compare("errors", "first line", firstLine(real.errors?.[0] ?? real.raised ?? ""), firstLine(low.messages[0] ?? ""));
  compareData(decodeValue(real.pillar), minion.pillar().value.data, (key, theirs, ours) => compare("pillar", key, theirs, ours));
  if (real.top !== undefined)
    compare(
      "top",
      "state.show_top",
      JSON.stringify(real.top),
      JSON.stringify(encodeValue(PyDict.of([...(minion.top().value ?? [])].map(([env, names]) => [env, [...names]] as const)))),
    );
  compareLow(decodeValue(real.low ?? []), low.value?.chunks ?? [], (key, theirs, ours) => compare("low", key, theirs, ours));
  const ours = new Map((files.value?.files ?? []).map((file) => [file.path, file]));
  for (const path of new Set([...Object.keys(real.files), ...ours.keys()])) {
    const theirs = real.files[path];
    const mine = ours.get(path);
    // A link has no bytes of its own; that it leads where ours says follows from the file it leads to.
    if (theirs !== undefined && "link" in theirs) continue;
    const said = theirs === undefined ? "no file" : `${theirs.mode} ${Buffer.from(theirs.content, "base64").toString("latin1")}`;
    const written =
      mine === undefined
        ? "no file"
        : mine.kind === "error"
          ? theirs === undefined
            ? "no file"
            : `error: ${mine.findings.map((finding) => finding.message).join("; ")}`
          : `${mine.mode ?? "0644"} ${Buffer.from(mine.content).toString("latin1")}`;
    compare("files", path, said, written);
  }
  return found;
}

type Report = (key: string, theirs: string, ours: string) => void;

/** Key by key at the top, in order. */
function compareData(theirs: Value, ours: Value, report: Report): void {
  report("keys", keysOf(theirs), keysOf(ours));
  if (!(theirs instanceof PyDict) || !(ours instanceof PyDict)) return;
  for (const [key, value] of theirs.entries())
    report(str(key), JSON.stringify(encodeValue(value)), JSON.stringify(encodeValue(ours.get(key) ?? null)));
}

function keysOf(value: Value): string {
  return JSON.stringify(value instanceof PyDict ? [...value.keys()].map(encodeValue) : null);
}

function compareLow(theirs: Value, ours: readonly Value[], report: Report): void {
  const list = Array.isArray(theirs) ? theirs : [];
  report("number of chunks", String(list.length), String(ours.length));
  for (const [index, chunk] of list.entries()) {
    const id = chunk instanceof PyDict ? str(chunk.get("__id__") ?? "") : "";
    report(`chunk ${index} ${id}`, JSON.stringify(encodeValue(chunk)), JSON.stringify(encodeValue(ours[index] ?? null)));
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function mayWrite(path: string): boolean {
  return !path.startsWith("/") || writable().some((root) => path.startsWith(`${root}/`));
}

function absolute(config: MinionConfigData, directory: string): MinionConfigData {
  return {
    ...config,
    file_roots: absoluteRoots(config.file_roots, directory),
    pillar_roots: absoluteRoots(config.pillar_roots, directory),
  };
}

function absoluteRoots(given: MinionConfigData["file_roots"], directory: string): Record<string, string[]> {
  const full = (folder: string): string => (isAbsolute(folder) ? folder : join(directory, folder));
  return Object.fromEntries(Object.entries(given).map(([env, folders]) => [env, folders.map(full)]));
}

function minionFor(config: MinionConfig): ReturnType<typeof minionOf> {
  return minionOf(config, diskRoots(config.fileRoots), diskRoots(config.pillarRoots));
}

function diskRoots(given: MinionConfig["fileRoots"]): DiskFileRoots {
  return new DiskFileRoots(
    [...given].map(([name, folders]) => ({
      name,
      roots: folders.map((folder) => ({ directory: folder, display: folder.split("/").at(-1) ?? folder })),
    })),
  );
}
