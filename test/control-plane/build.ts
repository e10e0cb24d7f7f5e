import { execFile } from "node:child_process";
import { access, chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The programs of the control plane, by absolute path. */
export interface Binaries {
  readonly etcd: string;
  readonly apiserver: string;
  readonly apiserverOlder: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kubectl: string;
  readonly kwok: string;
  readonly kubelet: string;
  /** The real addon manager: its two scripts and kwok's stages lie in this folder. */
  readonly scripts: string;
}

const KUBERNETES = "v1.36.3";
const OLDER = "v1.35.4";

/** A version of the API servers as the roster names it: `1.36`. */
export function minorVersion(version: "current" | "older"): string {
  return (version === "older" ? OLDER : KUBERNETES).replace(/^v(\d+\.\d+)\..*$/, "$1");
}
const KWOK = "v0.8.0";
const BIN = fileURLToPath(new URL("../.cache/bin/", import.meta.url));
const MODULES = fileURLToPath(new URL("./go/", import.meta.url));
// Named after the pin, so that another version is built anew.
const binaries: Binaries = {
  etcd: `${BIN}etcd-${KUBERNETES}`,
  apiserver: `${BIN}kube-apiserver-${KUBERNETES}`,
  apiserverOlder: `${BIN}kube-apiserver-${OLDER}`,
  controllerManager: `${BIN}kube-controller-manager-${KUBERNETES}`,
  scheduler: `${BIN}kube-scheduler-${KUBERNETES}`,
  kubectl: `${BIN}kubectl-${KUBERNETES}`,
  kwok: `${BIN}kwok-${KWOK}`,
  kubelet: `${BIN}kubelet-${KUBERNETES}`,
  scripts: `${BIN}scripts-${KUBERNETES}-${KWOK}`,
};

/** Whether the control plane has been built here. */
export async function isBuilt(): Promise<boolean> {
  return (await Promise.all(Object.values(binaries).map(isThere))).every((there) => there);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether there is a Go compiler to build it with. */
export async function canBuild(): Promise<boolean> {
  try {
    await promisify(execFile)("go", ["version"]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Builds the programs from the pinned Go modules of ./go into test/.cache/bin, those that are not there. The first time takes about ten minutes
 * on two cores and 2 GB of memory.
 *
 * @throws what the Go compiler wrote
 */
export async function buildControlPlane(): Promise<Binaries> {
  if (await isBuilt()) return binaries;
  await mkdir(BIN, { recursive: true });
  const kubernetes = "k8s.io/kubernetes/cmd";
  await goBuild(binaries.apiserver, "current", `${kubernetes}/kube-apiserver`, versioned(KUBERNETES));
  await goBuild(binaries.etcd, "current", "go.etcd.io/etcd/server/v3", "-s -w");
  await goBuild(binaries.kubectl, "current", `${kubernetes}/kubectl`, versioned(KUBERNETES));
  await goBuild(binaries.controllerManager, "current", `${kubernetes}/kube-controller-manager`, versioned(KUBERNETES));
  await goBuild(binaries.scheduler, "current", `${kubernetes}/kube-scheduler`, versioned(KUBERNETES));
  await goBuild(binaries.kubelet, "current", `${kubernetes}/kubelet`, versioned(KUBERNETES));
  await goInstall(binaries.kwok, `sigs.k8s.io/kwok/cmd/kwok@${KWOK}`);
  await copyScripts();
  await goBuild(binaries.apiserverOlder, "older", `${kubernetes}/kube-apiserver`, versioned(OLDER));
  return binaries;
}

function versioned(version: string): string {
  const [major = "", minor = ""] = version.slice(1).split(".");
  const stamp = "-X k8s.io/component-base/version.";
  return `-s -w ${stamp}gitVersion=${version} ${stamp}gitMajor=${major} ${stamp}gitMinor=${minor}`;
}

/** Runs Go in a copy of one of the modules of ./go, as -mod=mod may rewrite go.mod and go.sum. */
async function inModule(module: "current" | "older", args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const copy = `${BIN}go/${module}-${process.pid}`;
  await mkdir(copy, { recursive: true });
  try {
    for (const name of ["go.mod", "go.sum", "tools.go"]) await copyFile(`${MODULES}${module}/${name}`, `${copy}/${name}`);
    return await go(args, copy, { GOFLAGS: "-mod=mod", CGO_ENABLED: "0", ...env });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function go(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  const done = await promisify(execFile)("nice", ["-n", "5", "go", ...args], { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 });
  return done.stdout;
}

async function goBuild(out: string, module: "current" | "older", pkg: string, flags: string): Promise<void> {
  if (await isThere(out)) return;
  const part = `${out}.${process.pid}`;
  await inModule(module, ["build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", part, pkg]);
  await rename(part, out);
}

/** A program whose module stands by itself: its dependencies are others than Kubernetes'. */
async function goInstall(out: string, pkg: string): Promise<void> {
  if (await isThere(out)) return;
  const folder = await mkdtemp(join(tmpdir(), "halite-go-"));
  try {
    await go(["install", "-trimpath", "-ldflags", "-s -w", pkg], folder, { GOBIN: folder, GOFLAGS: "", CGO_ENABLED: "0" });
    await copyFile(`${folder}/kwok`, `${out}.${process.pid}`);
    await chmod(`${out}.${process.pid}`, 0o755);
    await rename(`${out}.${process.pid}`, out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The addon manager's scripts from the Kubernetes module, and kwok's stages from its own: what is tested against is the real thing. */
async function copyScripts(): Promise<void> {
  if (await isThere(binaries.scripts)) return;
  const part = `${binaries.scripts}.${process.pid}`;
  await mkdir(part, { recursive: true });
  const kubernetes = await moduleFolder(`k8s.io/kubernetes@${KUBERNETES}`);
  for (const name of ["kube-addons.sh", "kube-addons-main.sh"]) {
    await writeFile(`${part}/${name}`, await readFile(join(kubernetes, "cluster/addons/addon-manager", name)), { mode: 0o755 });
  }
  const stages = join(await moduleFolder(`sigs.k8s.io/kwok@${KWOK}`), "kustomize/stage");
  const texts: string[] = [];
  for (const folder of ["node/fast", "node/heartbeat-with-lease", "pod/fast"]) {
    for (const name of (await readdir(join(stages, folder))).sort()) {
      if (name.endsWith(".yaml") && name !== "kustomization.yaml") texts.push(await readFile(join(stages, folder, name), "utf8"));
    }
  }
  await writeFile(`${part}/stages.yaml`, texts.join("\n---\n"));
  await rename(part, binaries.scripts);
}

/** Where the module cache keeps a module. */
async function moduleFolder(module: string): Promise<string> {
  const answer: { readonly Dir: string } = JSON.parse(await go(["mod", "download", "-json", module], tmpdir(), { GOFLAGS: "-mod=mod" }));
  return answer.Dir;
}
