import { PyDict, type Value } from "../python/index.ts";
import type { ParsedObject } from "./parse.ts";
import type { ObjectFacts } from "./types.ts";

/** The field that says whose a class is; null: it has none. */
const KINDS: Readonly<Record<string, string | null>> = {
  Namespace: null,
  StorageClass: null,
  VolumeSnapshotClass: "driver",
  VolumeGroupSnapshotClass: "driver",
};

/** What other objects, and policies over several objects, hang on. */
export function factsOf({ value, kind }: Pick<ParsedObject, "value" | "kind">): ObjectFacts | undefined {
  const field = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (field === undefined) return undefined;
  const metadata = value.get("metadata");
  const driver = field === null ? undefined : value.get(field);
  const of = (key: string): Readonly<Record<string, string>> => textsOf(metadata instanceof PyDict ? metadata.get(key) : undefined);
  return { labels: of("labels"), annotations: of("annotations"), driver: typeof driver === "string" ? driver : null };
}

function textsOf(value: Value | undefined): Readonly<Record<string, string>> {
  if (!(value instanceof PyDict)) return {};
  return Object.fromEntries(
    [...value.entries()].flatMap(([key, text]) => (typeof key === "string" && typeof text === "string" ? [[key, text]] : [])),
  );
}
