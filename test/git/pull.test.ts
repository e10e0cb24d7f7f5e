import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  acceptedTree,
  acceptPull,
  parseRemote,
  pullTree,
  PublishedBranch,
  type PulledTree,
  type SigningKey,
  type TrustedSigners,
} from "../../src/git/index.ts";
import { bareRepository, gitIn } from "./fleet-repository.ts";

const WHO = { name: "Ada", email: "ada@example.com", date: "1700000000 +0000" };

let folder: string;
let bare: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "halite-pull-"));
  bare = bareRepository(join(folder, "remote.git"));
  gitIn(bare, "config", "uploadpack.allowFilter", "true");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Two zones; the other one's file is large. */
const tree = (value: string): Record<string, string> => ({
  "az1/c1/release.yaml": `value: ${value}\n`,
  "az1/c1/addon/a.yaml": "a\n",
  "az2/c2/release.yaml": `${value}\n${"x".repeat(100_000)}`,
});

async function publish(files: Record<string, string>, sign: SigningKey | null = null): Promise<string> {
  const branch = await PublishedBranch.open({ remote: parseRemote(`file://${bare}`, folder), branch: "addons", auth: {}, folder });
  try {
    const head = await branch.head();
    const changes = branch.changes(head, new Map(Object.entries(files)));
    const commit = { tree: new Map(Object.entries(files)), changes, message: "Change\n\nSource: abc\n", author: WHO, committer: WHO, sign };
    const made = await branch.commit(head, commit);
    expect(await branch.push(made, head?.commit ?? null)).toEqual({ kind: "pushed" });
    return made;
  } finally {
    branch.close();
  }
}

const pull = (az = "az1", trusted: TrustedSigners | null = null): Promise<PulledTree> =>
  pullTree({
    store: join(folder, "store.git"),
    remote: parseRemote(`file://${bare}`, folder),
    branch: "addons",
    az,
    auth: {},
    folder,
    trusted,
  });

const texts = (pulled: Pick<PulledTree, "files">): Record<string, string> =>
  Object.fromEntries([...pulled.files].map(([path, bytes]) => [path, bytes.toString("utf8")]));

