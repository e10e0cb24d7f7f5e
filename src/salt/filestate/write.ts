import { splitPath } from "../fileroots/index.ts";
import { PyError, str } from "../../python/index.ts";
import type { FileCall } from "./call.ts";
import { isMode } from "./mode.ts";
import type { Origin } from "./origin.ts";
import { done, failed, type Answer } from "./outcome.ts";

/** What is to stand at a path. */
export interface Wanted {
  /** Absent: only that a file is there. */
  readonly content?: { readonly bytes: Uint8Array; readonly origin: Origin };
  readonly mode: string | null;
  readonly makeDirectories: boolean;
  /** Default true. Without it a link at the path is itself replaced by a file. */
  readonly followSymlinks?: boolean;
}

/** `file.manage_file` (salt/modules/file.py, 3007.1): writes a file where its content or mode is not as wanted. */
export function manageFile(call: FileCall, name: string, wanted: Wanted): Answer {
  const { files } = call;
  if (files.isFile(name) || files.isLink(name)) return changeFile(call, name, wanted);
  if (!files.isDirectory(parentOf(name))) {
    if (!wanted.makeDirectories) return failed("Parent directory not present");
    files.makeDirectories(parentOf(name));
  }
  // The system walks a path as it is written: `none/..` leads nowhere.
  if (!files.walks(name)) throw new PyError("FileNotFoundError", "No such file or directory");
  const mode = wanted.mode ?? modeOfUmask(call);
  if (wanted.content === undefined) {
    files.replace(name, new Uint8Array(), checked(mode), call.origin(null, { how: "stated", option: "name" }));
    return withMode(mode, "Empty file", true);
  }
  files.replace(name, wanted.content.bytes, checked(mode), wanted.content.origin);
  return withMode(mode, `File ${name} updated`, true);
}

function changeFile(call: FileCall, name: string, wanted: Wanted): Answer {
  const { files } = call;
  let changed = false;
  const old = files.read(name);
  if (wanted.content !== undefined) {
    const { bytes, origin } = wanted.content;
    if (files.isLink(name) && wanted.followSymlinks === false) {
      files.replaceLink(name, bytes, old?.mode ?? null, origin);
      changed = true;
    } else if (old === undefined || Buffer.compare(old.bytes, bytes) !== 0) {
      files.replace(name, bytes, old?.mode ?? null, origin);
      changed = true;
    }
  }
  changed = setMode(call, name, wanted.mode) || changed;
  return withMode(wanted.mode, changed ? `File ${name} updated` : `File ${name} is in the correct state`, changed);
}

/** Sets the mode of the file at a path; says whether it was another. */
export function setMode(call: FileCall, name: string, mode: string | null): boolean {
  const file = call.files.isFile(name) ? call.files.read(name) : undefined;
  if (file === undefined || mode === null || !isMode(mode) || file.mode === mode) return false;
  const before = file.mode ?? "0644";
  file.mode = mode;
  return before !== mode;
}

/** A mode that is none: the file stands, the state fails, as after a `chmod` that was refused. */
function withMode(mode: string | null, comment: string, changed: boolean): Answer {
  if (mode === null || isMode(mode)) return done(comment, changed);
  return { result: false, changed, comment: `Failed to change mode to ${mode}` };
}

function checked(mode: string | null): string | null {
  return mode !== null && isMode(mode) ? mode : null;
}

/** The state option `umask` decides the mode of a new file that is given none. */
function modeOfUmask(call: FileCall): string | null {
  const umask = call.chunk.low.get("umask");
  if (umask === undefined || umask === null) return null;
  const mask = Number.parseInt(str(umask), 8);
  return ((0o777 ^ mask) & 0o666).toString(8).padStart(4, "0");
}

/** `os.path.dirname`. */
export function parentOf(path: string): string {
  return splitPath(path)[0] || "/";
}
