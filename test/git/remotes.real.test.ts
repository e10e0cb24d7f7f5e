import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { acceptPull, parseRemote, pullTree } from "../../src/git/index.ts";
import { HALITE } from "../cli/halite.ts";
import { FleetRepository, gitIn } from "./fleet-repository.ts";
import { haveHttp, startHttp, type GitServer } from "./http-server.ts";
import { haveSsh, startSsh, type SshServer } from "./ssh-server.ts";

const TOKEN = "tok3n+Very/Secret=";
const READER = "r3ad-0nly";
/** The token as it is, in base64 as http has it, and in a URL. */
const FORMS = [TOKEN, Buffer.from(`halite:${TOKEN}`).toString("base64"), encodeURIComponent(TOKEN)];

let folder: string;
beforeAll(async () => {
  await build();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "halite-remotes-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** All files below a folder, one after another. */
function bytesBelow(top: string): string {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}

describe.skipIf(!haveHttp)("over smart HTTP, with real git-http-backend behind lighttpd", () => {
  let server: GitServer;
  let serverFolder: string;
  let bare: string;
  let count = 0;
  beforeAll(async () => {
    serverFolder = mkdtempSync(join(tmpdir(), "halite-http-"));
    server = await startHttp(serverFolder, [`halite:${TOKEN}`, `reader:${READER}`]);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(serverFolder, { recursive: true, force: true });
  });
  beforeEach(() => {
    count += 1;
    bare = server.add(`out-${count}.git`);
  });
  const url = (): string => `http://127.0.0.1:${server.port}/out-${count}.git`;
  const fleetWith = (auth: string): FleetRepository => {
    const fleet = new FleetRepository(join(folder, "fleet"), `{remote: '${url()}'${auth === "" ? "" : `, auth: ${auth}`}}`);
    fleet.commit("Fleet");
    return fleet;
  };

  test.each([
    ["a token from a variable", "{tokenEnv: PUBLISH_TOKEN, username: halite}", { PUBLISH_TOKEN: TOKEN }],
    ["a token from a file", "{tokenFile: ../token, username: halite}", {}],
  ])("%s publishes, and stands nowhere", async (_name, auth, env: Record<string, string>) => {
    writeFileSync(join(folder, "token"), `${TOKEN}\n`, { mode: 0o600 });
    const fleet = fleetWith(auth);
    const trace = join(folder, "trace");
    const run = await fleet.run(["publish"], { ...env, GIT_TRACE: trace, GIT_TRACE_CURL: trace, GIT_TRACE_SETUP: trace });
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(gitIn(bare, "log", "--format=%s", "addons").trim()).toBe("Fleet");
    const everywhere = `${run.stdout}${readFileSync(trace, "latin1")}${bytesBelow(fleet.folder)}${bytesBelow(bare)}`;
    expect(everywhere).toContain("Authorization: Basic <redacted>");
    for (const form of FORMS) expect(everywhere).not.toContain(form);
  });

  test("while git runs the token is in no argument, and in no process's environment", async () => {
    writeFileSync(join(folder, "token"), TOKEN);
    const fleet = fleetWith("{tokenFile: ../token, username: halite}");
    // The hook runs while git push waits. It looks at the processes that work below the fleet's folder, which are those of the publish.
    writeFileSync(
      join(bare, "hooks/pre-receive"),
      `#!/bin/sh
for process in /proc/[0-9]*; do
  case "$(readlink "$process/cwd")" in '${fleet.folder}'*) cat "$process/cmdline" "$process/environ" | tr '\\0' ' '; echo ;; esac
done > '${folder}/processes' 2>/dev/null
`,
    );
    chmodSync(join(bare, "hooks/pre-receive"), 0o755);
    expect(await fleet.run(["publish"])).toMatchObject({ status: 0 });
    const processes = readFileSync(join(folder, "processes"), "latin1");
    expect(processes).toMatch(/git push --porcelain/);
    expect(processes).toMatch(/halite\.mjs publish/);
    expect(processes).toContain("HALITE_GIT_TOKEN_FILE=");
    for (const form of FORMS) expect(processes).not.toContain(form);
  });

  test("git's own credential helper works too", async () => {
    const fleet = fleetWith("");
    fleet.git("config", "credential.helper", `store --file=${join(folder, "credentials")}`);
    writeFileSync(join(folder, "credentials"), `http://halite:${encodeURIComponent(TOKEN)}@127.0.0.1:${server.port}\n`);
    const run = await fleet.run(["publish"], {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "credential.helper",
      GIT_CONFIG_VALUE_0: `store --file=${join(folder, "credentials")}`,
    });
    expect(run).toMatchObject({ status: 0, stderr: "" });
  });

  test.each([
    ["a wrong token", "{tokenEnv: T, username: halite}", { T: "wr0ng-tok3n" }],
    ["no token", "", {}],
  ])("%s: a finding, exit 3, and the token is not in it", async (name, auth, env: Record<string, string>) => {
    const fleet = fleetWith(auth);
    const run = await fleet.run(["publish"], env);
    expect(run).toMatchObject({ status: 3, stdout: "" });
    expect(run.stderr).not.toContain("wr0ng");
    await expect(run.stderr.replaceAll(String(server.port), "PORT").replaceAll(/out-\d+/g, "out")).toMatchFileSnapshot(
      `golden/${name.replaceAll(" ", "-")}.txt`,
    );
  });

  test("a user that may read and not push is told by the remote's own words", async () => {
    const fleet = fleetWith("{tokenEnv: T, username: reader}");
    writeFileSync(
      join(bare, "hooks/pre-receive"),
      `#!/bin/sh\n[ "$REMOTE_USER" = halite ] || { printf '\\033]0;title\\007GL-HOOK-ERR: %s may not push (token ${TOKEN})\\n' "$REMOTE_USER" >&2; exit 1; }\n`,
    );
    chmodSync(join(bare, "hooks/pre-receive"), 0o755);
    const run = await fleet.run(["publish"], { T: READER });
    expect(run).toMatchObject({ status: 1, stdout: "" });
    expect(run.stderr).not.toMatch(/[\u001b\u0007]/);
    expect(run.stderr).toContain("GL-HOOK-ERR: reader may not push");
  });

  test("a branch that the remote hides from those who push", async () => {
    const fleet = fleetWith("{tokenEnv: T, username: halite}");
    expect(await fleet.run(["publish"], { T: TOKEN })).toMatchObject({ status: 0 });
    gitIn(bare, "config", "receive.hideRefs", "refs/heads/addons");
    fleet.commitValue("two");
    const run = await fleet.run(["publish"], { T: TOKEN });
    expect(run).toMatchObject({ status: 1, stdout: "" });
    expect(run.stderr).toMatch(/does not let branch addons be moved from [0-9a-f]{12}, where it shows it/);
  });

  test("a zone pulls its part, with its own token", async () => {
    const fleet = fleetWith("{tokenEnv: T, username: halite}");
    expect(await fleet.run(["publish"], { T: TOKEN })).toMatchObject({ status: 0 });
    writeFileSync(join(folder, "reader"), READER);
    const setting = {
      store: join(folder, "store.git"),
      remote: parseRemote(url(), folder),
      branch: "addons",
      az: "az1",
      auth: { token: { file: "reader" }, username: "reader" },
      folder,
      trusted: null,
    };
    const pulled = await pullTree(setting);
    expect([...pulled.files.keys()].filter((path) => path.endsWith("release.yaml"))).toEqual(["az1-a/release.yaml", "az1-b/release.yaml"]);
    expect(gitIn(setting.store, "rev-list", "--objects", "--missing=print", pulled.commit).match(/^\?/gm)).not.toBeNull();
    await acceptPull(setting.store, pulled.commit);
    fleet.commitValue("two");
    await fleet.run(["publish"], { T: TOKEN });
    expect(await pullTree(setting)).toMatchObject({ history: "forward" });
  });

  test("Ctrl-C while the remote is slow: halite and git end at once, nothing is published", async () => {
    const fleet = fleetWith("{tokenEnv: T, username: halite}");
    writeFileSync(join(bare, "hooks/pre-receive"), `#!/bin/sh\necho $$ > '${folder}/in-hook'\nexec sleep 600\n`);
    chmodSync(join(bare, "hooks/pre-receive"), 0o755);
    const child = spawn(process.execPath, [HALITE, "publish"], {
      cwd: fleet.folder,
      env: { PATH: process.env["PATH"], HOME: folder, T: TOKEN },
      stdio: "ignore",
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
    // The shell makes the file before it writes the number into it.
    const hook = await until(() => Number(/^(\d+)\n$/.exec(readFileSync(join(folder, "in-hook"), "utf8"))?.[1] ?? Number.NaN));
    child.kill("SIGINT");
    expect(await ended).toBe("SIGINT");
    process.kill(hook, "SIGKILL");
    expect(gitIn(bare, "for-each-ref").trim()).toBe("");
    // What the run left is taken away by the next.
    rmSync(join(bare, "hooks/pre-receive"));
    expect(await fleet.run(["publish"], { T: TOKEN })).toMatchObject({ status: 0 });
    expect(readdirSync(join(fleet.folder, ".halite/publish.git/halite-runs"))).toEqual([]);
  });
});

/** What a look gives as soon as it neither throws nor is no number. */
async function until(look: () => number): Promise<number> {
  for (;;) {
    try {
      const found = look();
      if (!Number.isNaN(found)) return found;
    } catch {
      // It is not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(!haveSsh)("over ssh, with a real sshd", () => {
  let server: SshServer;
  let serverFolder: string;
  beforeAll(async () => {
    serverFolder = mkdtempSync(join(tmpdir(), "halite-ssh-"));
    server = await startSsh(serverFolder);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(serverFolder, { recursive: true, force: true });
  });
  const fleetWith = (auth: string): { fleet: FleetRepository; bare: string } => {
    const bare = join(folder, "remote.git");
    gitIn(folder, "init", "--quiet", "--bare", "remote.git");
    const remote = `ssh://${server.user}@127.0.0.1:${server.port}${bare}`;
    const fleet = new FleetRepository(join(folder, "fleet"), `{remote: '${remote}', auth: ${auth}}`);
    fleet.commit("Fleet");
    return { fleet, bare };
  };

  test("the config's key and host key", async () => {
    const { fleet, bare } = fleetWith(`{sshKey: '${server.key}', knownHosts: '${server.knownHosts}'}`);
    expect(await fleet.run(["publish"])).toMatchObject({ status: 0, stderr: "" });
    expect(gitIn(bare, "log", "--format=%s", "addons").trim()).toBe("Fleet");
    fleet.commitValue("two");
    expect(await fleet.run(["publish"])).toMatchObject({ status: 0, stderr: "" });
  });

  test("the user's own command", async () => {
    const { fleet } = fleetWith("{}");
    const command = `ssh -i ${server.key} -o UserKnownHostsFile=${server.knownHosts} -o IdentitiesOnly=yes`;
    expect(await fleet.run(["publish"], { GIT_SSH_COMMAND: command })).toMatchObject({ status: 0, stderr: "" });
  });

  test("a key that may not log in", async () => {
    const { fleet } = fleetWith(`{sshKey: '${server.strangerKey}', knownHosts: '${server.knownHosts}'}`);
    const run = await fleet.run(["publish"]);
    expect(run).toMatchObject({ status: 3, stdout: "" });
    expect(run.stderr).toContain("Permission denied (publickey)");
    expect(run.stderr).toContain("Nobody is asked for a password here");
  });

  test("a host that is another than the known one", async () => {
    writeFileSync(
      join(folder, "known_hosts"),
      readFileSync(`${server.strangerKey}.pub`, "utf8").replace(/^/, `[127.0.0.1]:${server.port} `),
    );
    const { fleet } = fleetWith(`{sshKey: '${server.key}', knownHosts: '${join(folder, "known_hosts")}'}`);
    const run = await fleet.run(["publish"]);
    expect(run).toMatchObject({ status: 3, stdout: "" });
    expect(run.stderr).toContain("Host key verification failed");
  });
});
