import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { Oracle } from "../oracle/oracle.ts";

/** Where the trees of these tests write. Each becomes an empty file system in memory, seen by the oracle alone. */
const WRITABLE = ["/etc", "/srv", "/opt", "/mnt", "/var/lib"];

/** What Python and Salt need of /etc. */
const KEPT = [
  "alternatives",
  "group",
  "hosts",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "nsswitch.conf",
  "passwd",
  "resolv.conf",
  "ssl",
];

/** Root needs only a mount namespace; anybody else also a user namespace in which he is root. */
const NAMESPACES: readonly (readonly string[])[] = [
  ["unshare", "-m"],
  ["unshare", "-rm"],
];

/** Directories that are the oracle's alone; it must be asked to write nowhere else. */
export function writable(): string[] {
  const needed = [tmpdir(), fileURLToPath(new URL("../..", import.meta.url)), process.execPath].map((path) => realpathSync(path));
  return WRITABLE.filter((path) => existsSync(path) && !needed.some((need) => need === path || need.startsWith(`${path}/`)));
}

function script(paths: readonly string[]): string {
  const lines = ["set -e"];
  for (const path of paths) {
    if (path === "/etc") {
      lines.push("keep=$(mktemp -d)", `for name in ${KEPT.join(" ")}; do if [ -e /etc/$name ]; then cp -aL /etc/$name $keep/; fi; done`);
    }
    lines.push(`mount -t tmpfs -o mode=0755 halite-oracle ${path}`);
    if (path === "/etc") lines.push("cp -a $keep/. /etc/", "rm -rf $keep");
  }
  lines.push(`export HALITE_WRITABLE=${paths.join(":")}`, 'exec "$@"');
  return lines.join("\n");
}

/** The command under which the oracle may write, or why there is none. */
export function isolation(): { readonly wrap: readonly string[] } | { readonly missing: string } {
  const paths = writable();
  const said: string[] = [];
  for (const namespace of NAMESPACES) {
    const wrap = [...namespace, "sh", "-c", script(paths), "sh"];
    const [command = "", ...args] = wrap;
    const run = spawnSync(command, [...args, "true"], { encoding: "utf8" });
    if (run.status === 0) return { wrap };
    said.push(`${namespace.join(" ")}: ${run.stderr.trim() || (run.error?.message ?? `exit ${run.status}`)}`);
  }
  return { missing: `real Salt would write to this machine: no mount namespace could be made (${said.join("; ")})` };
}

/** The real Salt in a process that may write. @throws Error where no namespace can be made */
export function isolatedOracle(): Oracle {
  const found = isolation();
  if ("missing" in found) throw new Error(found.missing);
  return new Oracle(["salt_apply"], found.wrap);
}
