import { execFile } from "node:child_process";
import { access, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The programs of the control plane, by absolute path. */
export interface Binaries {
  readonly etcd: string;
  readonly apiserver: string;
}

const KUBERNETES = "v1.36.3";
const BIN = fileURLToPath(new URL("../.cache/bin/", import.meta.url));
const MODULE = fileURLToPath(new URL("./go/", import.meta.url));
// Named after the pin, so that another version is built anew.
const binaries: Binaries = { etcd: `${BIN}etcd-${KUBERNETES}`, apiserver: `${BIN}kube-apiserver-${KUBERNETES}` };

/** Whether the control plane has been built here. */
export async function isBuilt(): Promise<boolean> {
  try {
    await Promise.all([access(binaries.etcd), access(binaries.apiserver)]);
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
 * Builds etcd and kube-apiserver from the pinned Go modules of ./go into test/.cache/bin, unless they are there.
 * The first time takes about five minutes on two cores and 2 GB of memory.
 *
 * @throws what the Go compiler wrote
 */
export async function buildControlPlane(): Promise<Binaries> {
  if (await isBuilt()) return binaries;
  await mkdir(BIN, { recursive: true });
  const [major = "", minor = ""] = KUBERNETES.slice(1).split(".");
  const stamp = "-X k8s.io/component-base/version.";
  const flags = `-s -w ${stamp}gitVersion=${KUBERNETES} ${stamp}gitMajor=${major} ${stamp}gitMinor=${minor}`;
  await goBuild(binaries.apiserver, "k8s.io/kubernetes/cmd/kube-apiserver", flags);
  await goBuild(binaries.etcd, "go.etcd.io/etcd/server/v3", "-s -w");
  return binaries;
}

async function goBuild(out: string, pkg: string, flags: string): Promise<void> {
  const part = `${out}.${process.pid}`;
  // -mod=mod may rewrite go.mod and go.sum: it works on a copy, so that the committed files stay as they are.
  const copy = `${BIN}go`;
  await mkdir(copy, { recursive: true });
  for (const name of ["go.mod", "go.sum", "tools.go"]) await writeFile(`${copy}/${name}`, await readFile(`${MODULE}${name}`));
  const env = { ...process.env, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
  await promisify(execFile)("nice", ["-n", "5", "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", part, pkg], {
    cwd: copy,
    env,
    maxBuffer: 2 ** 26,
  });
  await rename(part, out);
}
