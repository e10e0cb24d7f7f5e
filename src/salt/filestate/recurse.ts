import { PyDict, PyError, str, type Value } from "../../python/index.ts";
import { compareCodePoints, joinPath, normalizePath } from "../fileroots/index.ts";
import type { FileCall } from "./call.ts";
import { cleanDirectory, directory, keptBy } from "./directory.ts";
import { normalizeMode } from "./mode.ts";
import { managed, strList } from "./managed.ts";
import { done, failed, type Answer, type Outcome } from "./outcome.ts";
import { pathFilter } from "./pattern.ts";
import { parseUrl, pickSource } from "./source.ts";
import { errorFinding } from "./report.ts";

export interface RecurseTargets {
  /** Destination and the `salt://` URL of its source, sorted by destination. */
  readonly files: readonly (readonly [destination: string, url: string])[];
  readonly directories: readonly string[];
  /** What `clean` leaves. */
  readonly keep: ReadonlySet<string>;
}

/** Options of file.recurse that its calls of file.managed must not be given again (salt/states/file.py, recurse). */
const NOT_PASSED: ReadonlySet<string> = new Set(["mode", "makedirs", "name", "source"]);

/** `file.recurse`. */
export function recurse(call: FileCall): Answer {
  const { name, files } = call;
  if (call.extra().has("mode")) return failed("'mode' is not allowed in 'file.recurse'. Please use 'file_mode' and 'dir_mode'.");
  if (!name.startsWith("/")) return failed(`Specified file ${name} is not an absolute path`);
  const sources = (strList(call.value("source")) ?? []).map((source) => source.replace(/\/+$/, ""));
  for (const source of sources) if (!source.startsWith("salt://")) return failed(`Invalid source '${source}' (must be a salt:// URI)`);
  let source: string;
  try {
    source = pickSource(call, sources) ?? "";
  } catch (error) {
    if (error instanceof PyError) return failed(`Recurse failed: ${error.message}`);
    throw error;
  }
  const { path, saltenv = call.saltenv } = parseUrl(source);
  if (!call.context.deps.minion.fileRoots.listDirectories(saltenv).includes(path))
    return failed(`The directory '${path}' does not exist on the salt fileserver in saltenv '${saltenv}'`);
  if (!files.isMadeDirectory(name)) {
    if (files.isFile(name)) return failed(`The path ${name} exists and is not a directory`);
    files.makeDirectories(name);
  }
  return copyAll(call, recurseTargets(call, source));
}

function copyAll(call: FileCall, targets: RecurseTargets): Answer {
  const clean = call.flag("clean", false);
  const comments: string[] = [];
  const errors: NonNullable<Outcome["errors"]>[number][] = [];
  let [ok, changed] = [true, false];
  const merge = (path: string, answer: Answer): void => {
    changed ||= answer.changed;
    if (answer.result) return;
    ok = false;
    if (answer.comment !== "") comments.push(`\n#### ${path} ####\n${answer.comment}`);
    errors.push({ path, findings: answer.findings ?? [errorFinding(call, answer.comment)] });
  };
  for (const path of targets.directories) {
    if (clean && call.files.isFile(path)) call.files.remove(path);
    merge(path, directory(call.with("directory", { name: path, makedirs: true })));
  }
  for (const [path, url] of targets.files) {
    if (clean && call.files.isMadeDirectory(path) && call.flag("replace", true)) call.files.remove(path);
    merge(path, managed(call.with("managed", fileOptions(call, path, url), passed(call))));
  }
  if (clean && cleanDirectory(call, call.name, [...targets.keep, ...keptBy(call, call.name)]).length > 0) changed = true;
  if (ok && !changed) return done(`The directory ${call.name} is in the correct state`, false);
  const comment = comments.join("\n").trim();
  return { result: ok, changed, comment: comment === "" ? `Recursively updated ${call.name}` : comment, ...(ok ? {} : { errors }) };
}

function fileOptions(call: FileCall, name: string, source: string): Record<string, Value> {
  const stated = call.value("file_mode");
  const keep = typeof stated === "string" && stated.toLowerCase() === "keep";
  const options: Record<string, Value> = {
    name,
    source,
    makedirs: true,
    mode: keep ? "keep" : normalizeMode(stated),
    replace: call.flag("replace", true),
  };
  for (const option of ["user", "group", "template", "context", "defaults"]) options[option] = call.value(option);
  return options;
}

function passed(call: FileCall): PyDict {
  return PyDict.of([...call.extra().entries()].filter(([key]) => !NOT_PASSED.has(str(key))));
}

/** `_gen_recurse_managed_files`: the files and directories that a recurse makes, as the file roots list them. */
export function recurseTargets(call: FileCall, picked?: string): RecurseTargets {
  const source = picked ?? (strList(call.value("source")) ?? [])[0]?.replace(/\/+$/, "") ?? "";
  const { path, saltenv = call.saltenv } = parseUrl(source);
  const prefix = `${path}/`;
  const { fileRoots } = call.context.deps.minion;
  const included = pathFilter(call.value("include_pat"), call.value("exclude_pat"));
  const meant = (relative: string): boolean => isShallow(relative, call.value("maxdepth")) && included(relative);
  const files: [string, string][] = [];
  const directories = new Set<string>();
  const keep = new Set<string>();
  for (const listed of fileRoots.list(saltenv)) {
    if (!listed.startsWith(prefix)) continue;
    const relative = listed.slice(prefix.length);
    if (!meant(relative)) continue;
    const destination = joinPath(call.name, normalizePath(relative));
    keep.add(destination);
    directories.add(destination.slice(0, destination.lastIndexOf("/")) || "/");
    files.push([destination, `salt://${listed}?saltenv=${saltenv}`]);
  }
  if (call.flag("include_empty", false))
    for (const listed of fileRoots.listDirectories(saltenv)) {
      const relative = listed.startsWith(prefix) ? listed.slice(prefix.length) : "";
      if (relative === "" || !meant(relative)) continue;
      directories.add(joinPath(call.name, relative));
      keep.add(joinPath(call.name, relative));
    }
  files.sort((a, b) => compareCodePoints(a[0], b[0]));
  return { files, directories: [...directories].sort(compareCodePoints), keep };
}

function isShallow(relative: string, maxdepth: Value): boolean {
  if (`/${relative}/`.includes("/../")) return false;
  return maxdepth === null || relative.split("/").length - 1 <= Number(maxdepth);
}
