import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { HALITE, PROJECT } from "../cli/halite.ts";
import { FleetRepository, gitIn } from "../git/fleet-repository.ts";
import { haveHttp, startHttp, type GitServer } from "../git/http-server.ts";
import { runReal, type RealRun } from "../real/run.ts";

describe.skipIf(!haveHttp)("the pre-receive hook, in a real repository behind a real server", () => {
  let folder: string;
  let server: GitServer;
  let bare: string;
  let count = 0;
  let developer: FleetRepository;
  beforeAll(async () => {
    await build();
    folder = mkdtempSync(join(tmpdir(), "halite-hook-"));
    server = await startHttp(join(folder, "server"), ["ada:push"]);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    count += 1;
    bare = server.add(`fleet-${count}.git`);
    copyFileSync(join(PROJECT, "ci/pre-receive"), join(bare, "hooks/pre-receive"));
    chmodSync(join(bare, "hooks/pre-receive"), 0o755);
    gitIn(bare, "config", "halite.command", HALITE);
    developer = new FleetRepository(join(folder, `developer-${count}`), "{remote: .halite/addons.git}");
    developer.commit("Fleet");
  });
  afterEach(() => rmSync(developer.folder, { recursive: true, force: true }));

  const push = (...refs: string[]): Promise<RealRun> =>
    runReal("git", ["push", "--quiet", `http://ada:push@127.0.0.1:${server.port}/fleet-${count}.git`, ...refs], { cwd: developer.folder });
  const heads = (): string => gitIn(bare, "for-each-ref", "--format=%(refname:short)").trim();
  /** What is said to whoever pushes, without what comes before the text. */
  const said = (run: RealRun): string => run.stderr.replaceAll(/^remote: ?/gm, "").replaceAll(/ +$/gm, "");

  test("what compiles is taken", async () => {
    expect(await push("HEAD:main")).toMatchObject({ status: 0, stderr: "" });
    developer.commitValue("two");
    expect(await push("HEAD:main")).toMatchObject({ status: 0 });
    expect(await push("HEAD:refs/heads/other", "HEAD:refs/tags/v1")).toMatchObject({ status: 0 });
    expect(await push(":other")).toMatchObject({ status: 0 });
    expect(heads()).toBe("main\nv1");
  });

  test("what does not compile is refused, with the findings, and nothing of the push is taken", async () => {
    await push("HEAD:main");
    const before = gitIn(bare, "rev-parse", "main");
    developer.edit("states/class.yaml", "provisioner:", "provisioned:");
    developer.commit("Typo");
    const run = await push("HEAD:main", "HEAD:refs/tags/v1");
    expect(run.status).toBe(1);
    expect(said(run)).toContain("halite: main does not compile:\n");
    expect(said(run)).toContain("printed by states/class.yaml:5:1\n");
    expect(said(run)).toContain("did you mean provisioner?\n");
    expect(said(run)).toContain("halite: nothing was taken; mend it and push again\n");
    expect(said(run)).not.toContain(tmpdir());
    expect(gitIn(bare, "rev-parse", "main")).toBe(before);
    expect(heads()).toBe("main");
    expect(gitIn(bare, "fsck", "--strict")).toBe("");
  });

  test("branches that no pattern names may be anything; patterns may name more", async () => {
    developer.edit("states/class.yaml", "provisioner:", "provisioned:");
    developer.commit("Typo");
    expect(await push("HEAD:refs/heads/draft/one")).toMatchObject({ status: 0 });
    gitIn(bare, "config", "halite.branches", "main draft/*");
    developer.commit("Again");
    const run = await push("HEAD:refs/heads/draft/one");
    expect(run.status).toBe(1);
    expect(said(run)).toContain("halite: draft/one does not compile:\n");
  });

  test("a tree without a config is refused; one elsewhere can be named", async () => {
    developer.git("mv", "halite.yaml", "fleet.yaml");
    developer.commit("Another name");
    expect(said(await push("HEAD:main"))).toContain("halite: main has no halite.yaml, so it is no fleet that could be compiled\n");
    gitIn(bare, "config", "halite.config", "fleet.yaml");
    expect(await push("HEAD:main")).toMatchObject({ status: 0 });
  });

  test.each<[string, (fleet: FleetRepository, secret: string) => void, string]>([
    [
      "a root outside the tree",
      (fleet, secret) => fleet.write("halite.yaml", `kubernetes: "1.36"\nfile_roots: {base: [states, ${secret}]}\n`),
      "is outside the fleet's folder",
    ],
    [
      "a roster outside the tree",
      (fleet, secret) => fleet.write("halite.yaml", `kubernetes: "1.36"\nroster: ${secret}/secret.yaml\n`),
      "is outside the fleet's folder",
    ],
    [
      "a link that leads outside the tree",
      (fleet, secret) => {
        fleet.remove("states/class.yaml");
        symlinkSync(join(secret, "secret.yaml"), join(fleet.folder, "states/class.yaml"));
      },
      "halite: main does not compile:",
    ],
    [
      "a folder that is a link",
      (fleet, secret) => {
        symlinkSync(secret, join(fleet.folder, "states/linked"));
        fleet.edit("states/classes.sls", "salt://class.yaml", "salt://linked/secret.yaml");
      },
      "halite: main does not compile:",
    ],
  ])("whoever pushes reads nothing of the server: %s", async (_name, prepare, message) => {
    const secret = join(folder, `secret-${count}`);
    developer.write(`../secret-${count}/secret.yaml`, "the-server's-secret: [\n");
    prepare(developer, secret);
    developer.commit("Curious");
    const run = await push("HEAD:main");
    expect(run.status).toBe(1);
    expect(said(run)).toContain(message);
    expect(said(run)).not.toContain("the-server's-secret");
  });

  test("a program that is not there, and one that takes too long: refused, and said to be the server's matter", async () => {
    gitIn(bare, "config", "halite.command", "/nonexistent/halite");
    expect(said(await push("HEAD:main"))).toContain(
      "halite: main could not be checked (status 127); the server's administrators can tell why\n",
    );
    const slow = join(folder, "slow");
    writeFileSync(slow, "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
    gitIn(bare, "config", "halite.command", slow);
    gitIn(bare, "config", "halite.timeout", "1");
    expect(said(await push("HEAD:main"))).toContain("halite: the check of main took more than 1 seconds\n");
    expect(heads()).toBe("");
  });

  test("it leaves nothing behind", async () => {
    const [noting, noted] = [join(folder, "noting"), join(folder, "noted")];
    writeFileSync(noting, `#!/bin/sh\npwd >>'${noted}'\nexec ${HALITE} "$@"\n`, { mode: 0o755 });
    gitIn(bare, "config", "halite.command", noting);
    await push("HEAD:main");
    developer.edit("states/class.yaml", "provisioner:", "provisioned:");
    developer.commit("Typo");
    await push("HEAD:main");
    const places = readFileSync(noted, "utf8").trim().split("\n");
    expect(places).toEqual([expect.stringContaining(server.temporary), expect.stringContaining(server.temporary)]);
    expect(readdirSync(server.temporary)).toEqual([]);
  });
});
