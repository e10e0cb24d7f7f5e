import { at, minor, type Spanned } from "./definitions.ts";

/** When a kind came, was deprecated, went, and by what replaced: Kubernetes versions, `group/version/kind`. */
export interface KindHistory {
  readonly introduced?: string;
  readonly deprecated?: string;
  readonly removed?: string;
  readonly replacement?: string;
}

/** A kind as a version's API has it. */
export interface KindFacts {
  readonly plural: string;
  readonly namespaced: boolean;
  /** Name of the definition. */
  readonly definition: string;
  /** False for what is only asked and never stored, such as TokenReview. */
  readonly storable?: boolean;
}

export interface KindIndex {
  readonly versions: readonly string[];
  /** By `group/version/kind`; the core group is empty. */
  readonly resources: Readonly<Record<string, readonly Spanned<KindFacts>[]>>;
  readonly history: Readonly<Record<string, KindHistory>>;
}

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export function parseApiVersion(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? { group: "", version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `storage.k8s.io/v1/StorageClass` as a user writes it: `storage.k8s.io/v1 StorageClass`. */
export function kindWords(key: string): string {
  const kind = key.slice(key.lastIndexOf("/") + 1);
  const apiVersion = key.slice(0, key.lastIndexOf("/")).replace(/^\//, "");
  return `${apiVersion} ${kind}`;
}

export function kindKey(apiVersion: string, kind: string): string {
  const { group, version } = parseApiVersion(apiVersion);
  return `${group}/${version}/${kind}`;
}

/**
 * Whether a server with default settings serves a built-in version: alpha and beta versions are off,
 * but for those that were on before 1.24 and live on (pkg/controlplane/instance.go, KEP-3136).
 */
export function servedByDefault(group: string, version: string, release: number): boolean {
  if (!/alpha|beta/.test(version)) return true;
  return group === "flowcontrol.apiserver.k8s.io" && ((version === "v1beta2" && release <= 28) || (version === "v1beta3" && release <= 31));
}

/** The versions of a group and kind that a release serves, most stable first. */
export function servedAs(index: KindIndex, kind: string, release: number): string[] {
  const found: string[] = [];
  for (const [key, spans] of Object.entries(index.resources)) {
    if (!key.endsWith(`/${kind}`) || at(spans, release) === undefined) continue;
    const { group, version } = parseApiVersion(key.slice(0, key.lastIndexOf("/")));
    if (servedByDefault(group, version, release)) found.push(`${group === "" ? "" : `${group}/`}${version}`);
  }
  return found.sort((a, b) => Number(/beta|alpha/.test(a)) - Number(/beta|alpha/.test(b)));
}

/** Since when a kind is gone, where it was there before. */
export function removedIn(index: KindIndex, key: string, release: number): string | undefined {
  const stated = index.history[key]?.removed;
  if (stated !== undefined && minor(stated) <= release) return stated;
  const last = index.resources[key]?.findLast(({ to }) => minor(to) < release);
  return last === undefined ? undefined : `1.${minor(last.to) + 1}`;
}

/** The first version that has a kind, where that is later than this one. */
export function addedIn(index: KindIndex, key: string, release: number): string | undefined {
  const first = index.resources[key]?.find(({ from }) => minor(from) > release)?.from;
  if (first !== undefined) return first;
  const stated = index.history[key]?.introduced;
  return stated !== undefined && minor(stated) > release ? stated : undefined;
}
