/**
 * A PersistentVolume has no taints: the annotation {@link ANNOTATIONS.taints} holds a JSON list of them. `NoBind`: no claim is to be bound to the
 * volume any more; one that is, stays.
 */
export interface VolumeTaint {
  readonly key: string;
  readonly effect: "NoBind";
  /** Since when: RFC 3339. */
  readonly since: string;
  /** One word in CamelCase, as an event's reason. */
  readonly reason: string;
}

/** The claim that a quarantined volume is reserved for: no binder takes a volume that is somebody else's, and nobody makes a claim of this name. */
export const QUARANTINE = { namespace: "halite-quarantine", name: "quarantine" } as const;

/**
 * Reads the annotation. What can't be read counts as a taint of reason `Unreadable`: a volume whose taints nobody can tell is not bound.
 *
 * @param text the annotation; `undefined` where there is none
 */
export function parseTaints(text: string | undefined): readonly VolumeTaint[] {
  if (text === undefined || text.trim() === "") return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [UNREADABLE];
  }
  if (!Array.isArray(value)) return [UNREADABLE];
  return value.map((item: unknown) =>
    isTaint(item) ? { key: item.key, effect: item.effect, since: item.since, reason: item.reason } : UNREADABLE,
  );
}

/** As the annotation holds them: sorted by key, so that the same taints are the same text. */
export function formatTaints(taints: readonly VolumeTaint[]): string {
  const sorted = [...taints].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return JSON.stringify(sorted.map(({ key, effect, since, reason }) => ({ key, effect, since, reason })));
}

const UNREADABLE: VolumeTaint = {
  key: "storage.halite.dev/unreadable",
  effect: "NoBind",
  since: "1970-01-01T00:00:00Z",
  reason: "Unreadable",
};

function isTaint(value: unknown): value is VolumeTaint {
  if (typeof value !== "object" || value === null) return false;
  const { key, effect, since, reason } = value as Partial<Record<keyof VolumeTaint, unknown>>; // a foreign object: each part is looked at
  return typeof key === "string" && key !== "" && effect === "NoBind" && typeof since === "string" && typeof reason === "string";
}
