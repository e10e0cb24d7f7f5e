import { BUNDLE_FOLDER } from "../bundle/index.ts";
import { addonOf, publishedPath, type AddonSettings, type Release, type SealedRead } from "../addon/index.ts";
import { str, type DataPath } from "../python/index.ts";
import type { Memo, Tracker } from "../memo/index.ts";
import type { ClusterCompile } from "./cluster.ts";
import type { Asked, MinionReads } from "../salt/index.ts";

/** A question about data: the keys down from its root, and what was asked. */
export interface ReachQuestion {
  /** `pillar`, `grains`, `opts`, `id`. */
  readonly root: string;
  readonly keys: readonly string[];
  readonly ask: "value" | "kind" | "keys" | "size";
  /** There was nothing there. */
  readonly absent: boolean;
}

/** What one computation read. */
export interface ReachSet {
  readonly questions: readonly ReachQuestion[];
  /** `ROOTS\0find\0SALTENV\0PATH` and the like, see `FileAnswers`. */
  readonly files: readonly string[];
}

/** An object of a file: kind, namespace and name. */
export type ReachObject = readonly [kind: string, namespace: string, name: string];

/**
 * What was read for what in one cluster. Numbers are places in a list of sets; clusters that differ in nothing but what was answered have
 * the same reach.
 */
export interface Reach {
  /** For all that the cluster has. */
  readonly all: readonly number[];
  /** For a target of the top file: the SLS that it brings where it matches. */
  readonly targets: readonly (readonly [sls: readonly string[], set: number])[];
  readonly sls: Readonly<Record<string, readonly number[]>>;
  readonly files: readonly ReachFile[];
  /** The SLS that write an addon, as pillar declares. */
  readonly declared: Readonly<Record<string, readonly string[]>>;
}

export interface ReachFile {
  readonly addon: string;
  readonly file: string;
  readonly sls: string;
  readonly sets: readonly number[];
  readonly objects: readonly ReachObject[];
  /** Those of them whose mode is what pillar declares for the addon. */
  readonly declared: readonly ReachObject[];
}

type StatesReach = Pick<Reach, "all" | "targets" | "sls">;

/** Gives sets of reads numbers, equal ones the same. */
export class ReachSets {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #known = new WeakMap<Asked, number>();
  readonly #states = new WeakMap<object, StatesReach>();
  readonly #texts = new Map<number, string>();
  readonly #memo: Memo;

  constructor(memo: Memo) {
    this.#memo = memo;
  }

  /** What the states' own part of a reach is, once for all clusters that have the states in common. */
  ofStates({ states }: MinionReads, make: () => StatesReach): StatesReach {
    let reach = this.#states.get(states);
    if (reach === undefined) this.#states.set(states, (reach = make()));
    return reach;
  }

  fileQuestion(file: number): string {
    return this.#memo.fileQuestion(file);
  }

