import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { HALITE, inTemporaryFolder, type Run } from "../cli/halite.ts";
import { gitIn } from "../git/fleet-repository.ts";
import { CanarySearch, leaksText, plantCanaries, ProcessWatch, type Leak } from "./canary-search.ts";

const canaries = plantCanaries("standard input", "second value", "editor");
const search = new CanarySearch(Object.values(canaries));

beforeAll(async () => {
  await build();
});

/** Runs the command line with something on its standard input. */
function haliteWith(input: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Run> {
  const child = spawn(process.execPath, [HALITE, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  // A command that is refused does not read it.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}

describe("no canary of what halite secret seals is to be found", { timeout: 600_000 }, () => {
  test("in the tree, in git, in what is printed, in processes", async () => {
    await inTemporaryFolder(async (top) => {
      const folder = join(top, "fleet");
      const identity = await generateX25519Identity();
      const files: Readonly<Record<string, string>> = {
        "keys/age.txt": `${identity}\n`,
        // Opens what it is given, and writes the canary in.
        "keys/editor": `#!/bin/sh\nIFS= read -r value < ${top}/keys/value\nprintf 'rbd:\\n    userKey: %s\\n' "$value" > "$1"\n`,
        "keys/value": `${canaries.editor.value}\n`,
        "fleet/halite.yaml": `roster: roster.yaml\nkubernetes: "1.36"\nsealed:\n  age: {recipients: [${await identityToRecipient(identity)}]}\n`,
        "fleet/roster.yaml": "c1: {minion_opts: {grains: {az: a}}}\n",
        "fleet/pillar/top.sls": "base:\n  '*': [p]\n",
        "fleet/pillar/p.sls": "key: '?{sops:ceph.sops.yaml#rbd/userKey}'\n",
        "fleet/states/top.sls": "base:\n  '*': [s]\n",
        "fleet/states/s.sls":
          "/etc/kubernetes/addons/s/s.yaml:\n  file.managed:\n    - makedirs: True\n    - contents: |\n        apiVersion: v1\n        kind: Secret\n        metadata: {name: s, namespace: default}\n        stringData: {key: '{{ pillar.key }}'}\n",
      };
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(top, path)), { recursive: true });
        writeFileSync(join(top, path), text, { mode: path === "keys/editor" ? 0o700 : 0o600 });
      }
      gitIn(folder, "init", "-q", "-b", "main");
      const env = { SOPS_AGE_KEY_FILE: join(top, "keys/age.txt"), EDITOR: join(top, "keys/editor"), VISUAL: join(top, "keys/editor") };
      const target = "ceph.sops.yaml#rbd/userKey";
      const watch = new ProcessWatch(search);
      const leaks: Leak[] = [];
      const said: string[] = [];
      const statuses: string[] = [];
      const step = async (args: readonly string[], input = ""): Promise<void> => {
        const done = await haliteWith(input, args, folder, env);
        statuses.push(`${args.join(" ")}: ${done.status}`);
        said.push(done.stdout, done.stderr);
        leaks.push(
          ...search.text(`standard output of ${args.join(" ")}`, done.stdout),
          ...search.text(`standard error of ${args.join(" ")}`, done.stderr),
        );
        gitIn(folder, "add", "-A");
        gitIn(folder, "commit", "-q", "--allow-empty", "-m", args.join(" "));
      };
      await step(["secret", "seal", target], canaries["standard input"].value);
      await step(["render"]);
      await step(["secret", "verify"]);
      await step(["secret", "seal", target, "--json"], canaries["second value"].value);
      await step(["secret", "list", "--json"]);
      await step(["secret", "rotate", "--new-data-key"]);
      await step(["secret", "edit", "ceph.sops.yaml"]);
      await step(["secret", "verify", "--json"]);
      // What can't be: no such place, no recipient.
      await step(["secret", "seal", "ceph.sops.yaml#rbd"], canaries["second value"].value);
      await step(["secret", "seal", "vault:x"], canaries["second value"].value);
      await step(["secret", "seal", "../outside.yaml#x"], canaries["second value"].value);
      await step(["render", "--json"]);
      await step(["publish"]);
      leaks.push(...watch.end());
      expect(statuses.filter((each) => !each.endsWith(": 0"))).toEqual([
        "secret seal ceph.sops.yaml#rbd: 1",
        expect.stringMatching(/^secret seal vault:x: [12]$/),
        expect.stringMatching(/^secret seal \.\.\/outside\.yaml#x: [12]$/),
      ]);
      expect(said.join("")).toContain("?{sops:ceph.sops.yaml#rbd/userKey");
      expect(leaksText(leaks)).toBe("");
      expect(leaksText(search.folder(folder))).toBe("");
      for (const repository of [".git", ".halite/addons.git"])
        expect(leaksText(await search.repository(join(folder, repository)))).toBe("");
    });
  });
});
