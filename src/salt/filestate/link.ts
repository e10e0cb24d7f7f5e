import { PyBytes, PyError, str, truthy } from "../../python/index.ts";
import { traverse } from "../data/index.ts";
import { joinPath, normalizePath, splitPath } from "../fileroots/index.ts";
import type { FileCall } from "./call.ts";
import { NeedsNode } from "./files.ts";
import { normalizeMode } from "./mode.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { decodeUtf8 } from "./text.ts";
import { parentOf, setMode } from "./write.ts";

/** `file.symlink` (salt/states/file.py, 3007.1). Whose it is stays with the node. */
export function symlink(call: FileCall): Answer {
  const { name, files } = call;
  const target = str(call.value("target"));
  if (name === "") return failed("Must provide name to file.symlink");
  if (!name.startsWith("/")) return failed(`Specified file ${name} is not an absolute path`);
  if (!files.isDirectory(parentOf(name))) {
    if (!call.flag("makedirs", false)) return failed(`Directory ${parentOf(name)} for symlink is not present`);
    files.makeDirectories(parentOf(name));
  }
  const old = files.linkTarget(name);
  const force = call.flag("force", false);
  if (old !== undefined && normalizePath(old) === normalizePath(target))
    return done(`Symlink ${name} is present and owned by root:root`, false);
  if (old === undefined && files.has(name)) {
    const backup = call.textOrNull("backupname");
    if (backup !== null) {
      const refused = moveAway(call, backup, target, force);
      if (refused !== undefined) return refused;
    } else if (!force && !call.flag("atomic", false))
      return failed(`${files.isFile(name) ? "File" : "Directory"} exists where the symlink ${name} should be`);
  }
  files.remove(name);
  files.link(name, target, call.origin(null, { how: "stated", option: "target" }));
  return done(`Created new symlink ${name} -> ${target}`, true);
}

function moveAway(call: FileCall, backupname: string, target: string, force: boolean): Answer | undefined {
  const { name, files } = call;
  const backup = backupname.startsWith("/")
    ? backupname
    : backupname === splitPath(backupname)[1]
      ? joinPath(parentOf(normalizePath(name)), backupname)
      : undefined;
  if (backup === undefined) return failed(`Backupname must be an absolute path or a file name: ${backupname}`);
  if (files.has(backup)) {
    if (!force) return failed(`Symlink & backup dest exists and Force not set. ${name} -> ${target} - backup: ${backup}`);
    files.remove(backup);
  }
  move(call, name, backup);
  return undefined;
}

/** Moves a file, a link or a directory. */
function move(call: FileCall, from: string, to: string): void {
  const { files } = call;
  const link = files.linkTarget(from);
  if (link !== undefined) files.link(to, link, call.origin(null, { how: "stated", option: "source" }));
  else copyTree(call, from, to);
  files.remove(from);
}

function copyTree(call: FileCall, from: string, to: string): void {
  const { files } = call;
  const file = files.isFile(from) ? files.read(from) : undefined;
  if (file !== undefined) {
    files.replace(to, file.bytes, file.mode, file.origin);
    return;
  }
  files.makeDirectory(to);
  const root = files.real(from);
  for (const { path, directory } of files.below(from)) {
    const inner = `${to}${path.slice(root.length)}`;
    const one = directory ? undefined : files.read(path);
    if (one === undefined) files.makeDirectory(inner);
    else files.replace(inner, one.bytes, one.mode, one.origin);
  }
}

/** `file.hardlink`. */
export function hardlink(call: FileCall): Answer {
  const { name, files } = call;
  const target = str(call.value("target"));
  const wrong = [
    ...(name.startsWith("/") ? [] : [`Specified file ${name} is not an absolute path`]),
    ...(target.startsWith("/") ? [] : [`Specified target ${target} is not an absolute path`]),
  ];
  if (wrong.length > 0) return failed(wrong.join(". ") + (wrong.length > 1 ? "." : ""));
  if (files.isMadeDirectory(name)) return failed(`Unable to hard link to directory ${name}`);
  if (files.isMadeDirectory(target)) return failed(`Unable to hard link from directory ${target}`);
  if (!files.exists(target)) return failed(`Target ${target} for hard link does not exist`);
  if (!files.isDirectory(parentOf(name))) {
    if (!call.flag("makedirs", false)) return failed(`Directory ${parentOf(name)} for hard link is not present`);
    files.makeDirectories(parentOf(name));
  }
  const file = files.read(target);
  if (file === undefined) return failed(`Target ${target} for hard link does not exist`);
  const old = files.isFile(name) ? files.read(name) : undefined;
  if (old === file) return done(`Target of hard link ${name} is already pointing to ${target}`, false);
  if (old !== undefined && !call.flag("force", false)) return failed(`File exists where the hard link ${name} should be`);
  files.hardLink(name, file);
  return done(`Created new hard link ${name} -> ${target}`, true);
}