  number(asked: Asked, tracker: Tracker): number {
    let number = this.#known.get(asked);
    if (number === undefined) {
      number = this.#numberOf(
        [...asked.questions, ...(asked.printed ?? [])].map((question) => this.#text(question, tracker)),
        asked.files.map((file) => this.#memo.fileQuestion(file)),
      );
      this.#known.set(asked, number);
    }
    return number;
  }

  /** What was asked of sealed files for one of an addon's files: of no file, no set. */
  ofSealed(reads: readonly SealedRead[], addon: string, file: string): readonly number[] {
    const questions = sealedQuestions(reads.filter((read) => read.addon === addon && read.file === file));
    return questions.length === 0 ? [] : [this.#numberOf([], questions)];
  }

  #numberOf(questions: readonly string[], files: readonly string[]): number {
    const text = JSON.stringify([questions, files]);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.list.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  #text(question: number, tracker: Tracker): string {
    let text = this.#texts.get(question);
    if (text === undefined) {
      const keys: string[] = [];
      for (let at: DataPath | undefined = this.#memo.paths.at(question >> 2); at !== undefined; at = at.parent) keys.unshift(str(at.key));
      text = `${ASKS[question & 3] ?? "value"}\0${keys.join("\0")}`;
      this.#texts.set(question, text);
    }
    return tracker.answerText(question) === "-" ? `-${text}` : text;
  }
}

/** By the number of `Ask`. */
const ASKS: readonly ReachQuestion["ask"][] = ["value", "kind", "keys", "size"];

/** Reads a set back from its text. */
export function readReachSet(text: string): ReachSet {
  // Made by ReachSets.
  const [questions, files]: [string[], string[]] = JSON.parse(text);
  return {
    files,
    questions: questions.map((question) => {
      const absent = question.startsWith("-");
      const [ask = "", root = "", ...keys] = (absent ? question.slice(1) : question).split("\0");
      return { root, keys, absent, ask: isAsk(ask) ? ask : "value" };
    }),
  };
}

function isAsk(text: string): text is ReachQuestion["ask"] {
  return ASKS.some((ask) => ask === text);
}

/** The questions about sealed files that a compile asked. */
export function sealedQuestions(reads: readonly SealedRead[]): readonly string[] {
  return [...new Set(reads.flatMap(sealedQuestion))];
}

function sealedQuestion({ path, absent }: SealedRead): readonly string[] {
  return [["sealed", "find", "base", path].join("\0"), ...(absent ? [["sealed", "files", "base"].join("\0")] : [])];
}

/** Puts together what was read for what. */
export function reachOf(
  { release, sealedReads }: Pick<ClusterCompile, "release" | "sealedReads">,
  settings: AddonSettings | undefined,
  reads: MinionReads,
  tracker: Tracker,
  sets: ReachSets,
): Reach {
  const number = (asked: Asked): number => sets.number(asked, tracker);
  return {
    ...sets.ofStates(reads, () => statesReach(reads, number, (file) => sets.fileQuestion(file))),
    files: filesOf(release, reads, number, (addon, file) => sets.ofSealed(sealedReads, addon, file)),
    declared: Object.fromEntries([...(settings?.addons ?? [])].map(([name, { sls: list }]) => [name, list])),
  };
}

function statesReach(
  { sls, states, entangled, declaring }: MinionReads,
  number: (asked: Asked) => number,
  fileQuestion: (file: number) => string,
): StatesReach {
  const own = new Set([
    ...[...sls.values()].flat().flatMap(({ questions, printed = [] }) => [...questions, ...printed]),
    ...states.notes.flatMap(([, questions]) => questions),
  ]);
  const ownFiles = new Set([...sls.values()].flat().flatMap(({ files }) => files));
  // An SLS's own file reaches its states; one without any may bring in others.
  const others = states.files.filter((file) => {
    const name = slsAt(fileQuestion(file));
    return !ownFiles.has(file) && (name === undefined || !declaring.has(name));
  });
  const rest = { questions: states.questions.filter((question) => !own.has(question)), files: others };
  return {
    all: [number(rest), ...(entangled ? [number(states)] : [])],
    targets: states.notes.map(([label, questions]) => [readLabel(label), number({ questions, files: [] })]),
    sls: Object.fromEntries([...sls].map(([name, asked]) => [name, asked.map(number)])),
  };
}

/** The SLS that a looked up file is, if it is one. */
export function slsAt(question: string): string | undefined {
  const [, what, , path = ""] = question.split("\0");
  return what === "find" && path.endsWith(".sls") ? path.replace(/(?:\/init)?\.sls$/, "").replaceAll("/", ".") : undefined;
}

function readLabel(label: string): readonly string[] {
  // Made by `targetLabel` of the salt room.
  const list: string[] = JSON.parse(label);
  return list;
}

function filesOf(
  release: Release,
  reads: MinionReads,
  number: (asked: Asked) => number,
  sealed: (addon: string, file: string) => readonly number[],
): ReachFile[] {
  const objects = new Map<string, { readonly sls: string; readonly list: ReachObject[]; readonly declared: ReachObject[] }>();
  for (const addon of release.state === "compiled" ? release.addons : []) {
    for (const object of addon.state === "complete" ? addon.objects : []) {
      const key = `${addon.name}/${object.file}`;
      const entry = objects.get(key) ?? { sls: object.sls, list: [], declared: [] };
      objects.set(key, entry);
      const named: ReachObject = [object.kind, object.namespace ?? "", object.name];
      entry.list.push(named);
      if (object.modeIsDeclared) entry.declared.push(named);
    }
  }
  const files: ReachFile[] = [];
  for (const [path, asked] of reads.files) {
    const addon = addonOf(path)?.addon;
    if (addon === undefined) continue;
    const file = publishedPath(path);
    const known = objects.get(`${addon}/${file}`);
    files.push({
      addon,
      file,
      sls: known?.sls ?? "",
      sets: [...asked.map(number), ...sealed(addon, file)],
      objects: known?.list ?? [],
      declared: known?.declared ?? [],
    });
    objects.delete(`${addon}/${file}`);
  }
  // Bundles are in no file of a state's: they come and go with the SLS of the workload that names them.
  for (const [path, { sls, list, declared }] of objects) {
    const [addon = "", ...rest] = path.split("/");
    if (rest[0] === BUNDLE_FOLDER) files.push({ addon, file: rest.join("/"), sls, sets: [], objects: list, declared });
  }
  return files;
}

/** A reach in JSON with other numbers for its sets. */
export function renumbered(reach: string, number: (set: number) => number): string {
  if (reach === "") return "";
  // Made of what `reachOf` gave.
  const { all, targets, sls, files, declared }: Reach = JSON.parse(reach);
  const own: Reach = {
    all: all.map(number),
    targets: targets.map(([names, set]) => [names, number(set)]),
    sls: Object.fromEntries(Object.entries(sls).map(([name, sets]) => [name, sets.map(number)])),
    files: files.map((file) => ({ ...file, sets: file.sets.map(number) })),
    declared,
  };
  return JSON.stringify(own);
}
