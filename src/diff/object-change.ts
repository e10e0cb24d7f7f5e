import type { ClusterSchema } from "../schema/index.ts";
import { compareValues } from "./compare.ts";
import { dangersOf, rolloutOf, type Rollout } from "./danger/index.ts";
import type { Danger, FieldChange, ObjectChange } from "./model.ts";
import type { ObjectPair } from "./pair.ts";
import { shapeOf, type Shape } from "./shape.ts";

/** What happens to one object, with all that follows from it alone. */
export interface DescribedChange {
  readonly change: ObjectChange;
  readonly dangers: readonly Danger[];
  readonly rollout: Rollout | undefined;
  /** Nothing changes in meaning: other words for the same, or what only says that something else has changed. */
  readonly quiet: boolean;
  readonly sls: string;
  readonly source: string | null;
}

/** An API to compare objects by. */
export type DiffApi = Pick<ClusterSchema, "field" | "immutable" | "kind">;

/** Names that end in a digest, before and after. */
export type DigestNames = ReadonlyMap<string, string>;

/** Describes pairs of objects by one cluster's API. */
export class Describer {
  readonly #api: DiffApi;
  readonly #shapes = new Map<string, Shape>();

  constructor(api: DiffApi) {
    this.#api = api;
  }

  describe(pair: ObjectPair, names: DigestNames): DescribedChange {
    const object = pair.kind === "removed" ? pair.before : pair.after;
    const { sls, source } = object;
    if (pair.kind === "added" || pair.kind === "removed") {
      const value = object.value.shown;
      const change: ObjectChange =
        pair.kind === "added" ? { change: "added", after: object.ref, value } : { change: "removed", before: object.ref, value };
      return { change, dangers: dangersOf(pair, [], this.#api), rollout: undefined, quiet: false, sls, source };
    }
    const { before, after } = pair;
    const found = compareValues(before.value, after.value, this.#shape(after.ref.apiVersion, after.ref.kind));
    const fields = found.map((field) => namedByDigest(field, names));
    const moved = before.ref.addon !== after.ref.addon || before.ref.file !== after.ref.file;
    const kind = pair.kind === "renamed" ? "renamed" : moved ? "moved" : "changed";
    const rollout = rolloutOf(after.ref, after.value.raw, fields);
    const dangers = dangersOf(pair, fields, this.#api);
    const quiet =
      rollout === undefined &&
      dangers.length === 0 &&
      before.ref.addon === after.ref.addon &&
      fields.every(({ same }) => same !== undefined);
    return { change: { change: kind, before: before.ref, after: after.ref, fields }, dangers, rollout, quiet, sls, source };
  }

  #shape(apiVersion: string, kind: string): Shape {
    const key = `${apiVersion} ${kind}`;
    let shape = this.#shapes.get(key);
    if (shape === undefined) this.#shapes.set(key, (shape = shapeOf(this.#api, apiVersion, kind)));
    return shape;
  }
}

/** An object's name with a digest in it, and every reference to it, changes with what is in the object. */
function namedByDigest(field: FieldChange, names: DigestNames): FieldChange {
  if (field.op !== "replace" || field.same !== undefined || typeof field.before !== "string") return field;
  return names.get(field.before) === field.value ? { ...field, same: "name" } : field;
}

/** The names with a digest among pairs. */
export function digestNames(pairs: readonly ObjectPair[]): DigestNames {
  return new Map(
    pairs.flatMap((pair): [string, string][] =>
      pair.kind === "renamed" && pair.by === "digest" ? [[pair.before.ref.name, pair.after.ref.name]] : [],
    ),
  );
}
