/** A merge key's default counts (x-kubernetes-list-map-keys of ports; the only key with a default in v1.28 to v1.36). */
const DEFAULTS: Readonly<Record<string, string>> = { protocol: "TCP" };

/**
 * What tells an item of a list of type map or set from the others: `name "web", protocol "TCP"`, or the whole item where there
 * are no keys. `undefined` where no key has a value.
 */
export function listKey(item: unknown, keys: readonly unknown[]): string | undefined {
  if (keys.length === 0) return JSON.stringify(item);
  if (typeof item !== "object" || item === null) return undefined;
  const parts: string[] = [];
  for (const name of keys) {
    const key = String(name);
    const value: unknown = Object.hasOwn(item, key) ? Reflect.get(item, key) : DEFAULTS[key];
    if (value !== undefined) parts.push(`${key} ${JSON.stringify(value)}`);
  }
  return parts.length === 0 ? undefined : parts.join(", ");
}
