import { PyDict, PyError, str, truthy, type Value } from "../../python/index.ts";
import { findSaltUrl } from "../fileroots/index.ts";
import type { SourceFile } from "../types.ts";
import type { FileCall } from "./call.ts";
import { NeedsNode, type RegularFile } from "./files.ts";

/** A source that was found: a file of the tree, or one that an earlier state made. */
export type Source =
  | { readonly from: "tree"; readonly url: string; readonly file: SourceFile }
  | { readonly from: "node"; readonly url: string; readonly file: RegularFile }
  | { readonly from: "nowhere"; readonly comment: string };

/** `salt.utils.url.parse`: the path, with `?saltenv=` taken off. */
export function parseUrl(url: string): { readonly path: string; readonly saltenv: string | undefined } {
  if (!url.startsWith("salt://")) return { path: url, saltenv: undefined };
  const resource = url.slice("salt://".length);
  const env = resource.indexOf("?env=");
  if (env >= 0) return { path: resource.slice(0, env), saltenv: undefined };
  const mark = resource.indexOf("?saltenv=");
  return mark < 0 ? { path: resource, saltenv: undefined } : { path: resource.slice(0, mark), saltenv: resource.slice(mark + 9) };
}

/**
 * `file.source_list`: of a list the first entry that exists, else the source itself.
 *
 * @throws PyError `CommandExecutionError` where none of a list exists
 * @throws NeedsNode where an entry before it lies on the node or the network
 */
export function pickSource(call: FileCall, source: Value): string | null {
  if (!Array.isArray(source)) return source === null || !truthy(source) ? null : str(source);
  for (const entry of source) {
    const single = entry instanceof PyDict ? (entry.size === 1 ? [...entry.keys()][0] : undefined) : entry;
    if (typeof single !== "string") continue;
    if (single.startsWith("salt://")) {
      const { path, saltenv } = parseUrl(single);
      // A dict entry is looked for in the state's own environment, whatever its URL says (file.source_list of 3007.1).
      if (listed(call, entry instanceof PyDict ? call.saltenv : (saltenv ?? call.saltenv), path)) return single;
    } else if (/^(https?|ftp|s3|swift):/i.test(single)) throw new NeedsNode(`the source ${single} is on the network`);
    else {
      const path = single.replace(/^file:\/\//, "");
      if (path.startsWith("/") && call.files.exists(path)) return single;
    }
  }
  throw new PyError("CommandExecutionError", "none of the specified sources were found");
}

function listed(call: FileCall, saltenv: string, path: string): boolean {
  const { fileRoots } = call.context.deps.minion;
  return fileRoots.find(saltenv, path) !== undefined || fileRoots.listDirectories(saltenv).includes(path);
}

/** Finds one source. @throws NeedsNode for what lies on the node or the network */
export function findSource(call: FileCall, url: string): Source {
  if (url.startsWith("salt://")) {
    const file = findSaltUrl(call.context.deps.minion.fileRoots, url, call.saltenv);
    return file === undefined
      ? { from: "nowhere", comment: `Source file ${url} not found in saltenv '${call.saltenv}'` }
      : { from: "tree", url, file };
  }
  if (/^(https?|ftp|s3|swift):/i.test(url))
    throw new NeedsNode(`the source ${url} is on the network; put the file into the tree and name it salt://…`);
  const path = url.replace(/^file:\/\//, "").replace(/\/+$/, "");
  if (!path.startsWith("/")) return { from: "nowhere", comment: `Local file source ${path} does not exist` };
  if (!call.files.exists(path)) return { from: "nowhere", comment: `Local file source ${path} does not exist` };
  const file = call.files.read(path);
  return file === undefined
    ? { from: "nowhere", comment: `Unable to manage file: [Errno 21] Is a directory: '${path}'` }
    : { from: "node", url, file };
}