describe("a zone pulls its part of the branch", () => {
  test("its files, the commit's trailers, and how the commit stands to the one accepted last", async () => {
    const first = await publish(tree("1"));
    const pulled = await pull();
    expect(pulled).toMatchObject({ commit: first, history: "first", previous: null, signature: null, committed: 1_700_000_000 });
    expect([...pulled.trailers]).toEqual([["Source", "abc"]]);
    expect(texts(pulled)).toEqual({ "c1/release.yaml": "value: 1\n", "c1/addon/a.yaml": "a\n" });
    expect(await pull()).toMatchObject({ history: "first" });
    await acceptPull(join(folder, "store.git"), first);
    expect(await pull()).toMatchObject({ history: "same", previous: first });
    await publish(tree("2"));
    const third = await publish(tree("3"));
    const later = await pull();
    expect(later).toMatchObject({ commit: third, history: "forward", previous: first });
    expect(texts(later)["c1/release.yaml"]).toBe("value: 3\n");
    const kept = await acceptedTree(join(folder, "store.git"), "az1");
    expect(kept?.commit).toBe(first);
    expect(kept?.files.get("c1/release.yaml")?.toString("utf8")).toBe("value: 1\n");
  });

  test("other zones' files are not transferred", async () => {
    const commit = await publish(tree("1"));
    await pull();
    const missing = gitIn(join(folder, "store.git"), "rev-list", "--objects", "--missing=print", commit);
    const other = gitIn(bare, "rev-parse", "addons:az2/c2/release.yaml").trim();
    expect(missing).toContain(`?${other}`);
    expect(missing.match(/^\?/gm)).toHaveLength(1);
  });

  test("a server that can't leave anything out is fine too", async () => {
    gitIn(bare, "config", "uploadpack.allowFilter", "false");
    await publish(tree("1"));
    expect(texts(await pull())).toEqual({ "c1/release.yaml": "value: 1\n", "c1/addon/a.yaml": "a\n" });
  });

  test("a branch that was forced is said to be rewritten", async () => {
    const first = await publish(tree("1"));
    await publish(tree("2"));
    await acceptPull(join(folder, "store.git"), (await pull()).commit);
    gitIn(bare, "update-ref", "refs/heads/addons", first);
    expect(await pull()).toMatchObject({ commit: first, history: "rewritten" });
  });

  test("a zone that is not in the tree has no files", async () => {
    await publish(tree("1"));
    expect((await pull("az9")).files.size).toBe(0);
  });

  test("no branch, no remote: findings", async () => {
    await expect(pull()).rejects.toMatchObject({ findings: [{ code: "git-no-branch" }] });
    rmSync(bare, { recursive: true });
    await expect(pull()).rejects.toMatchObject({ findings: [{ code: "git-failed" }] });
  });

  test("what git tidies up in the store is done when the pull is: nothing goes on in it behind one's back", async () => {
    const store = join(folder, "store.git");
    await publish(tree("1"));
    await acceptPull(store, (await pull()).commit);
    gitIn(store, "config", "gc.autoPackLimit", "1");
    for (const value of ["2", "3"]) {
      await publish(tree(value));
      await pull();
      expect(gitIn(store, "count-objects", "-v")).toMatch(/^packs: 1$/m);
      expect(existsSync(join(store, "gc.pid"))).toBe(false);
    }
  });

  test("a spoilt object is found, and what was accepted stays", async () => {
    const first = await publish(tree("1"));
    await acceptPull(join(folder, "store.git"), (await pull()).commit);
    await publish(tree("2"));
    for (const blob of ["addons:az1/c1/release.yaml"]) {
      const id = gitIn(bare, "rev-parse", blob).trim();
      const path = join(bare, "objects", id.slice(0, 2), id.slice(2));
      expect(existsSync(path)).toBe(true);
      chmodSync(path, 0o644);
      writeFileSync(
        path,
        readFileSync(path).map((byte, index) => (index > 8 ? byte ^ 0x55 : byte)),
      );
    }
    await expect(pull()).rejects.toThrow();
    expect((await acceptedTree(join(folder, "store.git"), "az1"))?.commit).toBe(first);
  });

  test("a remote that never answers ends with the time that was given", async () => {
    const remote = parseRemote("ext::sleep 600", folder);
    const env = process.env["GIT_ALLOW_PROTOCOL"];
    process.env["GIT_ALLOW_PROTOCOL"] = "ext";
    try {
      const setting = {
        store: join(folder, "store.git"),
        remote,
        branch: "addons",
        az: "az1",
        auth: {},
        folder,
        trusted: null,
        timeout: 300,
      };
      await expect(pullTree(setting)).rejects.toMatchObject({ findings: [{ code: "git-timeout" }] });
    } finally {
      if (env === undefined) delete process.env["GIT_ALLOW_PROTOCOL"];
      else process.env["GIT_ALLOW_PROTOCOL"] = env;
    }
  });
});

/** Makes a key pair for ssh and gives its path. */
function sshKey(name: string): string {
  const path = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path]);
  return path;
}

