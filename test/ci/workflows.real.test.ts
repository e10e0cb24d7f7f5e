import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { build } from "../../scripts/build.mjs";
import { halite, PROJECT } from "../cli/halite.ts";
import { bareRepository, FleetRepository, gitIn } from "../git/fleet-repository.ts";
import { goTool } from "../real/go-tools.ts";
import { runReal, type RealRun } from "../real/run.ts";
import { npmEnvironment, projectRepository } from "./project-repository.ts";
import { havePythonTools, pythonTool } from "./python-tools.ts";

const haveActionlint = existsSync(goTool("actionlint"));
let project: string;
beforeAll(async () => {
  await build();
  project = mkdtempSync(join(tmpdir(), "halite-project-"));
  projectRepository(project);
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

let folder: string;
let origin: string;
let published: string;
let developer: FleetRepository;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "halite-ci-"));
  published = bareRepository(join(folder, "published.git"));
  origin = bareRepository(join(folder, "origin.git"));
  developer = new FleetRepository(join(folder, "developer"), `{remote: 'file://${published}'}`);
  developer.commit("Fleet");
  developer.git("push", "--quiet", origin, "HEAD:refs/heads/main");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a job of CI runs in: the variables of its host, and programs that its host has. */
interface Runner {
  readonly cwd: string;
  readonly env: Record<string, string>;
}

/** Runs a script as GitHub's runner does (`bash -e FILE`), or GitLab's (`set -eo pipefail`). */
function script({ cwd, env }: Runner, text: string, shell: readonly string[]): Promise<RealRun> {
  const file = join(folder, "script.sh");
  writeFileSync(file, text);
  return runReal("bash", [...shell, file], { cwd, env: { ...npmEnvironment(), ...env }, timeout: 600_000 });
}

interface Step {
  readonly name: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly if?: string;
}

interface Workflow {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<"check" | "publish", { readonly steps: readonly Step[] }>>;
}

