import { execFile } from "node:child_process";
import { access, cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BIN = fileURLToPath(new URL("../.cache/bin/", import.meta.url));

interface GoTool {
  readonly module: string;
  readonly version: string;
  /** The main package within the module. */
  readonly package: string;
  readonly program: string;
  /** Further linker flags: the version that it says it is. */
  readonly flags?: string;
}

const SOPS = "github.com/getsops/sops/v3";
const SEALED_SECRETS = { module: "github.com/bitnami-labs/sealed-secrets", version: "v0.40.0" };

/** The programs that tests hold Halite against, each at one version. */
const TOOLS = {
  sops: { module: SOPS, version: "v3.13.3", package: "./cmd/sops", program: "sops", flags: `-X ${SOPS}/version.Version=3.13.3` },
  age: { module: "filippo.io/age", version: "v1.3.2", package: "./cmd/age", program: "age" },
  kubeseal: { ...SEALED_SECRETS, package: "./cmd/kubeseal", program: "kubeseal", flags: "-X main.VERSION=0.40.0" },
  "sealed-secrets-controller": { ...SEALED_SECRETS, package: "./cmd/controller", program: "controller", flags: "-X main.VERSION=0.40.0" },
  actionlint: { module: "github.com/rhysd/actionlint", version: "v1.7.12", package: "./cmd/actionlint", program: "actionlint" },
} satisfies Record<string, GoTool>;

export type GoToolName = keyof typeof TOOLS;

/** Where a program is once it is built: named after its version, so that another version is built anew. */
export function goTool(name: GoToolName): string {
  return `${BIN}${name}-${TOOLS[name].version}`;
}

/** The folder of a module's sources, fetched where it is not there. */
export async function goModule(name: GoToolName): Promise<string> {
  const { module, version } = TOOLS[name];
  const { stdout } = await promisify(execFile)("go", ["mod", "download", "-json", `${module}@${version}`], { maxBuffer: 2 ** 24 });
  const answer: { readonly Dir?: string } = JSON.parse(stdout);
  if (answer.Dir === undefined) throw new Error(`go mod download names no folder for ${module}`);
  return answer.Dir;
}

/** Builds what is not there yet. Gives the reason where that can't be done. */
export async function buildGoTools(): Promise<string | undefined> {
  try {
    await promisify(execFile)("go", ["version"]);
  } catch {
    return "no Go on the PATH";
  }
  await mkdir(BIN, { recursive: true });
  for (const [name, tool] of entries()) {
    try {
      await build(name, tool);
    } catch (error) {
      return `${name}: the build failed: ${(error instanceof Error ? error.message : String(error)).slice(-2000)}`;
    }
  }
  return undefined;
}

function entries(): [GoToolName, GoTool][] {
  const names: GoToolName[] = ["sops", "age", "kubeseal", "sealed-secrets-controller", "actionlint"];
  return names.map((name) => [name, TOOLS[name]]);
}

async function build(name: GoToolName, tool: GoTool): Promise<void> {
  const out = goTool(name);
  try {
    await access(out);
    return;
  } catch {
    // Not built yet.
  }
  // Within a copy of the module's own sources, so that its replace directives count, which `go install MODULE@VERSION` refuses.
  const copy = await mkdtemp(join(tmpdir(), "halite-go-"));
  try {
    await cp(await goModule(name), copy, { recursive: true });
    await promisify(execFile)("chmod", ["-R", "u+w", "--", copy]);
    const part = `${out}.${process.pid}`;
    const flags = ["-trimpath", "-buildvcs=false", "-ldflags", `-s -w ${tool.flags ?? ""}`];
    await promisify(execFile)("nice", ["-n", "5", "go", "build", ...flags, "-o", part, tool.package], {
      cwd: copy,
      env: { ...process.env, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" },
      maxBuffer: 2 ** 26,
    });
    await rename(part, out);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
