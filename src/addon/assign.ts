import type { Finding } from "../finding/index.ts";
import type { FailedFile, WrittenFile } from "./types.ts";

/** The folder that addon managers read on a Kubernetes master. */
export const ADDONS_DIRECTORY = "/etc/kubernetes/addons/";

/** Files directly in the addons folder belong to this addon. */
export const ROOT_ADDON = "_root";

/** What the states wrote, sorted out by addon. */
export interface AssignedFiles {
  /** By addon name, sorted; files sorted by path. */
  readonly addons: ReadonlyMap<string, { readonly files: readonly WrittenFile[]; readonly failures: readonly FailedFile[] }>;
  /** Files outside the addons folder: the node's own, never published. */
  readonly leftToNode: readonly WrittenFile[];
  /** Failures of files outside the addons folder. */
  readonly nodeFailures: readonly FailedFile[];
}

/** The addon that a path belongs to and the path within it, or `undefined` for a path outside the addons folder. */
export function addonOf(path: string): { readonly addon: string; readonly file: string } | undefined {
  if (!path.startsWith(ADDONS_DIRECTORY)) return undefined;
  const rest = path.slice(ADDONS_DIRECTORY.length);
  const slash = rest.indexOf("/");
  return slash < 0 ? { addon: ROOT_ADDON, file: rest } : { addon: rest.slice(0, slash), file: rest.slice(slash + 1) };
}

/** The path within its addon under which a manifest is published: `.yml` and `.json` become `.yaml`. */
export function publishedPath(path: string): string {
  return (addonOf(path)?.file ?? path).replace(/\.(?:yml|json)$/, ".yaml");
}

/** Sorts files by addon: every path below `/etc/kubernetes/addons/NAME/` is NAME's, at any depth. */
export function assignFiles(written: readonly WrittenFile[], failed: readonly FailedFile[]): AssignedFiles {
  const addons = new Map<string, { files: WrittenFile[]; failures: FailedFile[] }>();
  const leftToNode: WrittenFile[] = [];
  const nodeFailures: FailedFile[] = [];
  const entry = (name: string): { files: WrittenFile[]; failures: FailedFile[] } => {
    const known = addons.get(name) ?? { files: [], failures: [] };
    addons.set(name, known);
    return known;
  };
  for (const file of written) {
    const place = addonOf(file.path);
    if (place === undefined) leftToNode.push(file);
    else entry(place.addon).files.push(file);
  }
  for (const failure of failed) {
    // A failed folder (file.recurse) names the addon's folder itself, without a trailing slash.
    const place = addonOf(failure.path) ?? addonOf(`${failure.path}/`);
    if (place === undefined) nodeFailures.push(failure);
    else entry(isFolderOfAddon(failure.path) ? failure.path.slice(ADDONS_DIRECTORY.length) : place.addon).failures.push(failure);
  }
  const sorted = new Map([...addons].sort(([a], [b]) => compareText(a, b)));
  for (const each of sorted.values()) each.files.sort((a, b) => compareText(a.path, b.path));
  return { addons: sorted, leftToNode, nodeFailures };
}

/** `/etc/kubernetes/addons/nfs`: one level below the addons folder and no manifest by its name. */
function isFolderOfAddon(path: string): boolean {
  const rest = path.startsWith(ADDONS_DIRECTORY) ? path.slice(ADDONS_DIRECTORY.length) : "";
  return rest !== "" && !rest.includes("/") && !MANIFEST.test(rest);
}

const MANIFEST = /\.(?:yaml|yml|json)$/;

/** Whether a path's ending makes it a manifest: `.yaml`, `.yml` or `.json`, in lower case as the addon manager has it. */
export function isManifest(path: string): boolean {
  return MANIFEST.test(path);
}

/** The finding for a file in an addon's folder that is no manifest. */
export function strayFile(file: WrittenFile): Finding {
  return {
    code: "addon-stray-file",
    severity: "error",
    message: `${file.path} is in an addon's folder but is no manifest (.yaml, .yml or .json)`,
    at: { file: file.path },
    advice: `written by state ${file.id} in SLS ${file.sls}: give it a manifest's name, or write it elsewhere`,
  };
}

/** Order by code unit: the same on every machine, whatever the locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