describe.skipIf(!haveActionlint || !havePythonTools)("GitHub Actions", () => {
  const file = join(PROJECT, "ci/github-actions.yml");

  test("the file is what actionlint and the schema of workflows want", async () => {
    expect(await runReal(goTool("actionlint"), ["-no-color", file])).toMatchObject({ status: 0, stdout: Buffer.from("") });
    expect(await runReal(pythonTool("check-jsonschema"), ["--builtin-schema", "vendor.github-workflows", file])).toMatchObject({
      status: 0,
    });
  });

  /** Runs the steps of a job in order, in a clone that is made as the check-out step says. Gives what the last one ended with. */
  async function job(
    name: "check" | "publish",
    commit: string,
    expressions: Readonly<Record<string, string>>,
  ): Promise<{ run: RealRun; runner: Runner; comments: string }> {
    const workflow = parse(readFileSync(file, "utf8")) as Workflow;
    const values: Readonly<Record<string, string>> = {
      "vars.HALITE_REPOSITORY": `file://${project}`,
      "vars.HALITE_REF || 'main'": "main",
      "github.token": "token of the run",
      ...expressions,
    };
    const evaluate = (text: string): string =>
      text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_all, expression: string) => {
        const value = values[expression];
        if (value === undefined) throw new Error(`nothing is known of ${expression}`);
        return value;
      });
    const cwd = join(folder, `workspace-${name}`);
    const temporary = join(folder, `temp-${name}`);
    mkdirSync(join(temporary, "host"), { recursive: true });
    // The host's own program, which speaks with the host.
    writeFileSync(join(temporary, "host/gh"), `#!/bin/sh\necho "$@" >> '${temporary}/comments'\n`, { mode: 0o755 });
    const host = { GITHUB_PATH: join(temporary, "path"), GITHUB_STEP_SUMMARY: join(temporary, "summary"), RUNNER_TEMP: temporary };
    writeFileSync(host.GITHUB_PATH, "");
    let failed: RealRun | undefined;
    let last: RealRun = { status: 0, stdout: Buffer.from(""), stderr: "" };
    for (const step of workflow.jobs[name].steps) {
      if (step.uses?.startsWith("actions/checkout@") === true) {
        expect(step.with).toMatchObject({ "fetch-depth": 0 });
        gitIn(folder, "clone", "--quiet", `file://${origin}`, cwd);
        gitIn(cwd, "checkout", "--quiet", "--detach", commit);
      }
      if (step.run === undefined || (failed !== undefined && step.if?.startsWith("always()") !== true)) continue;
      const added = readFileSync(host.GITHUB_PATH, "utf8").trim().split("\n");
      const path = [...added.toReversed(), join(temporary, "host"), process.env["PATH"] ?? ""].filter(Boolean).join(":");
      const env = Object.fromEntries(Object.entries({ ...workflow.env, ...step.env }).map(([key, value]) => [key, evaluate(value)]));
      last = await script({ cwd, env: { ...host, HOME: temporary, PATH: path, ...env } }, step.run, ["-e"]);
      if (last.status !== 0) failed ??= last;
    }
    const comments = existsSync(join(temporary, "comments")) ? readFileSync(join(temporary, "comments"), "utf8") : "";
    return { run: failed ?? last, runner: { cwd, env: host }, comments };
  }

  test("a pull request is validated and compared, and commented on; what is merged is published", { timeout: 900_000 }, async () => {
    const base = developer.git("rev-parse", "HEAD").trim();
    developer.git("checkout", "--quiet", "-b", "change");
    const change = developer.commitValue("two");
    developer.git("push", "--quiet", origin, "HEAD:refs/heads/change");
    const pull = { "github.event.pull_request.base.sha": base, "github.event.pull_request.number": "7" };
    const checked = await job("check", change, pull);
    expect(checked.run).toMatchObject({ status: 0 });
    const comment = readFileSync(join(checked.runner.cwd, "comment.md"), "utf8");
    expect(comment).toMatch(/^✅ \*\*Valid\*\*\n/);
    expect(comment).toContain("data.value: one → two");
    expect(readFileSync(checked.runner.env["GITHUB_STEP_SUMMARY"] ?? "", "utf8")).toBe(comment);
    expect(checked.comments).toBe("pr comment 7 --edit-last --create-if-none --body-file comment.md\n");
    developer.git("push", "--quiet", origin, "HEAD:refs/heads/main");
    const merged = await job("publish", change, { "secrets.HALITE_PUBLISH_TOKEN": "" });
    expect(merged.run).toMatchObject({ status: 0 });
    expect(gitIn(published, "log", "--format=%s %(trailers:key=Source,valueonly)", "addons").trim()).toBe(`Value two ${change}`);
  });

  test("a pull request that does not compile fails, and its comment says why", { timeout: 900_000 }, async () => {
    const base = developer.git("rev-parse", "HEAD").trim();
    developer.edit("states/class.yaml", "provisioner:", "provisioned:");
    const change = developer.commit("Typo");
    developer.git("push", "--quiet", origin, "HEAD:refs/heads/change");
    const checked = await job("check", change, { "github.event.pull_request.base.sha": base, "github.event.pull_request.number": "7" });
    expect(checked.run.status).toBe(1);
    const comment = readFileSync(join(checked.runner.cwd, "comment.md"), "utf8");
    expect(comment).toMatch(/^❌ \*\*Not valid\*\*: 2 errors\n/);
    expect(comment).toContain("provisioned: there is no field provisioned here");
    expect(checked.run.stderr).toContain("did you mean provisioner?");
    expect(checked.comments).toContain("pr comment 7");
  });
});

interface GitLabJob {
  readonly extends?: string;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly after_script?: readonly string[];
}

