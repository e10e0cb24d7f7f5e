// `npm test`: installs, sets up the counterparts, runs every vitest project, and names at the end what was skipped.
// Arguments are handed on to vitest: `npm test -- --project fast test/git`.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { install } from "./install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = `${root}test/.cache`;
const ci = (process.env["CI"] ?? "") !== "" && process.env["CI"] !== "false";

/** Runs a program quietly; its output is shown only if it fails. */
function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, ...options });
  return {
    ok: done.error === undefined && done.status === 0,
    output: `${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}`,
  };
}

/** A Python virtual environment with the real Salt, Jinja2 and PyYAML. Gives the reason where it can't be had. */
function setUpPython() {
  const requirements = `${root}test/oracle/requirements.txt`;
  const venv = `${cache}/salt-venv`;
  const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const stamp = `${venv}/.halite-requirements`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return undefined;
  // salt 3007.1 runs on Python 3.8 to 3.12.
  const python = ["python3.11", "python3.12", "python3.10", "python3"].find(
    (name) => run(name, ["-c", "import sys, venv, ensurepip; sys.exit(not (3, 8) <= sys.version_info[:2] <= (3, 12))"]).ok,
  );
  if (python === undefined) return "no Python 3.10 to 3.12 with venv on the PATH";
  console.error("setting up Python with salt 3007.1 in test/.cache/salt-venv …");
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const made = run(python, ["-m", "venv", venv]);
  if (!made.ok) return `${python} -m venv failed:\n${made.output.trim().slice(-2000)}`;
  const installed = run(`${venv}/bin/python`, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--no-input",
    "--disable-pip-version-check",
    "-r",
    requirements,
  ]);
  if (!installed.ok) return `pip install failed:\n${installed.output.trim().slice(-2000)}`;
  writeFileSync(stamp, digest);
  return undefined;
}

/** The control plane's binaries, built from Go modules. Gives the reason where they can't be had. */
function setUpControlPlane() {
  if (!run("go", ["version"]).ok) return "no Go on the PATH";
  console.error("setting up etcd and kube-apiserver in test/.cache/bin (minutes, the first time) …");
  const done = run(process.execPath, [`${root}node_modules/tsx/dist/cli.mjs`, `${root}test/control-plane/set-up.ts`]);
  return done.ok ? undefined : `the build failed:\n${done.output.trim().slice(-2000)}`;
}

/** The virtual machine that is a storage node. Gives the reason where it can't be had. */
function setUpNode() {
  console.error("setting up the storage node in test/.cache (165 MB of packages, the first time) …");
  const done = run(process.execPath, [`${root}node_modules/tsx/dist/cli.mjs`, `${root}test/node-vm/set-up.ts`]);
  return done.ok ? undefined : done.output.trim().slice(-2000);
}

/** The programs that the tests with real tools are run against. Gives what can't be had, with the reasons. */
function setUpRealTools() {
  console.error("setting up sops, age, kubeseal, Barbican and other real tools (minutes, the first time) …");
  const done = run(process.execPath, [`${root}node_modules/tsx/dist/cli.mjs`, `${root}test/real/set-up.ts`]);
  return done.output.trim() === "" && done.ok ? undefined : done.output.trim().slice(-4000) || "the set-up failed";
}

/** CSI's own programs: its judge, and the sidecars. Gives what can't be had, with the reasons. */
function setUpCsiTools() {
  console.error("setting up csi-sanity and the CSI sidecars in test/.cache/bin (a quarter of an hour, the first time) …");
  const done = run(process.execPath, [`${root}node_modules/tsx/dist/cli.mjs`, `${root}test/csi-tools/set-up.ts`]);
  return done.ok ? undefined : done.output.trim().slice(-2000) || "the build failed";
}

/** The newest LTS of Node, from the package registry. Gives the reason where it can't be had. */
function setUpNewestNode() {
  const version = "26.10.0";
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch))
    return `no prebuilt Node ${version} for ${process.platform} ${process.arch} is known here`;
  const folder = `${cache}/node-${version}`;
  if (existsSync(`${folder}/node_modules/node-linux-${process.arch}/bin/node`)) return undefined;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const done = run("npm", [
    "install",
    "--prefix",
    folder,
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--loglevel=error",
    `node-linux-${process.arch}@${version}`,
  ]);
  return done.ok ? undefined : `npm could not install node-linux-${process.arch}@${version}: ${done.output.trim().slice(-500)}`;
}

