import { join, resolve } from "node:path";
import type { Position } from "../finding/index.ts";
import { equals, PyDict, type Value } from "../python/index.ts";
import { FileAnswers } from "./cache/file-answers.ts";
import { valueAt, type DataPlace } from "./changed-data.ts";
import type { ClusterCompile } from "./cluster.ts";
import { FleetCompiler } from "./compile.ts";
import { filesIn } from "../salt/index.ts";
import { OWN_BUNDLES } from "./bundles.ts";
import { withFiles, type Fleet } from "./load.ts";
import { OverlayFiles } from "./overlay-files.ts";
import type { Cluster } from "./roster.ts";

/** Something that is other in one of two states of a fleet, and which objects of a cluster become others by it alone. */
export type ChangeCause = {
  /** Names of the objects, see `objectKey`. */
  readonly objects: ReadonlySet<string>;
} & (
  | {
      readonly kind: "pillar" | "grain";
      readonly place: DataPlace;
      /** Absent where nothing stood, or stands. */
      readonly before: Value | undefined;
      readonly after: Value | undefined;
      /** Where it stands now or, if it went, where it stood. */
      readonly at: Position | undefined;
    }
  | { readonly kind: "file"; readonly file: string; readonly change: "added" | "removed" | "changed" }
);

/** So many values and files of one cluster are tried at most. */
const MOST_VALUES = 32;
const MOST_FILES = 12;

const SETTINGS = ["schemas/pillar", "schemas/crds", "policies", OWN_BUNDLES];

/** What tells an object of a cluster from its others. */
export function objectKey(apiVersion: string, kind: string, namespace: string | null, name: string): string {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return JSON.stringify([group, kind, namespace, name]);
}

/**
 * Finds what made the objects of clusters others, by giving base what is other in head, each by itself: one value of pillar, one grain, one
 * file. What only two of them together bring is not found.
 */
export class ChangeCauses {
  readonly #base: FleetCompiler;
  readonly #head: FleetCompiler;
  readonly #overlays = new Map<string, FleetCompiler>();
  readonly #answers: { readonly base: FileAnswers; readonly head: FileAnswers };

  /** Both with the memo. */
  constructor(base: FleetCompiler, head: FleetCompiler) {
    this.#base = base;
    this.#head = head;
    this.#answers = { base: new FileAnswers(base.fleet), head: new FileAnswers(head.fleet) };
  }

