import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BIN = fileURLToPath(new URL("../.cache/bin/", import.meta.url));

interface FromModule {
  readonly module: string;
  readonly version: string;
  /** The main package within the module. */
  readonly package: string;
  /** Arguments of `go mod edit`, where its go.mod names folders that are not in the module's zip. */
  readonly edit?: readonly string[];
}

/** Not on the module proxy: from a file of `HALITE_PEERS_SRC`, which holds its dependencies too. */
interface FromArchive {
  readonly archive: string;
  readonly version: string;
  readonly package: string;
}

const SNAPSHOTTER = {
  module: "github.com/kubernetes-csi/external-snapshotter/v8",
  version: "v8.7.0",
  edit: [
    "-dropreplace=github.com/kubernetes-csi/external-snapshotter/client/v8",
    "-require=github.com/kubernetes-csi/external-snapshotter/client/v8@v8.7.0",
  ],
};

/** What drivers are tested with: the judge of the interface, and the programs that stand beside a driver in a cluster. */
const TOOLS = {
  "csi-sanity": { module: "github.com/kubernetes-csi/csi-test/v5", version: "v5.4.0", package: "./cmd/csi-sanity" },
  "csi-provisioner": { module: "github.com/kubernetes-csi/external-provisioner/v6", version: "v6.4.0", package: "./cmd/csi-provisioner" },
  "csi-resizer": { module: "github.com/kubernetes-csi/external-resizer/v2", version: "v2.3.0", package: "./cmd/csi-resizer" },
  "csi-snapshotter": { ...SNAPSHOTTER, package: "./cmd/csi-snapshotter" },
  "snapshot-controller": { ...SNAPSHOTTER, package: "./cmd/snapshot-controller" },
  "node-driver-registrar": { archive: "node-driver-registrar.tar.xz", version: "3482d444", package: "./cmd/csi-node-driver-registrar" },
} satisfies Record<string, FromModule | FromArchive>;

export type CsiTool = keyof typeof TOOLS;
// Object.keys gives the names above.
export const CSI_TOOLS = Object.keys(TOOLS) as CsiTool[];

/** Where a program is once it is built: named after its version, so that another version is built anew. */
export function csiTool(name: CsiTool): string {
  return `${BIN}${name}-${TOOLS[name].version}`;
}

/** Whether all of these have been built here. */
export function haveCsiTools(...names: readonly CsiTool[]): boolean {
  return names.every((name) => existsSync(csiTool(name)));
}

/** Builds what is not there yet. Gives what can't be had, with the reasons. */
export async function buildCsiTools(names: readonly CsiTool[] = CSI_TOOLS): Promise<readonly string[]> {
  if (haveCsiTools(...names)) return [];
  try {
    await run(["go", "version"], tmpdir());
  } catch {
    return ["no Go on the PATH"];
  }
  await mkdir(BIN, { recursive: true });
  const reasons: string[] = [];
  for (const name of names) {
    try {
      await build(name);
    } catch (error) {
      reasons.push(`${name}: ${(error instanceof Error ? error.message : String(error)).slice(-2000)}`);
    }
  }
  return reasons;
}

async function build(name: CsiTool): Promise<void> {
  if (haveCsiTools(name)) return;
  const tool: FromModule | FromArchive = TOOLS[name];
  const folder = await mkdtemp(join(tmpdir(), "halite-go-"));
  try {
    const part = `${csiTool(name)}.${process.pid}`;
    const flags = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", part, tool.package];
    if ("archive" in tool) {
      const sources = process.env["HALITE_PEERS_SRC"];
      if (sources === undefined) throw new Error(`HALITE_PEERS_SRC names no folder with ${tool.archive}`);
      await run(["tar", "-xJf", join(sources, tool.archive), "--strip-components=1", "-C", folder], folder);
      await run(["nice", "-n", "5", "go", "build", "-mod=vendor", ...flags], folder);
    } else {
      const answer = await run(["go", "mod", "download", "-json", `${tool.module}@${tool.version}`], folder);
      const { Dir: sources }: { readonly Dir?: string } = JSON.parse(answer);
      if (sources === undefined) throw new Error(`go mod download names no folder for ${tool.module}`);
      // Within a copy of the module's own sources, so that its replace directives count, which `go install MODULE@VERSION` refuses.
      await cp(sources, folder, { recursive: true });
      await run(["chmod", "-R", "u+w", "--", folder], folder);
      if (tool.edit !== undefined) await run(["go", "mod", "edit", ...tool.edit], folder);
      await run(["nice", "-n", "5", "go", "build", "-mod=mod", ...flags], folder);
    }
    await rename(part, csiTool(name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run([program, ...args]: readonly [string, ...string[]], cwd: string): Promise<string> {
  try {
    const env = { ...process.env, GOFLAGS: "", CGO_ENABLED: "0", GOTOOLCHAIN: "local" };
    return (await promisify(execFile)(program, args, { cwd, env, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    throw new Error(`${program} ${args[0] ?? ""} failed: ${output.slice(-1500)}`, { cause: error });
  }
}
