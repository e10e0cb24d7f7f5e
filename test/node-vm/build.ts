import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { initramfs } from "./initramfs.ts";
import { BOOT_MODULES, PACKAGES } from "./packages.ts";

/** What a node is started from, by absolute path. */
export interface NodeImage {
  /** The packages, unpacked: the node's root. */
  readonly root: string;
  readonly kernel: string;
  /** Without the scripts of ./guest: those are put behind it at each start. */
  readonly initramfs: string;
}

const HERE = fileURLToPath(new URL(".", import.meta.url));
const CACHE = fileURLToPath(new URL("../.cache/", import.meta.url));

/** Why there can be no node on this machine; `undefined` where there can. */
export function whyNoNode(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64")
    return `the node is a Linux x64 machine, and this one is ${process.platform} ${process.arch}`;
  const tools = ["apt-get", "dpkg-deb"].filter(
    (name) => !(process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, name))),
  );
  return tools.length === 0 ? undefined : `no ${tools.join(" and no ")} on the PATH: the node is made of Debian's packages`;
}

/** The image, if it has been made here. */
export async function nodeImage(): Promise<NodeImage | undefined> {
  const folder = await folderOf();
  return existsSync(folder) ? imageIn(folder) : undefined;
}

async function folderOf(): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([PACKAGES, BOOT_MODULES]));
  for (const file of ["build.ts", "initramfs.ts"]) hash.update(await readFile(join(HERE, file)));
  return join(CACHE, `node-vm-${hash.digest("hex").slice(0, 12)}`);
}

function imageIn(folder: string): NodeImage {
  return { root: join(folder, "root"), kernel: join(folder, "vmlinux"), initramfs: join(folder, "initramfs") };
}

/**
 * Makes the node's image in test/.cache, unless it is there: 165 MB of packages are loaded, 0.8 GB lie there unpacked. No package is
 * installed and no rights are needed.
 *
 * @throws what the failing program wrote
 */
export async function buildNodeImage(): Promise<NodeImage> {
  const folder = await folderOf();
  if (existsSync(folder)) return imageIn(folder);
  await mkdir(CACHE, { recursive: true });
  const made = await mkdtemp(join(CACHE, "node-vm.part-"));
  try {
    const root = join(made, "root");
    await unpack(await download(made), root);
    const version = await kernelVersion(root);
    await run(guestProgram(root, "depmod"), ["-b", root, version]);
    const { kernel, initramfs: first } = imageIn(made);
    await writeFile(kernel, await rawKernel(root, join(root, `boot/vmlinuz-${version}`)));
    const modules = await bootModules(root, version);
    await writeFile(first, await initramfs({ busybox: join(root, "usr/bin/busybox"), modules }));
    await rm(join(made, "apt"), { recursive: true });
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
  return imageIn(folder);
}

/** A program of the packages, run by their own loader with their own libraries, so that the machine's do not matter. */
export function guestProgram(root: string, name: string): readonly [string, ...string[]] {
  const path = ["usr/bin", "usr/sbin"].map((folder) => join(root, folder, name)).find((each) => existsSync(each));
  // depmod is a link to /bin/kmod, which on this machine is another one.
  const file = path ?? join(root, "usr/bin/kmod");
  return [join(root, "lib64/ld-linux-x86-64.so.2"), "--library-path", join(root, "usr/lib/x86_64-linux-gnu"), "--argv0", name, file];
}

/** The packages with all that they depend on, loaded as for a machine that has none. */
async function download(folder: string): Promise<readonly string[]> {
  const apt = join(folder, "apt");
  await mkdir(join(apt, "archives/partial"), { recursive: true });
  await writeFile(join(apt, "status"), "");
  const options = [
    `Dir::State::status=${apt}/status`,
    `Dir::Cache::archives=${apt}/archives`,
    "Debug::NoLocking=true",
    "APT::Sandbox::User=",
  ];
  const flags = options.flatMap((option) => ["-o", option]);
  const install = ["apt-get", ...flags, "--quiet", "--yes", "--no-install-recommends", "--download-only", "install", ...PACKAGES] as const;
  try {
    await run(install, []);
  } catch {
    // The lists of packages may be old, or not there.
    const update = await run(["apt-get", "--quiet", "update"], []).catch((error: unknown) => String(error));
    await run(install, []).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${update}`);
    });
  }
  const names = await readdir(join(apt, "archives"));
  return names.filter((name) => name.endsWith(".deb")).map((name) => join(apt, "archives", name));
}

/** Packages of Debian 12 and older have files in /bin as well as in /usr/bin: they end up in the latter, as on an installed system. */
async function unpack(packages: readonly string[], root: string): Promise<void> {
  for (const path of packages) await run(["dpkg-deb"], ["--extract", path, root]);
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(root, "usr", name), { recursive: true });
    if (!existsSync(join(root, name))) await symlink(`usr/${name}`, join(root, name));
    if (!(await isLink(root, name))) {
      await run(["cp"], ["--archive", "--remove-destination", `${join(root, name)}/.`, join(root, "usr", name)]);
      await rm(join(root, name), { recursive: true });
      await symlink(`usr/${name}`, join(root, name));
    }
  }
}

async function isLink(root: string, name: string): Promise<boolean> {
  const entries = await readdir(root, { withFileTypes: true });
  return entries.some((entry) => entry.name === name && entry.isSymbolicLink());
}

async function kernelVersion(root: string): Promise<string> {
  const [version] = (await readdir(join(root, "boot"))).flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.[1] ?? []);
  if (version === undefined) throw new Error("the packages hold no kernel");
  return version;
}

/** The kernel without its wrapping, which takes an emulated processor three seconds to take off. */
async function rawKernel(root: string, path: string): Promise<Buffer> {
  const wrapped = await readFile(path);
  const start = wrapped.indexOf(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]));
  if (start < 0) return wrapped;
  const [program, ...args] = guestProgram(root, "xz");
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args, "--decompress", "--stdout", "--single-stream"],
      { encoding: "buffer", maxBuffer: 2 ** 28 },
      (error, stdout) => {
        // What follows the kernel in the file is not xz's, which xz says by its exit code at the most.
        if (stdout.subarray(1, 4).toString() === "ELF") resolve(stdout);
        else reject(error ?? new Error(`${path} holds no kernel that can be read`));
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(wrapped.subarray(start));
  });
}

/** The modules that the root needs, each after those that it needs itself. */
async function bootModules(root: string, version: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const name of BOOT_MODULES) {
    const output = await run(guestProgram(root, "modprobe"), ["-d", root, "-S", version, "--show-depends", name]);
    for (const [, file] of output.matchAll(/^insmod (\S+)/gm)) if (file !== undefined && !files.includes(file)) files.push(file);
  }
  return files;
}

async function run([program, ...before]: readonly [string, ...string[]], args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, [...before, ...args], { maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    throw new Error(`${program} failed: ${String(error).slice(0, 300)}\n${output.slice(-2000)}`, { cause: error });
  }
}
