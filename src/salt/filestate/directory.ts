import { PyDict, str } from "../../python/index.ts";
import type { Chunk } from "./chunk.ts";
import type { FileCall } from "./call.ts";
import { normalizeMode } from "./mode.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { pathFilter } from "./pattern.ts";
import { recurseTargets } from "./recurse.ts";
import { parentOf, setMode } from "./write.ts";

/** `file.directory` (salt/states/file.py, 3007.1). Modes of directories are not kept: nothing is delivered of them. */
export function directory(call: FileCall): Answer {
  const { files } = call;
  if (call.name === "") return failed("Must provide name to file.directory");
  const name = call.name !== "/" && call.name.endsWith("/") ? call.name.slice(0, -1) : call.name;
  const clean = call.flag("clean", false);
  if (call.value("max_depth") !== null && clean) return failed("Cannot specify both max_depth and clean");
  if (!name.startsWith("/")) return failed(`Specified file ${name} is not an absolute path`);
  const inTheWay = clearWay(call, name);
  if (inTheWay !== undefined) return inTheWay;
  if (!files.isDirectory(name)) {
    if (!files.isDirectory(parentOf(name))) {
      if (!call.flag("makedirs", false)) return { ...failed(`No directory to create ${name} in`), changed: true };
      files.makeDirectories(parentOf(name));
    }
    files.makeDirectory(name);
    return done("", true);
  }
  const made = !files.isMadeDirectory(name);
  if (made) files.makeDirectory(name);
  const changed = setModes(call, name);
  const removed = clean ? cleanDirectory(call, name, keptBy(call, name)) : [];
  if (removed.length > 0) return done(`Files cleaned from directory ${name}`, true);
  return changed || made ? done(`Directory ${name} updated`, true) : done(`The directory ${name} is in the correct state`, false);
}

/** Moves, removes or refuses a file or link that stands where the directory is wanted. */
function clearWay(call: FileCall, name: string): Answer | undefined {
  const { files } = call;
  const force = call.flag("force", false);
  const link = files.isLink(name) && (force || !call.flag("allow_symlink", true));
  if (!files.isFile(name) && !link) return undefined;
  const backup = call.textOrNull("backupname");
  if (backup !== null) {
    if (files.has(backup)) {
      if (!force) return failed(`File exists where the backup target ${backup} should go`);
      files.remove(backup);
    }
    const old = files.read(name);
    if (old !== undefined) files.hardLink(backup, old);
    files.remove(name);
    return undefined;
  }
  if (!force) return failed(`Specified location ${name} exists and is a ${files.isFile(name) ? "file" : "symlink"}`);
  files.remove(name);
  return undefined;
}

/** `recurse: [mode]` sets the mode of the files below. */
function setModes(call: FileCall, name: string): boolean {
  const recurse = call.value("recurse");
  const wanted = Array.isArray(recurse) ? recurse.map(str) : [];
  if (!wanted.includes("mode") || wanted.includes("ignore_files")) return false;
  const mode = normalizeMode(call.value("file_mode") ?? call.value("dir_mode") ?? call.extra().get("mode") ?? null);
  let changed = false;
  for (const { path, directory: isDirectory } of call.files.below(name)) if (!isDirectory) changed = setMode(call, path, mode) || changed;
  return changed;
}

/** Removes what `clean` does not keep (`_clean_dir`); gives the paths removed. */
export function cleanDirectory(call: FileCall, root: string, keep: Iterable<string>): string[] {
  const kept = new Set<string>([root]);
  for (const path of keep) for (let at = path; !kept.has(at); at = parentOf(at)) kept.add(at);
  const meant = pathFilter(null, call.value("exclude_pat"));
  const removed: string[] = [];
  for (const { path } of call.files.below(root)) {
    if (kept.has(path) || !call.files.has(path)) continue;
    if (!meant(path.slice(call.files.real(root).length + 1))) continue;
    call.files.remove(path);
    removed.push(path);
  }
  return removed;
}

/** What the `file` states that `require` names keep of a directory (`_gen_keep_files`). */
export function keptBy(call: FileCall, root: string): string[] {
  const required = call.chunk.low.get("require");
  const keep: string[] = [];
  for (const entry of Array.isArray(required) ? required : []) {
    const wanted = entry instanceof PyDict ? entry.get("file") : undefined;
    if (wanted === undefined) continue;
    for (const chunk of call.context.chunks) if (chunk.name === wanted || chunk.id === wanted) keep.push(...keptOf(call, chunk, root));
  }
  return keep;
}

function keptOf(call: FileCall, chunk: Chunk, root: string): string[] {
  const { files } = call;
  if (!files.isMadeDirectory(chunk.name)) return [chunk.name];
  if (files.real(chunk.name) !== files.real(root) && !files.real(chunk.name).startsWith(`${files.real(root)}/`)) return [];
  if (chunk.fun === "recurse") return [...recurseTargets(call.with("recurse", {}, chunk.low)).keep];
  return [files.real(chunk.name), ...files.below(chunk.name).map(({ path }) => path)];
}