/** `file.copy`: of a file that an earlier state made. */
export function copy(call: FileCall): Answer {
  const { files } = call;
  const source = str(call.value("source"));
  if (call.name === "") return failed("Must provide name to file.copy");
  if (!call.name.startsWith("/")) return failed(`Specified file ${call.name} is not an absolute path`);
  if (!files.exists(source)) return failed(`Source file "${source}" is not present`);
  const subdir = call.flag("subdir", false) && files.isMadeDirectory(call.name);
  const name = subdir ? joinPath(call.name, splitPath(source)[1]) : call.name;
  const force = call.flag("force", false);
  if (files.has(name)) {
    if (!force) return done(`The target file "${name}" exists and will not be overwritten`, false);
    files.remove(name);
  }
  if (!files.isDirectory(parentOf(name))) {
    if (!call.flag("makedirs", false)) return failed(`The target directory ${parentOf(name)} is not present`);
    files.makeDirectories(parentOf(name));
  }
  copyTree(call, source, name);
  if (!call.flag("preserve", false)) setMode(call, name, normalizeMode(call.value("mode")));
  return done(`Copied "${source}" to "${call.name}"`, true);
}

/** `file.rename`. */
export function rename(call: FileCall): Answer {
  const { name, files } = call;
  const source = str(call.value("source"));
  if (name === "") return failed("Must provide name to file.rename");
  if (/\$/.test(name + source)) throw new NeedsNode("$ in the path names an environment variable of the node");
  if (!name.startsWith("/")) return failed(`Specified file ${name} is not an absolute path`);
  if (!files.has(source)) {
    files.exists(source);
    return done(`Source file "${source}" has already been moved out of place`, false);
  }
  if (files.has(name)) {
    if (!call.flag("force", false)) return done(`The target file "${name}" exists and will not be overwritten`, false);
    files.remove(name);
  }
  if (!files.isDirectory(parentOf(name))) {
    if (!call.flag("makedirs", false)) return failed(`The target directory ${parentOf(name)} is not present`);
    files.makeDirectories(parentOf(name));
  }
  move(call, source, name);
  return done(`Moved "${source}" to "${name}"`, true);
}

/** `file.decode`: base64 into a file. */
export function decode(call: FileCall): Answer {
  const [stated, path] = [call.value("encoded_data"), call.value("contents_pillar")];
  if (!truthy(stated) && !truthy(path))
    throw new PyError("CommandExecutionError", "Specify either the 'encoded_data' or 'contents_pillar' argument.");
  if (truthy(stated) && truthy(path))
    throw new PyError("CommandExecutionError", "Specify only one 'encoded_data' or 'contents_pillar' argument.");
  const content = truthy(stated) ? stated : traverse(call.context.deps.pillar, path, false);
  if (content === false) throw new PyError("CommandExecutionError", "Pillar data not found.");
  const text = content instanceof PyBytes ? (decodeUtf8(content.bytes) ?? "") : str(content);
  const bytes = decodeBase64(text);
  const old = call.files.isFile(call.name) ? call.files.read(call.name) : undefined;
  if (old !== undefined && Buffer.compare(old.bytes, bytes) === 0) return done("File is in the correct state.", false);
  if (!call.files.isDirectory(parentOf(call.name)))
    throw new PyError("FileNotFoundError", `[Errno 2] No such file or directory: '${call.name}'`);
  const origin = call.origin(null, { how: "stated", option: truthy(stated) ? "encoded_data" : "contents_pillar" });
  if (old === undefined) call.files.replace(call.name, bytes, null, origin);
  else Object.assign(old, { bytes, origin });
  return done("File was updated.", true);
}

/** Python's `base64.decode`: line by line, each with its own padding; characters out of the alphabet are dropped. */
function decodeBase64(text: string): Uint8Array {
  const parts = text.split("\n").map((line) => {
    const clean = line.replace(/[^A-Za-z0-9+/=]/g, "");
    if (clean.replace(/=+$/, "").length % 4 === 1)
      throw new PyError(
        "Error",
        `Invalid base64-encoded string: number of data characters (${clean.replace(/=+$/, "").length}) cannot be 1 more than a multiple of 4`,
      );
    if (clean.length % 4 !== 0) throw new PyError("Error", "Incorrect padding");
    return Buffer.from(clean, "base64");
  });
  return new Uint8Array(Buffer.concat(parts));
}
