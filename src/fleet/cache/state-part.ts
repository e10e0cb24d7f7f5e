import { FolderShape } from "../folder-shape.ts";
import { KnownFolder } from "../known-folder.ts";
import type { FileStamp } from "../../salt/index.ts";
import { Table } from "./table.ts";

/** What one run has left of one cluster. */
export interface ClusterState {
  /** All that the roster says of it, as text. */
  readonly roster: string;
  /** Questions about files, by their place in the part's list. */
  readonly questions: readonly number[];
  /** What it came to, as JSON. */
  readonly outcome: string;
  /** What was read for what, as JSON of a `Reach`; empty where that is not known. */
  readonly reach: string;
  /** Its folder in out/; absent where that is not as it should be. */
  readonly folder: KnownFolder | undefined;
}

/** The same as it was kept. */
export interface KeptState extends ClusterState {
  /** Whether it asked one of some questions; quick for the same ones of many clusters. */
  asksAny(questions: ReadonlySet<number>): boolean;
}

/** A question about files with its answer at the time. */
export interface AskedFile {
  readonly question: string;
  readonly answer: string;
  readonly stamp: FileStamp | undefined;
}

/** What one run, or one thread of it, has left of the clusters that it compiled. */
export interface StatePart {
  /** When the run began and when it was over, in milliseconds. */
  readonly begun: number;
  readonly saved: number;
  readonly asked: readonly AskedFile[];
  /** The sets that reaches name by number. */
  readonly sets: readonly string[];
  readonly clusters: ReadonlyMap<string, ClusterState>;
}

export interface KeptPart extends StatePart {
  readonly clusters: ReadonlyMap<string, KeptState>;
}

interface Header {
  readonly begun: number;
  readonly saved: number;
  readonly asked: readonly (readonly [string, string, string, number] | readonly [string, string])[];
  /** Questions that every cluster asked. */
  readonly common: readonly number[];
  readonly outcomes: readonly string[];
  readonly reaches: readonly string[];
  readonly sets: readonly string[];
  readonly rosters: readonly string[];
  readonly digests: readonly string[];
  /** Paths of the files of a cluster's folder. */
  readonly shapes: readonly (readonly string[])[];
  /** Id, roster, outcome, reach, shape (-1: no folder), further questions. */
  readonly clusters: readonly (readonly [string, number, number, number, number, readonly number[]])[];
}

/** The part as bytes: a header in JSON, behind its length, then the stamps as numbers. */
export function encodeStatePart(part: StatePart): Buffer {
  const [outcomes, reaches, rosters, digests] = [new Table(), new Table(), new Table(), new Table()];
  const shapes = new Map<FolderShape, number>();
  const shapeNumber = (shape: FolderShape): number => {
    const number = shapes.get(shape) ?? shapes.size;
    shapes.set(shape, number);
    return number;
  };
  const common = commonQuestions([...part.clusters.values()].map((cluster) => cluster.questions));
  const isCommon = new Set(common);
  const clusters = [...part.clusters].map(([id, { roster, questions, outcome, reach, folder }]): Header["clusters"][number] => [
    id,
    rosters.number(roster),
    outcomes.number(outcome),
    reaches.number(reach),
    folder === undefined ? -1 : shapeNumber(folder.shape),
    questions.filter((question) => !isCommon.has(question)),
  ]);
  const numbers = [...part.clusters.values()].flatMap(({ folder }) =>
    folder === undefined ? [] : [Buffer.from(folder.numbersIn(digests).buffer)],
  );
  const header: Header = {
    begun: part.begun,
    saved: part.saved,
    asked: part.asked.map(({ question, answer, stamp }) =>
      stamp === undefined ? [question, answer] : [question, answer, stamp.text, stamp.modified],
    ),
    common,
    outcomes: outcomes.list,
    reaches: reaches.list,
    sets: part.sets,
    rosters: rosters.list,
    digests: digests.list,
    shapes: [...shapes.keys()].map(({ files }) => files),
    clusters,
  };
  const json = Buffer.from(JSON.stringify(header), "utf8");
  const length = Buffer.alloc(8);
  length.writeUInt32LE(json.length, 0);
  return Buffer.concat([length, json, ...numbers]);
}

/** Reads a part. */
export function decodeStatePart(bytes: Buffer): KeptPart {
  const length = bytes.readUInt32LE(0);
  // Only files that `encodeStatePart` of this very build wrote, and whose digest is right, come here.
  const header: Header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  // A copy, as numbers must begin where a number can.
  const numbers = new Float64Array(Uint8Array.from(bytes.subarray(8 + length)).buffer);
  const clusters = new Map<string, KeptState>();
  const common = new WeakMap<ReadonlySet<number>, boolean>();
  const allAskAny = (questions: ReadonlySet<number>): boolean => {
    let any = common.get(questions);
    if (any === undefined) common.set(questions, (any = header.common.some((question) => questions.has(question))));
    return any;
  };
  const shapes = header.shapes.map((files) => new FolderShape(files));
  let at = 0;
  for (const [id, roster, outcome, reach, shapeAt, further] of header.clusters) {
    const shape = shapes[shapeAt];
    const from = at;
    if (shape !== undefined) at += KnownFolder.numbersOf(shape);
    const own = numbers.subarray(from, at);
    clusters.set(id, {
      roster: header.rosters[roster] ?? "",
      outcome: header.outcomes[outcome] ?? "",
      reach: header.reaches[reach] ?? "",
      get questions() {
        return [...header.common, ...further];
      },
      asksAny: (questions) => allAskAny(questions) || further.some((question) => questions.has(question)),
      folder: shape === undefined ? undefined : new KnownFolder(shape, own, header.digests),
    });
  }
  return {
    begun: header.begun,
    saved: header.saved,
    asked: header.asked.map(([question, answer, text, modified]) => ({
      question,
      answer,
      stamp: text === undefined || modified === undefined ? undefined : { text, modified },
    })),
    sets: header.sets,
    clusters,
  };
}

function commonQuestions(lists: readonly (readonly number[])[]): number[] {
  const counts = new Map<number, number>();
  for (const list of lists) for (const question of list) counts.set(question, (counts.get(question) ?? 0) + 1);
  return [...counts].filter(([, count]) => count === lists.length).map(([question]) => question);
}