describe("signatures of ssh keys", () => {
  const trust = (...keys: string[]): TrustedSigners => {
    const path = join(folder, "allowed_signers");
    writeFileSync(path, keys.map((key) => `ci@example.com ${readFileSync(`${key}.pub`, "utf8")}`).join(""));
    return { format: "ssh", allowedSigners: path };
  };

  test("a commit by a trusted key is good, and says whose it is", async () => {
    const key = sshKey("ci");
    const commit = await publish(tree("1"), { format: "ssh", key });
    expect(gitIn(bare, "cat-file", "commit", commit)).toContain("gpgsig -----BEGIN SSH SIGNATURE-----");
    expect((await pull("az1", trust(key))).signature).toMatchObject({
      state: "good",
      format: "ssh",
      signer: "ci@example.com",
      key: expect.stringMatching(/^SHA256:/) as string,
    });
  });

  test("by another key, by nobody, and with a changed message: not good", async () => {
    const [key, other] = [sshKey("ci"), sshKey("other")];
    const commit = await publish(tree("1"), { format: "ssh", key });
    expect((await pull("az1", trust(other))).signature).toMatchObject({
      state: "refused",
      reason: "the signature is by a key that is not among the trusted ones",
    });
    const forged = gitIn(bare, "cat-file", "commit", commit).replace("Source: abc", "Source: def");
    writeFileSync(join(folder, "forged"), forged);
    gitIn(bare, "update-ref", "refs/heads/addons", gitIn(bare, "hash-object", "-t", "commit", "-w", join(folder, "forged")).trim());
    expect((await pull("az1", trust(key))).signature).toMatchObject({
      state: "refused",
      reason: "the signature is bad: the commit is not what was signed",
    });
    await publish(tree("2"));
    expect((await pull("az1", trust(key))).signature).toEqual({ state: "unsigned" });
  });

  test("a key that is not there: nothing is published", async () => {
    await expect(publish(tree("1"), { format: "ssh", key: "nowhere" })).rejects.toMatchObject({ findings: [{ code: "git-sign" }] });
    expect(gitIn(bare, "for-each-ref")).toBe("");
  });
});

describe("signatures of OpenPGP keys", () => {
  /** gpg's socket needs a short path. */
  let home: string;
  let before: string | undefined;
  beforeEach(() => {
    home = mkdtempSync("/tmp/gpg-");
    before = process.env["GNUPGHOME"];
    process.env["GNUPGHOME"] = home;
  });
  afterEach(() => {
    execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
    if (before === undefined) delete process.env["GNUPGHOME"];
    else process.env["GNUPGHOME"] = before;
    rmSync(home, { recursive: true, force: true });
  });
  const gpg = (...args: string[]): string => execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", ...args], { encoding: "utf8" });
  const newKey = (who: string): string => {
    gpg("--passphrase", "", "--quick-generate-key", who, "ed25519", "sign", "never");
    return /^fpr:+([0-9A-F]+):/m.exec(gpg("--list-keys", "--with-colons", who))?.[1] ?? "";
  };

  test("a commit by a key of the keyring is good; of another keyring not", async () => {
    const [key, other] = [newKey("CI <ci@example.com>"), newKey("Other <other@example.com>")];
    const keyring = (name: string): TrustedSigners => {
      const path = join(folder, `${name}.asc`);
      writeFileSync(path, gpg("--armor", "--export", name));
      return { format: "openpgp", keyring: path };
    };
    await publish(tree("1"), { format: "openpgp", key });
    expect((await pull("az1", keyring(key))).signature).toEqual({
      state: "good",
      format: "openpgp",
      signer: "CI <ci@example.com>",
      key,
    });
    // As a folder, too.
    mkdirSync(join(folder, "home"), { mode: 0o700 });
    for (const name of readdirSync(home).filter((each) => /^pubring|^trustdb/.test(each)))
      cpSync(join(home, name), join(folder, "home", name));
    expect((await pull("az1", { format: "openpgp", keyring: join(folder, "home") })).signature).toMatchObject({ state: "good", key });
    expect((await pull("az1", keyring(other))).signature).toMatchObject({ state: "refused" });
    await expect(pull("az1", { format: "openpgp", keyring: join(folder, "nowhere") })).rejects.toMatchObject({
      findings: [{ code: "git-keyring" }],
    });
  });

  test("a key that gpg does not have: nothing is published", async () => {
    await expect(publish(tree("1"), { format: "openpgp", key: "0123456789ABCDEF" })).rejects.toMatchObject({
      findings: [{ code: "git-sign" }],
    });
  });
});