describe.skipIf(!havePythonTools)("GitLab CI", () => {
  const file = join(PROJECT, "ci/gitlab-ci.yml");

  test("the file is what the schema of GitLab CI wants", async () => {
    expect(await runReal(pythonTool("check-jsonschema"), ["--builtin-schema", "vendor.gitlab-ci", file])).toMatchObject({ status: 0 });
  });

  async function job(name: string, commit: string, env: Record<string, string>): Promise<{ run: RealRun; cwd: string; builds: string }> {
    const pipeline = parse(readFileSync(file, "utf8")) as Readonly<Record<string, GitLabJob>> & { variables: Record<string, string> };
    const own = pipeline[name] ?? {};
    const all = { ...pipeline[own.extends ?? ""], ...own };
    const builds = join(folder, `builds-${name}`);
    const cwd = join(builds, "fleet");
    mkdirSync(builds, { recursive: true });
    expect(pipeline.variables["GIT_DEPTH"]).toBe("0");
    gitIn(folder, "clone", "--quiet", `file://${origin}`, cwd);
    gitIn(cwd, "checkout", "--quiet", "--detach", commit);
    const runner: Runner = {
      cwd,
      env: { ...pipeline.variables, HALITE_REPOSITORY: `file://${project}`, CI_BUILDS_DIR: builds, CI_JOB_ID: "1", HOME: builds, ...env },
    };
    // GitLab runs before_script and script in one shell, after_script in another.
    const lines = [...(all.before_script ?? []), ...(all.script ?? [])];
    const run = await script(runner, `set -eo pipefail\n${lines.join("\n")}\n`, []);
    await script(runner, (all.after_script ?? []).join("\n"), []);
    return { run, cwd, builds };
  }

  test("a merge request is validated and compared; what is merged is published", { timeout: 900_000 }, async () => {
    const base = developer.git("rev-parse", "HEAD").trim();
    const change = developer.commitValue("two");
    developer.git("push", "--quiet", origin, "HEAD:refs/heads/change");
    const checked = await job("halite-check", change, { CI_MERGE_REQUEST_DIFF_BASE_SHA: base });
    expect(checked.run).toMatchObject({ status: 0 });
    expect(readFileSync(join(checked.cwd, "comment.md"), "utf8")).toContain("data.value: one → two");
    expect(existsSync(join(checked.cwd, "diff.html"))).toBe(true);
    expect(existsSync(join(checked.builds, "halite-1"))).toBe(false);
    developer.git("push", "--quiet", origin, "HEAD:refs/heads/main");
    const merged = await job("halite-publish", change, {});
    expect(merged.run).toMatchObject({ status: 0 });
    expect(gitIn(published, "log", "--format=%s", "addons").trim()).toBe("Value two");
  });

  test("a merge request that does not compile fails, and says why", { timeout: 900_000 }, async () => {
    const base = developer.git("rev-parse", "HEAD").trim();
    developer.edit("states/class.yaml", "provisioner:", "provisioned:");
    const change = developer.commit("Typo");
    developer.git("push", "--quiet", origin, "HEAD:refs/heads/change");
    const checked = await job("halite-check", change, { CI_MERGE_REQUEST_DIFF_BASE_SHA: base });
    expect(checked.run.status).toBe(1);
    expect(checked.run.stderr).toContain("did you mean provisioner?");
  });
});

test("halite init gives each of the files, also to a fleet that is there", async () => {
  const kinds = ["github", "gitlab", "pre-commit", "pre-receive"];
  const run = await halite(["init", ".", ...kinds.flatMap((kind) => ["--ci", kind])], { cwd: developer.folder });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(developer.git("status", "--porcelain", "--untracked-files=all")).toBe(
    "?? .github/workflows/halite.yml\n?? .gitlab-ci.yml\n?? .pre-commit-config.yaml\n?? hooks/pre-receive\n",
  );
  const again = await halite(["init", ".", "--ci", "github"], { cwd: developer.folder });
  expect(again.stderr).toContain("already holds .github/workflows/halite.yml");
  const wrong = await halite(["init", ".", "--ci", "jenkins"], { cwd: developer.folder });
  expect(wrong).toMatchObject({ status: 2 });
  expect(wrong.stderr).toContain('--ci takes github, gitlab, pre-commit, pre-receive, not "jenkins"');
});

test.skipIf(!havePythonTools)(
  "the pre-commit framework installs the program from its repository and runs the hook",
  { timeout: 900_000 },
  async () => {
    const commit = gitIn(project, "rev-parse", "HEAD").trim();
    const text = readFileSync(join(PROJECT, "ci/pre-commit-config.yaml"), "utf8");
    developer.write(".pre-commit-config.yaml", text.replace("HALITE_REPOSITORY", `file://${project}`).replace("HALITE_REF", commit));
    developer.git("add", "-A");
    const env = { PRE_COMMIT_HOME: join(folder, "pre-commit"), HOME: folder, ...npmEnvironment() };
    const run = (...args: string[]): Promise<RealRun> =>
      runReal(pythonTool("pre-commit"), args, { cwd: developer.folder, env, timeout: 600_000 });
    expect(await run("validate-manifest", join(PROJECT, ".pre-commit-hooks.yaml"))).toMatchObject({ status: 0 });
    const first = await run("run", "--all-files", "--color=never");
    const log = join(folder, "pre-commit/pre-commit.log");
    if (existsSync(log)) throw new Error(readFileSync(log, "utf8"));
    expect([first.stdout.toString("utf8").split("\n").at(-2), first.status]).toEqual([
      expect.stringMatching(/^halite validate\.+Passed$/),
      0,
    ]);
    developer.edit("states/class.yaml", "provisioner:", "provisioned:");
    developer.git("add", "-A");
    const broken = await run("run", "--color=never");
    expect(broken.status).toBe(1);
    expect(broken.stdout.toString("utf8")).toContain("did you mean provisioner?");
    // As a hook of git's own, which sets variables for its own repository.
    expect(await run("install")).toMatchObject({ status: 0 });
    expect(() => developer.git("commit", "--quiet", "-m", "Typo")).toThrow();
  },
);
