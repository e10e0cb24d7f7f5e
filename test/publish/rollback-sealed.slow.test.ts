import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { build } from "../../scripts/build.mjs";
import { revealObject, type KubernetesObject } from "../../src/sealed/index.ts";
import { AgeIdentities, SopsSource } from "../../src/unseal/index.ts";
import { HALITE, inTemporaryFolder } from "../cli/halite.ts";
import { bareRepository, FleetRepository, gitIn, state } from "../git/fleet-repository.ts";
import { PGP } from "../sealed/sealed-fleet.ts";

beforeAll(async () => {
  await build();
});

interface Sealed {
  readonly fleet: FleetRepository;
  /** Seals a value of secrets/FILE. */
  readonly seal: (target: string, value: string) => Promise<void>;
  /** Commits and publishes, and gives the published commit. */
  readonly publish: (message: string) => Promise<string>;
  readonly at: (...args: string[]) => string;
  /** What the Secret of an addon of az1-a comes to when it is applied from the branch as it is. */
  readonly applied: (addon: string) => Promise<Record<string, string>>;
}

const secretOf = (name: string, entries: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: default}\nstringData:\n${entries}`;

/** A fleet whose addons `ceph` and `other` each hold a Secret. */
async function inSealed(run: (sealed: Sealed) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const bare = bareRepository(join(folder, "remote.git"));
    const fleet = new FleetRepository(join(folder, "fleet"), `{remote: 'file://${bare}'}`);
    const own = await generateX25519Identity();
    fleet.write("keys.txt", `${own}\n`);
    fleet.write(
      "halite.yaml",
      `${fleet.read("halite.yaml")}sealed: {age: {recipients: [${await identityToRecipient(own)}], identities: [keys.txt]}}\n`,
    );
    fleet.write(".gitignore", ".halite/\nout/\nkeys.txt\n");
    fleet.write("states/top.sls", "base:\n  '*': [map, ceph, other]\n");
    fleet.write("states/ceph.sls", state("ceph", "ceph.yaml"));
    fleet.write("states/other.sls", state("other", "other.yaml"));
    fleet.write("states/ceph.yaml", secretOf("ceph", "  key: '?{sops:a.yaml#ceph}'\n"));
    fleet.write("states/other.yaml", secretOf("other", "  key: '?{sops:a.yaml#other}'\n"));
    const at = (...args: string[]): string => gitIn(bare, ...args).trim();
    await run({
      fleet,
      at,
      seal: async (target, value) => {
        const child = spawn(process.execPath, [HALITE, "secret", "seal", target], {
          cwd: fleet.folder,
          env: { PATH: process.env["PATH"] ?? "", HOME: fleet.folder },
          stdio: ["pipe", "ignore", "inherit"],
        });
        child.stdin.end(value);
        expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
      },
      publish: async (message) => {
        fleet.commit(message);
        expect(await fleet.run(["publish"])).toMatchObject({ status: 0, stderr: "" });
        return at("rev-parse", "addons");
      },
      applied: async (addon) => {
        const read = async (path: string): Promise<string> => `${at("show", `addons:az1/az1-a/.sealed/sops/${path}`)}\n`;
        const age = await AgeIdentities.parse([{ name: "k", text: own }]);
        const sops = new SopsSource(read, { age, gpg: undefined });
        const [document] = parseAllDocuments(at("show", `addons:az1/az1-a/${addon}/${addon}.yaml`));
        const object = document?.toJS() as KubernetesObject;
        const body = JSON.parse(Buffer.from((await revealObject(object, [sops])).body()).toString());
        return Object.fromEntries(
          Object.entries(body.data as Record<string, string>).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
        );
      },
    });
  });
}

/** What a compile of the work tree writes for az1-a, as a tree of git. */
async function compiledTree(fleet: FleetRepository): Promise<string> {
  expect(await fleet.run(["render", "--clusters", "az1-a"])).toMatchObject({ status: 0 });
  const folder = mkdtempSync(join(fleet.folder, ".halite/tree-"));
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", ["--git-dir", join(folder, "g"), "--work-tree", join(fleet.folder, "out/az1/az1-a"), ...args], {
        encoding: "utf8",
      });
    execFileSync("git", ["init", "-q", "--bare", join(folder, "g")]);
    git("add", "-A", "-f", ".");
    return git("write-tree").trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const rollback = (sealed: Sealed, to: string, ...addons: string[]): ReturnType<FleetRepository["run"]> =>
  sealed.fleet.run(["rollback", "--to", to, "--max-deletion", "100", ...addons.flatMap((addon) => ["--addon", addon])]);

describe("halite rollback --addon of addons with sealed values", { timeout: 300_000 }, () => {
  test("the file of then comes back where the addon alone uses it, and opens to the value of then", () =>
    inSealed(async (sealed) => {
      const { fleet, seal, publish, at, applied } = sealed;
      fleet.write("states/other.yaml", secretOf("other", "  key: '?{sops:b.yaml#other}'\n"));
      await seal("a.yaml#ceph", "ceph one");
      await seal("b.yaml#other", "other one");
      const first = await publish("one");
      await seal("a.yaml#ceph", "ceph two");
      await seal("b.yaml#other", "other two");
      fleet.write("pillar/p.sls", "value: two\n");
      const second = await publish("two");
      expect(await applied("ceph")).toEqual({ key: "ceph two" });
      expect(await rollback(sealed, first, "ceph")).toMatchObject({ status: 0, stderr: "" });
      expect(await applied("ceph")).toEqual({ key: "ceph one" });
      expect(await applied("other")).toEqual({ key: "other two" });
      // As a compile of such a source would have it, byte for byte.
      fleet.git("checkout", "-q", "HEAD~1", "--", "secrets/a.yaml");
      expect(at("rev-parse", "addons:az1/az1-a")).toBe(await compiledTree(fleet));
      expect(await rollback(sealed, second, "ceph")).toMatchObject({ status: 0 });
      expect(at("rev-parse", "addons^{tree}")).toBe(at("rev-parse", `${second}^{tree}`));
    }));

  test("the file of now stays where it holds the values of then: what others changed in it is kept", () =>
    inSealed(async (sealed) => {
      const { fleet, seal, publish, at, applied } = sealed;
      await seal("a.yaml#ceph", "ceph one");
      await seal("a.yaml#other", "other one");
      const first = await publish("one");
      await seal("a.yaml#other", "other two");
      fleet.write("states/ceph.yaml", secretOf("ceph", "  key: '?{sops:a.yaml#ceph}'\n  more: '?{sops:a.yaml#other}'\n"));
      await publish("two");
      expect(await rollback(sealed, first, "ceph")).toMatchObject({ status: 0, stderr: "" });
      expect([await applied("ceph"), await applied("other")]).toEqual([{ key: "ceph one" }, { key: "other two" }]);
      fleet.write("states/ceph.yaml", secretOf("ceph", "  key: '?{sops:a.yaml#ceph}'\n"));
      expect(at("rev-parse", "addons:az1/az1-a")).toBe(await compiledTree(fleet));
    }));

  test("refused where another addon wants another value of the file; together they go back", () =>
    inSealed(async (sealed) => {
      const { seal, publish, at, applied } = sealed;
      await seal("a.yaml#ceph", "ceph one");
      await seal("a.yaml#other", "other one");
      const first = await publish("one");
      await seal("a.yaml#ceph", "ceph two");
      await seal("a.yaml#other", "other two");
      const second = await publish("two");
      const refused = await rollback(sealed, first, "ceph");
      expect(refused).toMatchObject({ status: 1, stdout: "" });
      await expect(refused.stderr).toMatchFileSnapshot("golden/rollback-sealed.txt");
      expect(at("rev-parse", "addons")).toBe(second);
      expect(await rollback(sealed, first, "ceph", "other")).toMatchObject({ status: 0 });
      expect([await applied("ceph"), await applied("other")]).toEqual([{ key: "ceph one" }, { key: "other one" }]);
      expect(at("rev-parse", "addons^{tree}")).toBe(at("rev-parse", `${first}^{tree}`));
    }));

  test("an addon that was taken out comes back with its file and its PGP message; one that is taken out leaves none behind", () =>
    inSealed(async (sealed) => {
      const { fleet, seal, publish, at } = sealed;
      await seal("a.yaml#other", "other one");
      await seal("b.yaml#ceph", "ceph one");
      fleet.write("pillar/p.sls", `#!jinja|yaml|gpg\nvalue: one\nold: |\n  ${PGP.replaceAll("\n", "\n  ")}\n`);
      fleet.write("states/ceph.yaml", secretOf("ceph", "  key: '?{sops:b.yaml#ceph}'\n  old: {{ pillar.old | json }}\n"));
      const first = await publish("one");
      const sealedFiles = (): string[] => at("ls-tree", "-r", "--name-only", "addons:az1/az1-a/.sealed").split("\n");
      expect(sealedFiles()).toEqual([expect.stringMatching(/^pgp\/[0-9a-f]{64}\.asc$/), "sops/a.yaml", "sops/b.yaml"]);
      fleet.write("states/top.sls", "base:\n  '*': [map, other]\n");
      fleet.commit("two");
      expect(await fleet.run(["publish", "--max-deletion", "100"])).toMatchObject({ status: 0 });
      const second = at("rev-parse", "addons");
      expect(sealedFiles()).toEqual(["sops/a.yaml"]);
      expect(await rollback(sealed, first, "ceph")).toMatchObject({ status: 0, stderr: "" });
      expect(at("rev-parse", "addons^{tree}")).toBe(at("rev-parse", `${first}^{tree}`));
      expect(await rollback(sealed, second, "ceph")).toMatchObject({ status: 0, stderr: "" });
      expect(at("rev-parse", "addons^{tree}")).toBe(at("rev-parse", `${second}^{tree}`));
    }));
});
