import type { FileCall } from "./call.ts";
import { accumulated } from "./accumulate.ts";
import { append, prepend } from "./append.ts";
import { blockreplace } from "./block.ts";
import { directory } from "./directory.ts";
import { keyvalue } from "./keyvalue.ts";
import { line } from "./line.ts";
import { copy, decode, hardlink, rename, symlink } from "./link.ts";
import { managed } from "./managed.ts";
import type { Answer } from "./outcome.ts";
import { recurse } from "./recurse.ts";
import { comment, replace, uncomment } from "./replace.ts";
import { serialize } from "./serialize.ts";
import { absent, exists, missing, touch } from "./simple.ts";

/** The functions of the `file` state module that are run here. */
export const FILE_FUNCTIONS: ReadonlyMap<string, (call: FileCall) => Answer> = new Map(
  Object.entries({
    absent,
    accumulated,
    append,
    blockreplace,
    comment,
    copy,
    decode,
    directory,
    exists,
    hardlink,
    keyvalue,
    line,
    managed,
    missing,
    prepend,
    recurse,
    rename,
    replace,
    serialize,
    symlink,
    touch,
    uncomment,
  }),
);

/** Those that only the node can run, and why. */
export const NODE_FUNCTIONS: Readonly<Record<string, string>> = {
  cached: "it fills the minion's cache",
  mknod: "it makes a device",
  not_cached: "it empties the minion's cache",
  patch: "it runs the node's patch",
  pruned: "it looks for empty directories of the node",
  retention_schedule: "it goes by the times of the node's files",
  shortcut: "it is of Windows",
  tidied: "it goes by the ages of the node's files",
};
