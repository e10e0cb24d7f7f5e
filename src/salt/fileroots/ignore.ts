import { PyDict, PyRegex, str, truthy, type Value } from "../../python/index.ts";
import { fnmatchcase } from "../data/index.ts";
import type { DiskOptions } from "./disk.ts";

/**
 * What a minion's options say of file roots on disk: `file_ignore_regex`, `file_ignore_glob`, `fileserver_followsymlinks`,
 * `fileserver_ignoresymlinks`.
 *
 * @throws PyError `error` for a pattern that is none
 */
export function diskOptions(opts: PyDict): DiskOptions {
  const patterns = listOf(opts.get("file_ignore_regex")).map((pattern) => new PyRegex(pattern));
  const globs = listOf(opts.get("file_ignore_glob"));
  return {
    ignored: (path) => patterns.some((pattern) => pattern.search(path) !== undefined) || globs.some((glob) => fnmatchcase(path, glob)),
    followSymlinks: truthy(opts.get("fileserver_followsymlinks") ?? true),
    ignoreSymlinks: truthy(opts.get("fileserver_ignoresymlinks") ?? false),
  };
}

function listOf(option: Value | undefined): readonly string[] {
  if (Array.isArray(option)) return option.map(str);
  return typeof option === "string" && option !== "" ? [option] : [];
}
