import { join, resolve } from "node:path";
import type { Position } from "../finding/index.ts";
import { equals, PyDict, type Value } from "../python/index.ts";
import { FileAnswers } from "./cache/file-answers.ts";
import { searchCauses, type Digests, type PartCauses } from "./cause-search.ts";
import { valueAt, type DataPlace } from "./changed-data.ts";
import type { ClusterCompile } from "./cluster.ts";
import { FleetCompiler } from "./compile.ts";
import { filesIn } from "../salt/index.ts";
import { OWN_BUNDLES } from "./bundles.ts";
import { withFiles, type Fleet } from "./load.ts";
import { OverlayFiles } from "./overlay-files.ts";
import type { Cluster } from "./roster.ts";

/** Something that is other in one of two states of a fleet, and which objects of a cluster it makes others. */
export type ChangeCause = PartCauses & Part;

type Part =
  | {
      readonly kind: "pillar" | "grain";
      readonly place: DataPlace;
      /** Absent where nothing stood, or stands. */
      readonly before: Value | undefined;
      readonly after: Value | undefined;
      /** Where it stands now or, if it went, where it stood. */
      readonly at: Position | undefined;
    }
  | { readonly kind: "file"; readonly file: string; readonly change: "added" | "removed" | "changed" };

/** So many values and files of one cluster are tried at most. */
const MOST_VALUES = 32;
const MOST_FILES = 12;

const SETTINGS = ["schemas/pillar", "schemas/crds", "policies", OWN_BUNDLES];

/** What tells an object of a cluster from its others. */
export function objectKey(apiVersion: string, kind: string, namespace: string | null, name: string): string {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return JSON.stringify([group, kind, namespace, name]);
}

/** A part as it is put into a cluster of the other side. */
type Place =
  | { readonly kind: "pillar" | "grain"; readonly place: DataPlace }
  | { readonly kind: "file"; readonly path: string; readonly file: string; readonly change: "added" | "removed" | "changed" };

/** One of two sides, with what stands at places of the other. */
interface Side {
  readonly name: "base" | "head";
  readonly compiler: FleetCompiler;
  readonly cluster: Cluster;
  readonly other: { readonly compiler: FleetCompiler; readonly cluster: Cluster; readonly pillar: PyDict };
}

/**
 * Finds what made the objects of clusters others, by giving one side what is other in the other one: values of pillar, grains and files, each
 * by itself, and together where that does not explain an object (`searchCauses`).
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
    const asked = this.#head.compileAsked(after);
    const [was, is] = [this.#base.pillarOf(before), this.#head.pillarOf(after)];
    const places: readonly Place[] = [
      ...[...differences(was, is)].slice(0, MOST_VALUES).map((place) => ({ kind: "pillar" as const, place })),
      ...[...differences(before.grains, after.grains)].slice(0, MOST_VALUES).map((place) => ({ kind: "grain" as const, place })),
      ...this.#files([...new Set([...questions, ...(asked.questions ?? [])])]).map((file) => ({ kind: "file" as const, ...file })),
    ];
    const [base, head] = [
      { name: "base", compiler: this.#base, cluster: before, other: { compiler: this.#head, cluster: after, pillar: is } },
      { name: "head", compiler: this.#head, cluster: after, other: { compiler: this.#base, cluster: before, pillar: was } },
    ] as const;
    const mixed = (side: Side, own: ClusterCompile, parts: readonly number[]): Digests =>
      digestsOf(
        parts.length === 0
          ? own
          : this.#mixed(
              side,
              parts.flatMap((part) => places[part] ?? []),
            ),
      );
    const found = searchCauses({
      parts: places.length,
      base: (parts) => mixed(base, compile, parts),
      head: (parts) => mixed(head, asked.compile, parts),
    });
    const provenance = places.some(({ kind }) => kind === "pillar")
      ? { was: this.#base.pillarProvenanceOf(before), is: this.#head.pillarProvenanceOf(after) }
      : undefined;
    return places.flatMap((place, part): ChangeCause[] => {
      const { alone, together } = found[part] ?? { alone: new Set(), together: new Set() };
      if (alone.size + together.size === 0) return [];
      if (place.kind === "file") return [{ kind: place.kind, file: place.file, change: place.change, alone, together }];
      const [from, to] = place.kind === "pillar" ? [was, is] : [before.grains, after.grains];
      const [old, now] = [valueAt(from, place.place), valueAt(to, place.place)];
      const side = now === undefined ? provenance?.was : provenance?.is;
      const at = place.kind === "pillar" ? side?.provenance?.at(place.place)?.winner : after.at;
      return [{ ...place, before: old, after: now, at, alone, together }];
    });
  }

  /** One side in which some parts are as in the other. */
  #mixed({ name, compiler: own, cluster: ownCluster, other }: Side, places: readonly Place[]): ClusterCompile {
    let cluster = ownCluster;
    for (const place of places.flatMap((each) => (each.kind === "grain" ? [each.place] : []))) {
      cluster = {
        ...cluster,
        grains: placed(cluster.grains, place, valueAt(other.cluster.grains, place)),
        ...(place[0] === "kubernetes" && { kubernetes: other.cluster.kubernetes }),
        ...(place[0] === "az" && { az: other.cluster.az }),
      };
    }
    const files = places.flatMap((each) => (each.kind === "file" ? [each.path] : []));
    const compiler = files.length === 0 ? own : this.#overlay(name, own, other.compiler, files);
    const values = places.flatMap((each) => (each.kind === "pillar" ? [each.place] : []));
    if (values.length === 0) return compiler.compile(cluster);
    let pillar = compiler.pillarOf(cluster);
    for (const place of values) pillar = placed(pillar, place, valueAt(other.pillar, place));
    return compiler.compileWith(cluster, pillar);
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

  /** A side with some files of the other one. */
  #overlay(name: string, own: FleetCompiler, other: FleetCompiler, paths: readonly string[]): FleetCompiler {
    const key = [name, ...paths].join("\0");
    let overlay = this.#overlays.get(key);
    if (overlay === undefined) {
      const contents = paths.map((path): [string, Uint8Array | undefined] => [
        path,
        other.fleet.files.status(path) === undefined ? undefined : other.fleet.files.read(path),
      ]);
      overlay = new FleetCompiler(withFiles(own.fleet, new OverlayFiles(own.fleet.files, new Map(contents))), { beside: own });
      this.#overlays.set(key, overlay);
    }
    return overlay;
  }
}

function digestsOf({ release }: ClusterCompile): Digests {
  const digests = new Map<string, string>();
  for (const addon of release.state === "compiled" ? release.addons : []) {
    for (const { apiVersion, kind, namespace, name, digest, file } of addon.state === "complete" ? addon.objects : [])
      digests.set(objectKey(apiVersion, kind, namespace, name), `${addon.name}/${file} ${digest}`);
  }
  return digests;
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
