import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, test } from "vitest";
import { SopsFile, AgeIdentities } from "../../src/unseal/index.ts";
import { build } from "../../scripts/build.mjs";
import { HALITE, inTemporaryFolder, type Run } from "./halite.ts";

interface SecretFleetFolder {
  readonly folder: string;
  readonly identity: string;
  readonly recipient: string;
  /** The recipient of cluster c1, and its private key. */
  readonly cluster: { readonly identity: string; readonly recipient: string };
  run(
    args: readonly string[],
    options?: { readonly input?: string; readonly env?: Record<string, string>; readonly fd3?: string },
  ): Promise<Run>;
  open(file: string, path: string, identity?: string): Promise<string>;
  read(file: string): string;
}

/** A fleet of two clusters, whose addon `ceph` uses what is sealed in secrets/ceph.sops.yaml; c1 has a key of its own. */
async function withFleet(run: (fleet: SecretFleetFolder) => Promise<void>, sealed = ""): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const [own, cluster] = await Promise.all([generateX25519Identity(), generateX25519Identity()]);
    const [recipient, clusterRecipient] = await Promise.all([identityToRecipient(own), identityToRecipient(cluster)]);
    const files: Record<string, string> = {
      "halite.yaml": `roster: roster.yaml\nkubernetes: "1.36"\nsealed:\n  age:\n    recipients: [${recipient}]\n    identities: [keys.txt]\n  clusters:\n    c1: {age: ${clusterRecipient}}\n${sealed}`,
      "roster.yaml": "c1: {minion_opts: {grains: {az: a}}}\nc2: {minion_opts: {grains: {az: b}}}\n",
      "pillar/top.sls": "base:\n  '*': [ceph]\n",
      "pillar/ceph.sls": "ceph:\n  key: '?{sops:ceph.sops.yaml#rbd/userKey}'\n",
      "states/top.sls": "base:\n  '*': [ceph]\n",
      "states/ceph.sls":
        "ceph:\n  file.managed:\n    - name: /etc/kubernetes/addons/ceph/secret.yaml\n    - source: salt://secret.yaml\n    - template: jinja\n    - makedirs: True\n",
      "states/secret.yaml":
        "apiVersion: v1\nkind: Secret\nmetadata: {name: ceph, namespace: default}\nstringData:\n  userKey: {{ pillar.ceph.key }}\n",
      "keys.txt": `${own}\n`,
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    await run({
      folder,
      identity: own,
      recipient,
      cluster: { identity: cluster, recipient: clusterRecipient },
      run: (args, options = {}) => secret(folder, args, options),
      read: (file) => readFileSync(join(folder, file), "utf8"),
      open: async (file, path, identity = own) => {
        const age = await AgeIdentities.parse([{ name: "k", text: identity }]);
        const open = await SopsFile.read(readFileSync(join(folder, "secrets", file), "utf8"), file).open({ age, gpg: undefined });
        return Buffer.from(open.value(path.split("/")).reveal("verify")).toString();
      },
    });
  });
}