install();
await (await import("./build.mjs")).build();
const args = process.argv.slice(2);
const project = args.includes("--project") ? args[args.indexOf("--project") + 1] : undefined;
const absent = [];
for (const { name, of, setUp } of [
  { name: "the real Salt, Jinja2 and PyYAML", of: ["differential"], setUp: setUpPython },
  { name: "the newest LTS Node", of: ["fast", "real"], setUp: setUpNewestNode },
  { name: "real tools", of: ["real"], setUp: setUpRealTools },
  { name: "a storage node in a virtual machine", of: ["vm"], setUp: setUpNode },
  { name: "csi-sanity and the CSI sidecars", of: ["vm"], setUp: setUpCsiTools },
  { name: "a real kube-apiserver", of: ["control-plane"], setUp: setUpControlPlane },
]) {
  if (project !== undefined && !of.includes(project)) continue;
  const reason = setUp();
  if (reason !== undefined) absent.push(`${name}: ${reason}`);
}
for (const each of absent) console.error(`absent: ${each}`);
if (ci && absent.length > 0) {
  console.error("with CI=true every counterpart must be there");
  process.exit(1);
}
mkdirSync(cache, { recursive: true });

/** Runs vitest. Gives its exit status and its own report. */
async function vitest(given, output) {
  const report = `${cache}/report-${process.pid}-${randomUUID()}.json`;
  const child = spawn(
    process.execPath,
    [`${root}node_modules/vitest/vitest.mjs`, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...given],
    { cwd: root, stdio: ["ignore", output, output] },
  );
  const status = await new Promise((resolve) => child.once("close", resolve));
  try {
    return { status, report: JSON.parse(readFileSync(report, "utf8")) };
  } catch {
    console.error(`vitest left no report: ${given.join(" ")}`);
    return { status: 1, report: { testResults: [], numFailedTests: 1, numPassedTests: 0 } };
  } finally {
    rmSync(report, { force: true });
  }
}

const only = (...projects) => projects.flatMap((name) => ["--project", name]);
const runs = [];
if (args.length > 0) runs.push(await vitest(args, "inherit"));
else {
  runs.push(await vitest(only("fast", "slow", "differential", "real"), "inherit"));
  // Control planes and the virtual machine run one at a time each, and beside each other; the one's words come after the other's.
  const log = `${cache}/vm-${process.pid}.log`;
  const words = openSync(log, "w");
  try {
    const beside = vitest(only("vm"), words);
    runs.push(await vitest(only("control-plane"), "inherit"));
    runs.push(await beside);
    process.stdout.write(readFileSync(log));
  } finally {
    closeSync(words);
    rmSync(log, { force: true });
  }
}
const result = {
  testResults: runs.flatMap(({ report }) => report.testResults),
  numFailedTests: runs.reduce((sum, { report }) => sum + report.numFailedTests, 0),
  numPassedTests: runs.reduce((sum, { report }) => sum + report.numPassedTests, 0),
};
const isSkipped = (test) => test.status === "skipped" || test.status === "pending" || test.status === "todo";
const skipped = result.testResults.flatMap((file) => file.assertionResults.filter(isSkipped));
if (skipped.length > 0) {
  console.log(`\nSkipped, ${absent.length > 0 ? "as their counterpart is absent" : "by the test itself"}:`);
  for (const file of result.testResults) {
    // By suite: a differential suite has hundreds of cases.
    const suites = new Map();
    for (const test of file.assertionResults.filter(isSkipped)) {
      const suite = test.ancestorTitles[0] ?? test.title;
      suites.set(suite, (suites.get(suite) ?? 0) + 1);
    }
    for (const [suite, count] of suites) console.log(`  ${file.name.slice(root.length)}: ${suite} (${count})`);
  }
}
// A file that fails to load has no tests of its own to count.
const broken = result.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
);
const failed = result.numFailedTests + broken.length;
if (ci && skipped.length > 0) console.error("with CI=true no test may be skipped");
console.log(`\n${result.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped`);
const isRed = runs.some(({ status, report }) => status !== 0 || report.numPassedTests === 0);
process.exitCode = isRed || failed > 0 || (ci && skipped.length > 0) ? 1 : 0;
