import type { FileCall } from "./call.ts";
import { NeedsNode } from "./files.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { parentOf } from "./write.ts";

/** `file.absent`. What a state of the tree made is gone; elsewhere the node removes its own. */
export function absent(call: FileCall): Answer {
  const { name, files } = call;
  if (name === "") return failed("Must provide name to file.absent");
  if (!name.startsWith("/")) return failed(`Specified file ${name} is not an absolute path`);
  if (name === "/") return failed('Refusing to make "/" absent');
  const known = files.knows(name) || files.has(name);
  const kind = files.isFile(name) || files.isLink(name) ? "file" : files.isMadeDirectory(name) ? "directory" : undefined;
  files.remove(name);
  if (!known) throw new NeedsNode(`whether ${name} is there to be removed only the node knows`);
  return kind === undefined ? done(`File ${name} is not present`, false) : done(`Removed ${kind} ${name}`, true);
}

/** `file.exists`. */
export function exists(call: FileCall): Answer {
  if (call.name === "") return failed("Must provide name to file.exists");
  return call.files.exists(call.name) ? done(`Path ${call.name} exists`, false) : failed(`Specified path ${call.name} does not exist`);
}

/** `file.missing`. */
export function missing(call: FileCall): Answer {
  if (call.name === "") return failed("Must provide name to file.missing");
  return call.files.exists(call.name) ? failed(`Specified path ${call.name} exists`) : done(`Path ${call.name} is missing`, false);
}

/** `file.touch`. Times are not kept. */
export function touch(call: FileCall): Answer {
  const { name, files } = call;
  if (name === "") return failed("Must provide name to file.touch");
  if (!name.startsWith("/")) return failed(`Specified file ${name} is not an absolute path`);
  if (call.flag("makedirs", false)) files.makeDirectories(parentOf(name));
  if (!files.isDirectory(parentOf(name))) return failed(`Directory not present to touch file ${name}`);
  if (files.isMadeDirectory(name)) return done(`Updated times on directory ${name}`, true);
  if (files.exists(name)) return done(`Updated times on file ${name}`, true);
  files.replace(name, new Uint8Array(), null, call.origin(null, { how: "stated", option: "name" }));
  return done(`Created empty file ${name}`, true);
}