function secret(
  folder: string,
  args: readonly string[],
  { input, env, fd3 }: { input?: string; env?: Record<string, string>; fd3?: string },
): Promise<Run> {
  const child = spawn(process.execPath, [HALITE, "secret", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, ...env },
    stdio: fd3 === undefined ? ["pipe", "pipe", "pipe"] : ["pipe", "pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (part: string) => (stdout += part));
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input ?? "");
  const third = child.stdio[3];
  if (third !== undefined && third !== null && "end" in third) third.end(fd3);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** Keys and times differ from run to run. */
function masked(text: string, fleet: SecretFleetFolder): string {
  return text
    .replaceAll(fleet.recipient, "OPERATOR")
    .replaceAll(fleet.cluster.recipient, "CLUSTER")
    .replaceAll(fleet.folder, "FLEET")
    .replaceAll(/age1[a-z0-9]{50,}/g, "age1…");
}

beforeAll(() => build());

describe("seal", () => {
  test("a new file, another key, another value; what is printed is the reference", () =>
    withFleet(async (fleet) => {
      const first = await fleet.run(["seal", "ceph.sops.yaml#rbd/userKey"], { input: "canary one" });
      expect(first).toEqual({
        status: 0,
        stdout: "made secrets/ceph.sops.yaml by halite.yaml\n?{sops:ceph.sops.yaml#rbd/userKey}\n",
        stderr: "",
      });
      expect(await fleet.open("ceph.sops.yaml", "rbd/userKey")).toBe("canary one");
      // New files are for the clusters of the config too.
      expect(await fleet.open("ceph.sops.yaml", "rbd/userKey", fleet.cluster.identity)).toBe("canary one");
      const before = fleet.read("secrets/ceph.sops.yaml");
      await fleet.run(["seal", "?{sops:ceph.sops.yaml#cephfs/adminKey}", "--fd", "3"], { fd3: "canary two\n" });
      expect(await fleet.open("ceph.sops.yaml", "cephfs/adminKey")).toBe("canary two\n");
      const kept = before.split("\n").filter((line) => !fleet.read("secrets/ceph.sops.yaml").split("\n").includes(line));
      // The time too, unless both are sealed within a second.
      expect(kept.map((line) => line.trim().split(":")[0]).filter((key) => key !== "lastmodified")).toEqual(["mac"]);
      const again = await fleet.run(["seal", "secrets/ceph.sops.yaml#rbd/userKey", "--json", "--trim"], { input: "canary three\n" });
      expect(JSON.parse(again.stdout)).toEqual({
        reference: "?{sops:ceph.sops.yaml#rbd/userKey}",
        file: "secrets/ceph.sops.yaml",
        created: false,
        changed: true,
      });
      expect(await fleet.open("ceph.sops.yaml", "rbd/userKey")).toBe("canary three");
      const same = await fleet.run(["seal", "./secrets/ceph.sops.yaml#rbd/userKey"], { input: "canary three" });
      expect(same.stdout).toContain("holds that value already");
      expect(readdirSync(join(fleet.folder, "secrets"))).toEqual(["ceph.sops.yaml"]);
      expect(readFileSync(join(fleet.folder, "secrets/ceph.sops.yaml"), "utf8")).not.toContain("canary");
    }));

  test("bytes into a file that is one value, JSON, and a rule of .sops.yaml", () =>
    withFleet(async (fleet) => {
      mkdirSync(join(fleet.folder, "secrets"));
      writeFileSync(
        join(fleet.folder, "secrets/.sops.yaml"),
        `creation_rules:\n  - path_regex: ^x\\.json$\n    age: ${fleet.recipient}\n    encrypted_regex: ^data$\n  - age: ${fleet.recipient}\n`,
      );
      expect((await fleet.run(["seal", "keyring.bin#data"], { input: "a\0b" })).status).toBe(0);
      expect(await fleet.open("keyring.bin", "data")).toBe("a\0b");
      expect((await fleet.run(["seal", "x.json#data/k"], { input: "v" })).stdout).toContain("by secrets/.sops.yaml");
      expect(JSON.parse(fleet.read("secrets/x.json"))["sops"]["encrypted_regex"]).toBe("^data$");
      expect(masked((await fleet.run(["seal", "x.json#clear"], { input: "canary" })).stderr, fleet)).toContain(
        "x.json does not encrypt clear",
      );
    }));

  test("messages", () =>
    withFleet(async (fleet) => {
      await fleet.run(["seal", "ceph.sops.yaml#a"], { input: "x" });
      writeFileSync(join(fleet.folder, "secrets/plain.yaml"), "a: canary\n");
      writeFileSync(join(fleet.folder, "other.txt"), `${await generateX25519Identity()}\n`);
      const cases: [string[], { input?: string; env?: Record<string, string> }?][] = [
        [["seal", "ceph.sops.yaml#a", "canary"]],
        [["seal", "ceph.sops.yaml#a=canary"]],
        [["seal"]],
        [["seal", "ceph.sops.yaml"], { input: "canary" }],
        [["seal", "ceph.sops.yaml#a/b"], { input: "canary" }],
        [["seal", "../x.yaml#a"], { input: "canary" }],
        [["seal", "ceph.sops.yaml#a"], { input: "" }],
        [["seal", "ceph.sops.yaml#a", "--fd", "99"], { input: "canary" }],
        [["seal", "ceph.sops.yaml#a", "--fd", "x"], { input: "canary" }],
        [["seal", "plain.yaml#a"], { input: "canary" }],
        [["seal", "x.env#a"], { input: "canary" }],
        [["seal", "secret:ns/name#key"], { input: "canary" }],
        [["seal", "pgp:"], { input: "canary" }],
        [["seal", "barbican:x@1"], { input: "canary" }],
        [["seal", "ns/name#key", "--cluster", "c1"], { input: "canary" }],
        [["seal", "ns/name#key", "--cluster", "c9"], { input: "canary" }],
        [["seal", "ns/name#key", "--kubeseal-cert", "none.pem"], { input: "canary" }],
        [["seal", "name#key", "--kubeseal-cert", "keys.txt"], { input: "canary" }],
        [["seal", "ceph.sops.yaml#a"], { input: "canary", env: { SOPS_AGE_KEY_FILE: "other.txt" } }],
        [["seal", "ceph.sops.yaml#a"], { input: "canary", env: { SOPS_AGE_KEY_FILE: "none.txt" } }],
        [["sael"]],
        [[]],
        [["edit"]],
        [["edit", "ceph.sops.yaml#a"]],
        [["list", "x"]],
        [["list", "--older-than", "x"]],
        [["verify", "x"]],
      ];
      const said: string[] = [];
      for (const [args, options] of cases) {
        const { status, stdout, stderr } = await fleet.run(args, options);
        said.push(`$ halite secret ${args.join(" ")}\n${stdout}${stderr}→ ${status}\n`);
      }
      const text = masked(said.join("\n"), fleet);
      expect(text.replaceAll(/^\$.*$/gm, "")).not.toContain("canary");
      await expect(text).toMatchFileSnapshot("golden/secret/messages.txt");
      expect(await fleet.open("ceph.sops.yaml", "a")).toBe("x");
    }));

  test("nothing of the value is in the process's arguments or environment while it is sealed", () =>
    withFleet(async (fleet) => {
      const child = spawn(process.execPath, [HALITE, "secret", "seal", "ceph.sops.yaml#a"], {
        cwd: fleet.folder,
        env: { PATH: process.env["PATH"] ?? "", HOME: fleet.folder },
      });
      child.stdin.write("canary-in");
      const seen = ["cmdline", "environ"].map((name) => readFileSync(`/proc/${child.pid}/${name}`, "utf8"));
      child.stdin.end();
      expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
      expect(seen.join()).not.toContain("canary-in");
    }));
});

describe("verify", () => {
  test("who can't open what; and all is well once it is rotated", () =>
    withFleet(async (fleet) => {
      mkdirSync(join(fleet.folder, "secrets"));
      const missing = await fleet.run(["verify"]);
      expect(missing.status).toBe(1);
      expect(missing.stderr).toContain("secrets/ceph.sops.yaml does not exist");
      writeFileSync(join(fleet.folder, "secrets/.sops.yaml"), `creation_rules:\n  - age: ${fleet.recipient}\n`);
      await fleet.run(["seal", "ceph.sops.yaml#rbd/userKey"], { input: "canary" });
      const closed = await fleet.run(["verify"]);
      await expect(masked(`${closed.stdout}${closed.stderr}→ ${closed.status}\n`, fleet)).toMatchFileSnapshot("golden/secret/verify.txt");
      expect(JSON.parse((await fleet.run(["verify", "--json", "--clusters", "c1"])).stdout)).toMatchObject({
        valid: false,
        references: [{ reference: "?{sops:ceph.sops.yaml#rbd/userKey}", clusters: ["c1"], opened: true }],
      });
      const before = fleet.read("secrets/ceph.sops.yaml");
      // Without a rule: halite.yaml's recipients, and those of the clusters that refer to it.
      writeFileSync(join(fleet.folder, "secrets/.sops.yaml"), "stores: {}\n");
      const check = await fleet.run(["rotate", "--check"]);
      await expect(masked(`${check.stdout}${check.stderr}→ ${check.status}\n`, fleet)).toMatchFileSnapshot(
        "golden/secret/rotate-check.txt",
      );
      expect(fleet.read("secrets/ceph.sops.yaml")).toBe(before);
      const rotated = await fleet.run(["rotate"]);
      await expect(masked(`${rotated.stdout}${rotated.stderr}→ ${rotated.status}\n`, fleet)).toMatchFileSnapshot(
        "golden/secret/rotate.txt",
      );
      const after = fleet.read("secrets/ceph.sops.yaml");
      expect(before.split("\n").filter((line) => !after.split("\n").includes(line))).toEqual([]);
      expect(await fleet.open("ceph.sops.yaml", "rbd/userKey", fleet.cluster.identity)).toBe("canary");
      expect((await fleet.run(["verify", "--clusters", "c1"])).status).toBe(0);
      expect((await fleet.run(["verify", "--strict"])).status).toBe(1);
      expect((await fleet.run(["rotate", "--check"])).status).toBe(0);
    }));

  test("a changed file is found, also where every reference resolves", () =>
    withFleet(async (fleet) => {
      await fleet.run(["seal", "ceph.sops.yaml#rbd/userKey"], { input: "canary" });
      await fleet.run(["seal", "ceph.sops.yaml#other"], { input: "x" });
      const path = join(fleet.folder, "secrets/ceph.sops.yaml");
      writeFileSync(path, readFileSync(path, "utf8").replace(/^other: .*\n/m, ""));
      const found = await fleet.run(["verify"]);
      expect(found.status).toBe(1);
      expect(found.stderr).toContain("its message authentication code does not fit");
    }));

  test("who was removed: warned of, and locked out with a new data key", () =>
    withFleet(async (fleet) => {
      await fleet.run(["seal", "ceph.sops.yaml#rbd/userKey"], { input: "canary" });
      writeFileSync(join(fleet.folder, "secrets/.sops.yaml"), `creation_rules:\n  - age: ${fleet.recipient}\n`);
      const before = fleet.read("secrets/ceph.sops.yaml").split("\n")[1];
      const removed = await fleet.run(["rotate", "ceph.sops.yaml"]);
      await expect(masked(`${removed.stdout}${removed.stderr}`, fleet)).toMatchFileSnapshot("golden/secret/rotate-removed.txt");
      expect(fleet.read("secrets/ceph.sops.yaml").split("\n")[1]).toBe(before);
      await fleet.run(["rotate", "--new-data-key"]);
      expect(fleet.read("secrets/ceph.sops.yaml").split("\n")[1]).not.toBe(before);
      await expect(fleet.open("ceph.sops.yaml", "rbd/userKey", fleet.cluster.identity)).rejects.toThrow("none of the keys here");
    }));
});

test("list: how old each value is by git, and who can open it", () =>
  withFleet(async (fleet) => {
    const git = (...args: string[]): void => {
      const date = "2024-01-02T03:04:05Z";
      const done = spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
        cwd: fleet.folder,
        env: { PATH: process.env["PATH"] ?? "", HOME: fleet.folder, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      });
      if (done.status !== 0) throw new Error(done.stderr.toString());
    };
    // What is written about the folder is nothing that is sealed.
    mkdirSync(join(fleet.folder, "secrets"));
    writeFileSync(join(fleet.folder, "secrets/README.md"), "# Secrets\n");
    expect(await fleet.run(["list"])).toEqual({ status: 0, stdout: "nothing is sealed\n", stderr: "" });
    await fleet.run(["seal", "ceph.sops.yaml#old"], { input: "x" });
    git("init", "-q");
    git("add", "-A");
    git("commit", "-qm", "x");
    await fleet.run(["seal", "ceph.sops.yaml#deep/new~1key"], { input: "y" });
    const listed = await fleet.run(["list"]);
    expect(listed.stdout.replaceAll(/\d+ d/g, "N d").replaceAll(/ +/g, " ")).toBe(
      "SEALED AGE CAN OPEN AT\nceph.sops.yaml#old N d operators, c1 secrets/ceph.sops.yaml:1\nceph.sops.yaml#deep/new~1key N d (not committed) operators, c1 secrets/ceph.sops.yaml:3\n",
    );
    const old = await fleet.run(["list", "--older-than", "400", "--json"]);
    expect(old.status).toBe(1);
    expect(JSON.parse(old.stdout)).toEqual({
      sealed: [
        {
          kind: "sops",
          name: "ceph.sops.yaml#old",
          at: "secrets/ceph.sops.yaml:1",
          since: "2024-01-02T03:04:05.000Z",
          why: null,
          committed: true,
          recipients: [fleet.recipient, fleet.cluster.recipient],
        },
      ],
      findings: [],
    });
    expect((await fleet.run(["list", "--older-than", "99999"])).status).toBe(0);
  }));

describe("edit", () => {
  /** An editor that does with the file what a script says. */
  const editor = (fleet: SecretFleetFolder, script: string): Record<string, string> => {
    const path = join(fleet.folder, "editor.mjs");
    writeFileSync(
      path,
      `#!${process.execPath}\nimport { readFileSync, writeFileSync, statSync } from "node:fs";\nimport { dirname } from "node:path";\nconst file = process.argv.at(-1);\n${script}\n`,
    );
    chmodSync(path, 0o755);
    return { EDITOR: `"${path}" --wait` };
  };

  test("what was changed is sealed, what was not keeps its sealed text; the file was in memory, this user's alone, and is gone", () =>
    withFleet(async (fleet) => {
      await fleet.run(["seal", "ceph.sops.yaml#a"], { input: "canary one" });
      await fleet.run(["seal", "ceph.sops.yaml#b"], { input: "line 1\nline 2\n" });
      const before = fleet.read("secrets/ceph.sops.yaml").split("\n");
      const edited = await fleet.run(["edit", "ceph.sops.yaml"], {
        env: editor(
          fleet,
          `const text = readFileSync(file, "utf8");
writeFileSync("seen.json", JSON.stringify({ file, text, mode: statSync(file).mode & 0o777, folder: statSync(dirname(file)).mode & 0o777 }));
writeFileSync(file, text.replace("line 2", "line two") + "# a note\\nc: 7\\n");`,
        ),
      });
      expect(edited).toEqual({ status: 0, stdout: "sealed secrets/ceph.sops.yaml\n", stderr: "" });
      const seen = JSON.parse(fleet.read("seen.json"));
      expect(seen).toMatchObject({ text: "a: canary one\nb: |\n    line 1\n    line 2\n", mode: 0o600, folder: 0o700 });
      expect(seen.file).toMatch(/^\/(?:dev\/shm|run)\/.*\/ceph\.sops\.yaml$/);
      expect(existsSync(join(seen.file, ".."))).toBe(false);
      const after = fleet.read("secrets/ceph.sops.yaml").split("\n");
      expect(after[0]).toBe(before[0]);
      expect(after[1]).not.toBe(before[1]);
      expect(await fleet.open("ceph.sops.yaml", "b")).toBe("line 1\nline two\n");
      expect(await fleet.open("ceph.sops.yaml", "c")).toBe("7");
      expect(after.join("\n")).not.toContain("a note");
    }));

  test("unchanged, refused, an editor that fails or is none: the file stays", () =>
    withFleet(async (fleet) => {
      await fleet.run(["seal", "ceph.sops.yaml#a"], { input: "canary" });
      const before = fleet.read("secrets/ceph.sops.yaml");
      const said: string[] = [];
      for (const [name, script] of [
        ["unchanged", ""],
        ["no YAML", `writeFileSync(file, "a: [canary\\n");`],
        ["an anchor", `writeFileSync(file, "a: &x canary\\n");`],
        ["empty", `writeFileSync(file, "");`],
        ["the editor fails", "process.exit(3);"],
        ["the editor is killed", `process.kill(process.pid, "SIGKILL"); await new Promise(() => setTimeout(() => undefined, 60_000));`],
      ] as const) {
        const { status, stdout, stderr } = await fleet.run(["edit", "ceph.sops.yaml"], { env: editor(fleet, script) });
        said.push(`# ${name}\n${stdout}${stderr}→ ${status}\n`);
        expect(fleet.read("secrets/ceph.sops.yaml")).toBe(before);
      }
      const none = await fleet.run(["edit", "ceph.sops.yaml"], { env: { EDITOR: "/nonexistent/editor" } });
      said.push(`# no editor\n${none.stdout}${none.stderr}→ ${none.status}\n`);
      expect(said.join("\n")).not.toContain("canary");
      await expect(masked(said.join("\n"), fleet)).toMatchFileSnapshot("golden/secret/edit.txt");
    }));

  test("a new file", () =>
    withFleet(async (fleet) => {
      const made = await fleet.run(["edit", "new/one.yaml", "--json"], { env: editor(fleet, `writeFileSync(file, "a: 1\\n");`) });
      expect(JSON.parse(made.stdout)).toEqual({ file: "secrets/new/one.yaml", changed: true });
      expect(await fleet.open("new/one.yaml", "a")).toBe("1");
      expect(statSync(join(fleet.folder, "secrets/new/one.yaml")).mode & 0o777).toBe(0o644 & ~process.umask());
    }));

  test.each(["SIGKILL", "SIGTERM", "SIGHUP"] as const)("nothing stays behind of a process that %s ends", (signal) =>
    withFleet(async (fleet) => {
      await fleet.run(["seal", "ceph.sops.yaml#a"], { input: "canary" });
      const before = fleet.read("secrets/ceph.sops.yaml");
      const env = editor(
        fleet,
        `writeFileSync("open.json", JSON.stringify({ file, pid: process.pid }));\nawait new Promise((resolve) => setTimeout(resolve, 60_000));`,
      );
      const child = spawn(process.execPath, [HALITE, "secret", "edit", "ceph.sops.yaml"], {
        cwd: fleet.folder,
        env: { PATH: process.env["PATH"] ?? "", HOME: fleet.folder, ...env },
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => child.once("close", resolve));
      const opened = await appears(() => (existsSync(join(fleet.folder, "open.json")) ? fleet.read("open.json") : ""));
      const { file, pid } = JSON.parse(opened);
      expect(existsSync(file)).toBe(true);
      child.kill(signal);
      await ended;
      await appears(() => (existsSync(join(file, "..")) ? "" : "gone"));
      if (signal === "SIGKILL") process.kill(pid, "SIGKILL");
      expect(fleet.read("secrets/ceph.sops.yaml")).toBe(before);
    }),
  );
});

/** Asks until there is an answer, for two minutes at most. */
async function appears(ask: () => string): Promise<string> {
  for (let tries = 0; tries < 2400; tries++) {
    const answer = ask();
    if (answer !== "") return answer;
    await wait(50);
  }
  throw new Error("it did not come about within two minutes");
}