  /** In one cluster that both sides have. */
  of(before: Cluster, after: Cluster): readonly ChangeCause[] {
    const { compile, questions = [] } = this.#base.compileAsked(before);
    const headQuestions = this.#head.compileAsked(after).questions ?? [];
    const digests = digestsOf(compile);
    const [was, is] = [this.#base.pillarOf(before), this.#head.pillarOf(after)];
    const values = [...differences(was, is)]
      .slice(0, MOST_VALUES)
      .map((place) => ({ place, compile: this.#base.compileWith(before, placed(was, place, valueAt(is, place))) }));
    const provenance =
      values.length === 0 ? undefined : { was: this.#base.pillarProvenanceOf(before), is: this.#head.pillarProvenanceOf(after) };
    return [
      ...values.map(({ place, compile: other }): ChangeCause => {
        const [old, now] = [valueAt(was, place), valueAt(is, place)];
        const side = now === undefined ? provenance?.was : provenance?.is;
        return {
          kind: "pillar",
          place,
          before: old,
          after: now,
          at: side?.provenance?.at(place)?.winner,
          objects: changedIn(digests, digestsOf(other)),
        };
      }),
      ...[...differences(before.grains, after.grains)].slice(0, MOST_VALUES).map((place): ChangeCause => {
        const [old, now] = [valueAt(before.grains, place), valueAt(after.grains, place)];
        const grains = placed(before.grains, place, now);
        const kubernetes = place[0] === "kubernetes" ? after.kubernetes : before.kubernetes;
        const az = place[0] === "az" ? after.az : before.az;
        const other = this.#base.compile({ ...before, grains, kubernetes, az });
        return { kind: "grain", place, before: old, after: now, at: after.at, objects: changedIn(digests, digestsOf(other)) };
      }),
      ...this.#files([...new Set([...questions, ...headQuestions])]).map(({ file, path, change }): ChangeCause => {
        const other = this.#overlay(path).compile(before);
        return { kind: "file", file, change, objects: changedIn(digests, digestsOf(other)) };
      }),
    ].filter(({ objects }) => objects.size > 0);
  }

  /** The config, and files that come with the fleet for all clusters, that are others: what is found nowhere else comes from them. */
  settings(): readonly string[] {
    const [was, is] = [this.#base.fleet, this.#head.fleet];
    const paths = [was, is].flatMap((fleet) => [
      fleet.configFile,
      ...SETTINGS.flatMap((folder) => filesIn(fleet.files, join(fleet.folder, folder)).map((path) => `${folder}/${path}`)),
    ]);
    return [...new Set(paths)].filter((path) => contentAt(was, path) !== contentAt(is, path)).toSorted();
  }

  /** Files of the states, and sealed ones, that are others. */
  #files(
    questions: readonly string[],
  ): readonly { readonly file: string; readonly path: string; readonly change: "added" | "removed" | "changed" }[] {
    const found = new Map<string, { file: string; path: string; change: "added" | "removed" | "changed" }>();
    for (const question of questions) {
      const [root = "", what, saltenv = "", path = ""] = question.split("\0");
      if (what !== "find" || root === "pillar_roots" || this.#answers.base.answer(question) === this.#answers.head.answer(question))
        continue;
      const [was, is] = [this.#base, this.#head].map(({ fleet }) =>
        (root === "sealed" ? fleet.sealedRoots : fleet.fileRoots).find(saltenv, path),
      );
      const file = (is ?? was)?.display;
      if (file === undefined || found.size >= MOST_FILES) continue;
      const change = was === undefined ? "added" : is === undefined ? "removed" : "changed";
      found.set(file, { file, path: resolve(this.#base.fleet.folder, file), change });
    }
    return [...found.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1));
  }

  /** Base with one file of head. */
  #overlay(path: string): FleetCompiler {
    let overlay = this.#overlays.get(path);
    if (overlay === undefined) {
      const { fleet } = this.#base;
      const there = this.#head.fleet.files.status(path) !== undefined;
      const content = there ? this.#head.fleet.files.read(path) : undefined;
      const files = new OverlayFiles(fleet.files, new Map([[path, content]]));
      overlay = new FleetCompiler(withFiles(fleet, files), { beside: this.#base });
      this.#overlays.set(path, overlay);
    }
    return overlay;
  }
}

function digestsOf({ release }: ClusterCompile): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const addon of release.state === "compiled" ? release.addons : []) {
    for (const { apiVersion, kind, namespace, name, digest, file } of addon.state === "complete" ? addon.objects : [])
      digests.set(objectKey(apiVersion, kind, namespace, name), `${addon.name}/${file} ${digest}`);
  }
  return digests;
}

function changedIn(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set([...before.keys(), ...after.keys()].filter((key) => before.get(key) !== after.get(key)));
}

/** Places of what two mappings do not have in common, as deep as both have mappings. */
function* differences(a: Value | undefined, b: Value | undefined, place: DataPlace = []): Generator<DataPlace> {
  if (a instanceof PyDict && b instanceof PyDict) {
    for (const key of new Set([...a.keys(), ...b.keys()])) yield* differences(a.get(key), b.get(key), [...place, key]);
  } else if (a === undefined || b === undefined || !equals(a, b)) yield place;
}

/** A copy with another value, or none, at a place whose mapping is there; all that does not hold the place is the same as before. */
function placed(data: PyDict, [step, ...rest]: DataPlace, value: Value | undefined): PyDict {
  const copy = data.emptyLike();
  for (const [key, item] of data.entries()) copy.set(key, item);
  if (step === undefined) return copy;
  const inner = data.get(step);
  const own = rest.length === 0 ? value : inner instanceof PyDict ? placed(inner, rest, value) : inner;
  if (own === undefined) copy.delete(step);
  else copy.set(step, own);
  return copy;
}

/** What is in a file of a fleet's folder; empty where there is none. */
function contentAt({ folder, files }: Fleet, path: string): string {
  const full = resolve(folder, path);
  return files.status(full)?.kind === "file" ? Buffer.from(files.read(full)).toString("base64") : "";
}
