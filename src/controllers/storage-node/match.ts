import type { DiskMatch } from "./flavor.ts";
import type { ObservedDisk } from "./observation.ts";

/** Whether a disk is as a group of the flavor wants it. */
export function matches(disk: ObservedDisk, match: DiskMatch): boolean {
  const { byId, model, minimum = 0, maximum = Number.POSITIVE_INFINITY, rotational, transport } = match;
  return (
    (byId === undefined || disk.links.some((link) => glob(byId).test(link))) &&
    (model === undefined || glob(model).test(disk.model)) &&
    disk.size >= minimum &&
    disk.size <= maximum &&
    (rotational === undefined || disk.rotational === rotational) &&
    (transport === undefined || disk.transport === transport)
  );
}

function glob(pattern: string): RegExp {
  const body = pattern
    .split(/([*?])/)
    .map((part) => (part === "*" ? ".*" : part === "?" ? "." : part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)))
    .join("");
  return new RegExp(`^${body}$`, "s");
}
