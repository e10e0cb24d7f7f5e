import { readFile } from "node:fs/promises";

/** A file of an archive; a folder where there is no content. */
export interface ArchiveEntry {
  readonly path: string;
  readonly content?: Uint8Array;
}

/** A cpio archive in the form that Linux unpacks as its first root (newc, Documentation/driver-api/early-userspace/buffer-format.rst). */
export function cpio(entries: readonly ArchiveEntry[]): Buffer {
  const chunks = [...entries.map(({ path, content }, index) => record(path, index + 1, content)), record("TRAILER!!!", 0, Buffer.alloc(0))];
  return Buffer.concat(chunks);
}

const FILE = 0o100755;
const FOLDER = 0o040755;

function record(path: string, inode: number, content: Uint8Array | undefined): Buffer {
  const name = Buffer.from(`${path}\0`);
  const body = Buffer.from(content ?? []);
  const fields = [inode, content === undefined ? FOLDER : FILE, 0, 0, 1, 0, body.length, 0, 0, 0, 0, name.length, 0];
  const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([padded(Buffer.concat([head, name])), padded(body)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

/** The first root: busybox, and the modules in the order in which they are loaded. */
export async function initramfs(options: {
  readonly busybox: string;
  /** Paths of modules; what one needs stands before it. */
  readonly modules: readonly string[];
}): Promise<Buffer> {
  const folders = ["bin", "dev", "proc", "sys", "modules", "lower", "upper", "newroot"].map((path) => ({ path }));
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  return cpio([
    ...folders,
    { path: "bin/busybox", content: await readFile(options.busybox) },
    { path: "modules/order", content: Buffer.from(options.modules.map((path) => `${nameOf(path)}\n`).join("")) },
    ...(await Promise.all(options.modules.map(async (path) => ({ path: `modules/${nameOf(path)}`, content: await readFile(path) })))),
  ]);
}
