import type { FileRoots, SourceFile } from "../types.ts";

/** What a `salt://` URL names. */
export interface SaltUrl {
  readonly path: string;
  /** From `?saltenv=`; absent means the environment of the caller. */
  readonly saltenv?: string;
}

/**
 * Takes a `salt://path?saltenv=env` URL apart (salt/utils/url.py, 3007.1). `undefined` for any other URL.
 * `|` at the front of the path keeps a `?` in it from being read as a query; `?env=` is dropped.
 */
export function parseSaltUrl(url: string): SaltUrl | undefined {
  if (!url.startsWith("salt://")) return undefined;
  const resource = url.slice("salt://".length);
  const env = resource.indexOf("?env=");
  if (env >= 0) return { path: unescape(resource.slice(0, env)) };
  const saltenv = resource.indexOf("?saltenv=");
  if (saltenv >= 0) return { path: unescape(resource.slice(0, saltenv)), saltenv: resource.slice(saltenv + "?saltenv=".length) };
  return { path: unescape(resource) };
}

function unescape(path: string): string {
  return path.startsWith("|") ? path.replace(/^\|+/, "") : (path.split("?", 1)[0] ?? "");
}

/** The file that a `salt://` URL names, in the environment it names or else in `saltenv`. */
export function findSaltUrl(roots: FileRoots, url: string, saltenv: string): SourceFile | undefined {
  const parsed = parseSaltUrl(url);
  return parsed === undefined ? undefined : roots.find(parsed.saltenv ?? saltenv, parsed.path);
}

/** Salt's file server answers no path that is absolute or that climbs (fileserver/__init__.py find_file). */
export function servable(path: string): boolean {
  return !path.startsWith("/") && !path.includes("../") && path !== "..";
}
