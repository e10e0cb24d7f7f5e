import { readdirSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { printFinding, sortFindings } from "../finding/index.ts";
import { listed, minionOfCluster } from "../fleet/index.ts";
import { int, PyDict, PyFloat, type Value } from "../python/index.ts";
import {
  DiskFileRoots,
  diskOptions,
  encodeFiles,
  minionOf,
  parseMinionConfig,
  printPlain,
  SaltCompiler,
  showHigh,
  showLow,
  showPillar,
  showTop,
  type ConfigFile,
  type EncodedFile,
  type FileRoots,
  type Minion,
  type MinionCompiler,
  type Plain,
  type Stage,
  type StateSelection,
} from "../salt/index.ts";
import { emit, loadSalt } from "../yaml/index.ts";
import { EnvironmentError, UsageError, type Command, type CommandContext } from "./command.ts";
import { nearest } from "./parse.ts";
import { openFleet } from "./open-fleet.ts";

const STAGES = ["pillar", "top", "high", "low", "files"] as const;
type StageName = (typeof STAGES)[number];

/** `halite show STAGE [SLS…]`. */
export const command: Command = {
  run: (context) => {
    const { arguments: args, terminal } = context;
    const [word, ...sls] = args.positional;
    const stage = STAGES.find((name) => name === word);
    if (stage === undefined) {
      const near = word === undefined ? undefined : nearest(word, STAGES);
      throw new UsageError(`name a stage: ${STAGES.join(", ")}${near === undefined ? "" : `; did you mean ${near}?`}`);
    }
    if (sls.length > 0 && (stage === "pillar" || stage === "top")) throw new UsageError(`show ${stage} takes no SLS`);
    const minion = chooseMinion(context);
    const override = pillarOverride(args.value("pillar"));
    const saltenv = args.value("saltenv");
    const compiler = new SaltCompiler().forMinion(minion, override === undefined ? {} : { pillarOverride: override });
    // Names may stand apart or be joined by commas, as salt-call takes them.
    const names = sls.flatMap((name) => name.split(",")).filter((name) => name !== "");
    const shown = showStage(compiler, stage, { ...(names.length > 0 && { sls: names }), ...(saltenv !== undefined && { saltenv }) });
    for (const finding of sortFindings(shown.findings)) {
      if (finding.severity !== "error") terminal.err(`${printFinding(finding)}\n`);
    }
    if (shown.value !== undefined) terminal.out(args.flag("json") ? `${printPlain(shown.value)}\n` : emit([toValue(shown.value)]));
    if (shown.messages.length === 0) return Promise.resolve(shown.failed === true ? 1 : 0);
    printErrors(context, shown);
    return Promise.resolve(1);
  },
};

interface Shown extends Stage<Plain> {
  /** Something in the value is an error, and the value says so itself. */
  readonly failed?: boolean;
}

function showStage(compiler: MinionCompiler, stage: StageName, selection: StateSelection): Shown {
  const environment = selection.saltenv === undefined ? {} : { saltenv: selection.saltenv };
  switch (stage) {
    case "pillar":
      return mapStage(compiler.pillar(environment), showPillar);
    case "top":
      return mapStage(compiler.top(environment), showTop);
    case "high":
      return mapStage(compiler.high(selection), showHigh);
    case "low":
      return mapStage(compiler.low(selection), ({ chunks }) => showLow(chunks));
    case "files": {
      const applied = compiler.files(selection);
      const shown = mapStage(applied, ({ files }) => plainFiles(encodeFiles(files)));
      return { ...shown, failed: applied.findings.some((finding) => finding.severity === "error") };
    }
    default:
      return stage satisfies never;
  }
}

function mapStage<T>(stage: Stage<T>, to: (value: T) => Plain): Stage<Plain> {
  return { ...(stage.value !== undefined && { value: to(stage.value) }), messages: stage.messages, findings: stage.findings };
}

/** Salt's own texts first, then where each error stands. */
function printErrors({ terminal }: CommandContext, shown: Shown): void {
  for (const message of shown.messages) terminal.err(`${message}\n`);
  for (const finding of sortFindings(shown.findings)) {
    if (finding.severity === "error" && (finding.at !== undefined || !shown.messages.includes(finding.message)))
      terminal.err(`${printFinding(finding)}\n`);
  }
}

function plainFiles(files: Readonly<Record<string, EncodedFile>>): Plain {
  return new Map(Object.entries(files).map(([path, file]) => [path, new Map<string, Plain>(Object.entries(file))]));
}

/** Plain data as values, for the YAML emitter. */
function toValue(plain: Plain): Value {
  if (plain === null || typeof plain === "boolean" || typeof plain === "string") return plain;
  if (plain instanceof Map) return PyDict.of([...plain].map(([key, item]): [Value, Value] => [key, toValue(item)]));
  if (Array.isArray(plain)) return plain.map(toValue);
  if (!("number" in plain)) return null;
  return /^-?\d+$/.test(plain.number) ? int(BigInt(plain.number)) : new PyFloat(Number(plain.number));
}

function pillarOverride(text: string | undefined): PyDict | undefined {
  if (text === undefined) return undefined;
  // salt-call reads its arguments as YAML, of which JSON is a part.
  const { value } = loadSalt(text, { file: "--pillar" });
  if (!(value instanceof PyDict)) throw new UsageError('--pillar takes a mapping, such as \'{"ceph": {"pool": "rbd"}}\'');
  return value;
}

/** The minion asked for: of a Salt minion config, or a cluster of the roster. */
function chooseMinion(context: CommandContext): Minion {
  const file = context.arguments.value("minion-config");
  const id = context.arguments.value("cluster");
  if (file !== undefined) {
    if (context.arguments.value("config") !== undefined) throw new UsageError("--minion-config and --config exclude each other");
    return minionFromConfig(context, file, id);
  }
  const fleet = openFleet(context);
  const { clusters } = fleet.roster;
  if (id === undefined)
    throw new UsageError(`name a cluster with --cluster; the roster has ${listed(clusters.map((cluster) => cluster.id))}`);
  const cluster = clusters.find((each) => each.id === id);
  if (cluster !== undefined) return minionOfCluster(fleet, cluster);
  const near = nearest(
    id,
    clusters.map((each) => each.id),
  );
  throw new UsageError(`the roster has no cluster ${id}${near === undefined ? "" : `; did you mean ${near}?`}`);
}

function minionFromConfig(context: CommandContext, file: string, id: string | undefined): Minion {
  const path = resolve(context.cwd, file);
  const folder = dirname(path);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new EnvironmentError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const config = parseMinionConfig(text, file, {
    include: (pattern, from) => includedFiles(pattern, from === file ? folder : dirname(resolve(context.cwd, from))),
    ...(id !== undefined && { id }),
  });
  for (const warning of config.warnings) context.terminal.err(`${printFinding(warning)}\n`);
  const roots = (from: ReadonlyMap<string, readonly string[]>): FileRoots =>
    new DiskFileRoots(
      [...from].map(([name, directories]) => ({ name, roots: directories.map((directory) => diskRoot(context, folder, directory)) })),
      diskOptions(config.opts),
    );
  return minionOf(config, roots(config.fileRoots), roots(config.pillarRoots));
}

/** Messages name a folder as seen from where the command was called, unless it lies elsewhere. */
function diskRoot(context: CommandContext, folder: string, directory: string): { readonly directory: string; readonly display: string } {
  const absolute = isAbsolute(directory) ? directory : join(folder, directory);
  const near = relative(context.cwd, absolute);
  return { directory: absolute, display: near === "" || near.startsWith("..") ? directory.replace(/\/+$/, "") : near };
}

/** Files that an `include` pattern of a minion config means: `*` and `?` in the last part of the path. */
function includedFiles(pattern: string, folder: string): ConfigFile[] {
  const full = isAbsolute(pattern) ? pattern : join(folder, pattern);
  const parent = dirname(full);
  const name = new RegExp(
    `^${full
      .slice(parent.length + 1)
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]")}$`,
  );
  let names: string[];
  try {
    names = readdirSync(parent)
      .filter((each) => name.test(each))
      .sort();
  } catch {
    return [];
  }
  return names.map((each) => ({ file: join(parent, each), text: readFileSync(join(parent, each), "utf8") }));
}
