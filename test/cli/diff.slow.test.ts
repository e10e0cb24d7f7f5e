import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { halite, inTemporaryFolder, type Run } from "./halite.ts";

const FLEET: Readonly<Record<string, string>> = {
  "halite.yaml": 'roster: roster.yaml\nkubernetes: "1.36"\n',
  ".gitignore": ".halite/\nout/\n",
  "roster.yaml": ["c1", "c2", "c3"].map((id) => `${id}: {minion_opts: {grains: {az: z1, own: ${id === "c3" ? "yes" : "no"}}}}\n`).join(""),
  "pillar/top.sls": "base:\n  '*': [common]\n  'c3': [third]\n",
  "pillar/common.sls": "level: 4\nname: web\n",
  "pillar/third.sls": "level: 9\n",
  "states/top.sls": "base:\n  '*': [app, other]\n",
  "states/app.sls":
    "app:\n  file.managed:\n    - name: /etc/kubernetes/addons/app/app.yaml\n    - source: salt://app.yaml\n    - template: jinja\n    - makedirs: True\n",
  "states/other.sls":
    "other:\n  file.managed:\n    - name: /etc/kubernetes/addons/other/claim.yaml\n    - source: salt://claim.yaml\n    - makedirs: True\n",
  "states/app.yaml":
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ pillar.name }}", namespace: default}\ndata:\n  level: "{{ pillar.level }}"\n  text: "of the {{ pillar.name }}, and long enough to be known again"\n',
  "states/claim.yaml":
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: default}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: stays, namespace: default}\n",
};

/** A fleet in a repository, whose first commit is on main. */
function inRepository(run: (folder: string, git: (...args: readonly string[]) => string) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (top) => {
    const folder = join(top, "fleet");
    write(folder, FLEET);
    const git = (...args: readonly string[]): string =>
      execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false", ...args], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: top, GIT_AUTHOR_DATE: "1700000000 +0000", GIT_COMMITTER_DATE: "1700000000 +0000" },
      });
    git("init", "--quiet", "--initial-branch=main");
    git("add", "--all");
    git("commit", "--quiet", "--message=The fleet");
    await run(folder, git);
  });
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function diff(folder: string, ...args: readonly string[]): Promise<Run> {
  return halite(["diff", ...args], { cwd: folder });
}

/** What of the text does not hang on ids of commits. */
function masked({ stdout }: Run): string {
  return stdout.replaceAll(/\b[0-9a-f]{10,12}\b/g, "COMMIT");
}

/** Without the line ends that the terminal's width makes. */
function unwrapped(run: Run): string {
  return masked(run).replaceAll(/\n {4,}(?=\S)/g, " ");
}

describe("halite diff", () => {
  it("says nothing of a tree that is as committed", () =>
    inRepository(async (folder) => {
      const run = await diff(folder);
      expect([run.status, masked(run), run.stderr]).toStrictEqual([
        0,
        "base  main COMMIT  The fleet\nhead  the work tree\n\nno differences in 3 clusters\n",
        "",
      ]);
    }));

  it("names the clusters, the value, its line and its commit", () =>
    inRepository(async (folder, git) => {
      git("switch", "--quiet", "--create", "change");
      write(folder, { "pillar/common.sls": "level: 5\nname: web\n" });
      git("commit", "--quiet", "--all", "--message=A higher level");
      const run = await diff(folder);
      expect(run.status).toBe(1);
      expect(masked(run)).toBe(
        [
          "base  main COMMIT  The fleet",
          "head  the work tree",
          "",
          "changed  ConfigMap default/web  app",
          "  in 2 of 3 clusters; not in: c3",
          "  data.level: 4 → 5",
          "  by pillar level 4 → 5 at pillar/common.sls:1; COMMIT A higher level (Ann)",
          "",
          "1 changed; 2 of 3 clusters",
          "",
        ].join("\n"),
      );
      // What is not committed yet counts, and has no commit.
      write(folder, { "pillar/common.sls": "level: 6\nname: web\n" });
      expect(masked(await diff(folder, "--base", "HEAD"))).toContain("  by pillar level 5 → 6 at pillar/common.sls:1\n");
      expect(masked(await diff(folder, "--base", "main", "--head", "change"))).toContain("data.level: 4 → 5");
    }));

  it("names two values that only together bring it, and what one brings by itself and another on top", () =>
    inRepository(async (folder, git) => {
      write(folder, {
        "pillar/common.sls": "level: 4\nname: web\ntls: false\nca: none\nport: 80\n",
        "states/app.yaml":
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ pillar.name }}", namespace: default}\ndata:\n  secure: "{{ pillar.tls and pillar.ca != \'none\' }}"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: port, namespace: default}\ndata: {port: "{{ pillar.port if pillar.tls else \'-\' }}"}\n',
      });
      git("commit", "--quiet", "--all", "--message=Before");
      git("switch", "--quiet", "--create", "change");
      write(folder, { "pillar/common.sls": "level: 4\nname: web\ntls: true\nca: own\nport: 443\n" });
      git("commit", "--quiet", "--all", "--message=TLS");
      const run = await diff(folder);
      const text = unwrapped(run);
      expect(text).toContain(
        [
          "  data.secure: False → True",
          "  by pillar tls false → true at pillar/common.sls:3, together with others; COMMIT TLS (Ann)",
          "  by pillar ca none → own at pillar/common.sls:4, together with others; COMMIT TLS (Ann)",
        ].join("\n"),
      );
      expect(text).toContain(
        [
          "  data.port: - → 443",
          "  by pillar tls false → true at pillar/common.sls:3; COMMIT TLS (Ann)",
          "  by pillar port 80 → 443 at pillar/common.sls:5, together with others; COMMIT TLS (Ann)",
        ].join("\n"),
      );
      const { changes } = JSON.parse((await diff(folder, "--json")).stdout);
      expect(
        changes.flatMap(({ causes }: { causes: { key: string; alone: boolean }[] }) => causes.map(({ key, alone }) => [key, alone])),
      ).toEqual(
        expect.arrayContaining([
          ["ca", false],
          ["port", false],
          ["tls", true],
        ]),
      );
    }));

  it("names a value and a file that only together bring it", () =>
    inRepository(async (folder, git) => {
      git("switch", "--quiet", "--create", "change");
      write(folder, {
        "pillar/common.sls": "level: 4\nname: web\nmore: yes\n",
        "states/app.yaml": `${FLEET["states/app.yaml"]}{% if pillar.more is defined %}  more: "1"\n{% endif %}`,
      });
      git("commit", "--quiet", "--all", "--message=More");
      expect(unwrapped(await diff(folder))).toContain(
        "  by pillar more set to true at pillar/common.sls:3, together with others; COMMIT More (Ann)\n  by states/app.yaml, together with others; COMMIT More (Ann)\n",
      );
    }));

  it("compares with where the branches part, not with what others have merged since", () =>
    inRepository(async (folder, git) => {
      git("switch", "--quiet", "--create", "change");
      write(folder, { "pillar/third.sls": "level: 10\n" });
      git("commit", "--quiet", "--all", "--message=Third");
      git("switch", "--quiet", "main");
      write(folder, { "pillar/common.sls": "level: 5\nname: web\n" });
      git("commit", "--quiet", "--all", "--message=Meanwhile");
      git("switch", "--quiet", "change");
      const own = await diff(folder);
      expect(own.stdout).toContain("1 changed; 1 of 3 clusters");
      expect((await diff(folder, "--base", "main")).stdout).toContain("2 changed; 3 of 3 clusters");
      expect((await diff(folder, "--base", "main", "--merge-base")).stdout).toBe(own.stdout);
    }));

  it("tells templates, deletions and renames with what they endanger", () =>
    inRepository(async (folder) => {
      write(folder, {
        "pillar/common.sls": "level: 4\nname: site\n",
        "states/claim.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stays, namespace: default}\n",
      });
      const { stdout } = await diff(folder);
      expect(stdout.replaceAll(/\s+/g, " ")).toContain(
        "deleted PersistentVolumeClaim default/data other in all 3 clusters that have it critical: deletes it: with a volume whose reclaim policy is Delete its data go too by states/claim.yaml",
      );
      expect(stdout.replaceAll(/\s+/g, " ")).toContain("renamed ConfigMap default/site app in all 3 clusters that have it name web → site");
      expect(stdout.indexOf("PersistentVolumeClaim")).toBeLessThan(stdout.indexOf("ConfigMap"));
    }));

  it("says what fails, and shows it as no deletion", () =>
    inRepository(async (folder) => {
      write(folder, { "states/app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ pillar.nothing }}}\n" });
      const run = await diff(folder);
      expect(run.status).toBe(1);
      expect(run.stdout.replaceAll(/\s+/g, " ")).toContain(
        "failed addon app in 3 clusters: c1, c2, c3: not compared, 3 objects of the other side",
      );
      expect(run.stdout).not.toContain("deleted");
    }));

  it("takes all of a side from its commit: config, roster, top file", () =>
    inRepository(async (folder, git) => {
      write(folder, {
        "halite.yaml": 'roster: other.yaml\nkubernetes: "1.35"\n',
        "other.yaml": "c1: {minion_opts: {grains: {az: z2, own: no}}}\n",
      });
      git("add", "--all");
      git("commit", "--quiet", "--message=Another roster");
      const { stdout } = await diff(folder, "--base", "HEAD~1", "--head", "HEAD");
      const flat = stdout.replaceAll(/\s+/g, " ");
      expect(flat).toContain("c2 is gone from the roster: 3 objects are released no more");
      expect(flat).toContain("c1: az z1 → z2, kubernetes 1.36 → 1.35");
      write(folder, {
        "halite.yaml": 'roster: other.yaml\nkubernetes: "1.35"\nfile_roots: {base: [more, states]}\n',
        "more/claim.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stays, namespace: default}\ndata: {from: more}\n",
      });
      const moved = (await diff(folder, "--base", "HEAD")).stdout.replaceAll(/\s+/g, " ");
      expect(moved).toContain("data + from: more by halite.yaml");
      expect((await diff(folder, "--base", "HEAD", "--head", "HEAD~1")).stdout.replaceAll(/\s+/g, " ")).toContain(
        "c2 is new: z1, Kubernetes 1.36, 3 objects",
      );
    }));

  it("comes to the same with the cache, without it, and without the memo", () =>
    inRepository(async (folder) => {
      write(folder, { "pillar/common.sls": "level: 5\nname: web\n" });
      const cold = await diff(folder, "--json");
      const warm = await diff(folder, "--json");
      const bare = await diff(folder, "--json", "--no-cache");
      const alone = await diff(folder, "--json", "--no-memo");
      expect(bare.stdout).toBe(cold.stdout);
      // What had to be rendered is another number.
      const without = (text: string): string => text.replace(/"untouched": \d+/, "").replaceAll(/"causes": \[[^\]]*\]/g, "");
      expect(without(warm.stdout)).toBe(without(cold.stdout));
      expect(without(alone.stdout)).toBe(without(cold.stdout));
      expect(warm.stdout).toContain('"untouched": 0');
      write(folder, { "pillar/common.sls": FLEET["pillar/common.sls"] ?? "", "pillar/third.sls": "level: 10\n" });
      expect((await diff(folder, "--json")).stdout).toContain('"untouched": 2');
    }));

  it("compares with what is published", () =>
    inRepository(async (folder, git) => {
      const none = await diff(folder, "--base", "published");
      expect([none.status, none.stderr]).toStrictEqual([
        3,
        "halite: nothing is published yet: .halite/addons.git has no branch addons\n`halite publish` makes the first commit\n",
      ]);
      expect((await halite(["publish"], { cwd: folder })).status).toBe(0);
      expect((await diff(folder, "--base", "published")).status).toBe(0);
      write(folder, { "pillar/third.sls": "level: 10\n" });
      git("commit", "--quiet", "--all", "--message=Third");
      const run = await diff(folder, "--base", "published");
      expect(masked(run)).toContain(
        "  in 1 of 3 clusters: c3\n  data.level: 9 → 10\n  by pillar level 9 → 10 at pillar/third.sls:1; COMMIT Third (Ann)\n",
      );
      write(folder, { "states/app.yaml": (FLEET["states/app.yaml"] ?? "").replace("\ndata:", "\ndata:\n  more: here") });
      git("commit", "--quiet", "--all", "--message=More");
      expect(unwrapped(await diff(folder, "--base", "published"))).toContain("  by states/app.yaml; COMMIT More (Ann)\n");
      expect((await diff(folder, "--base", "published", "--no-memo")).stdout).not.toContain("  by ");
      // What a rollback has put together was made from no one commit.
      git("config", "user.name", "Ann");
      git("config", "user.email", "ann@example.org");
      expect((await halite(["publish"], { cwd: folder })).status).toBe(0);
      expect((await halite(["rollback", "--to", "~1"], { cwd: folder })).status).toBe(0);
      const back = await diff(folder, "--base", "published");
      expect([back.status, back.stdout.includes("data.level: 9 → 10"), back.stdout.includes("  by ")]).toStrictEqual([1, true, false]);
    }));

  it.each([
    [["--base", "nowhere"], 3, "nowhere names no commit of this repository"],
    [["--format", "yaml"], 2, '--format takes text, markdown, html, json, not "yaml"'],
    [["main"], 2, "diff takes no arguments; name a side: --base main or --head main"],
    [["--clusters", "nobody"], 1, 'no cluster of the roster matches "nobody"'],
  ] as const)("refuses %s", (args, status, message) =>
    inRepository(async (folder) => {
      const run = await diff(folder, ...args);
      expect(run.stderr).toContain(message);
      expect(run.status).toBe(status);
    }),
  );

  it("tells a shallow clone what to do", () =>
    inRepository(async (folder, git) => {
      write(folder, { "pillar/third.sls": "level: 10\n" });
      git("commit", "--quiet", "--all", "--message=Third");
      git("clone", "--quiet", "--depth=1", `file://${folder}`, "../shallow");
      const run = await halite(["ci", "--base", "HEAD~1"], { cwd: join(folder, "../shallow") });
      expect(run.status).toBe(3);
      expect(run.stderr).toContain("this clone is shallow: have CI fetch the history");
    }));
});

describe("halite start", () => {
  it("shows at its second run what one other value would change, and touches no file", () =>
    inRepository(async (folder, git) => {
      const first = await halite(["start"], { cwd: folder });
      expect([first.status, first.stdout.includes("Example")]).toStrictEqual([0, false]);
      const second = await halite(["start"], { cwd: folder });
      expect(second.status).toBe(0);
      expect(second.stdout).toContain("head  with level: 5 in place of 4 at pillar/common.sls:1\n");
      expect(second.stdout).toContain("  data.level: 4 → 5\n  by pillar level 4 → 5 at pillar/common.sls:1\n");
      expect(git("status", "--porcelain")).toBe("");
    }));
});

describe("halite ci", () => {
  it("is content with differences and writes what was asked for", () =>
    inRepository(async (folder, git) => {
      git("switch", "--quiet", "--create", "change");
      write(folder, { "pillar/common.sls": "level: 5\nname: web\n" });
      git("commit", "--quiet", "--all", "--message=A higher level");
      git("update-ref", "refs/remotes/origin/main", "main");
      const run = await halite(["ci", "--comment", "comment.md", "--html", "diff.html", "--diff-json", "diff.json"], {
        cwd: folder,
        env: { GITHUB_BASE_REF: "main" },
      });
      expect([run.status, run.stdout.split("\n").at(-2)]).toStrictEqual([0, "3 clusters, 6 addons, 9 objects: valid"]);
      const comment = readFileSync(join(folder, "comment.md"), "utf8");
      expect(comment).toContain("✅ **Valid**");
      expect(comment).toContain("<!-- halite diff -->");
      expect(comment).toContain("data.level: 4 → 5");
      expect(readFileSync(join(folder, "diff.html"), "utf8")).toContain("<!doctype html>");
      expect(readFileSync(join(folder, "diff.json"), "utf8")).toContain('"format": "halite.dev/diff/v1"');
    }));
  it("goes by GitLab's commit, and refuses what is too dangerous", () =>
    inRepository(async (folder, git) => {
      const base = git("rev-parse", "HEAD").trim();
      write(folder, { "states/claim.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stays, namespace: default}\n" });
      git("commit", "--quiet", "--all", "--message=No claim");
      const env = { CI_MERGE_REQUEST_DIFF_BASE_SHA: base };
      expect((await halite(["ci"], { cwd: folder, env })).status).toBe(0);
      const run = await halite(["ci", "--fail-on", "critical"], { cwd: folder, env });
      expect([run.status, run.stdout.split("\n").at(-2)]).toStrictEqual([
        1,
        "refused: something critical is in it, and --fail-on is critical",
      ]);
    }));
  it("fails where the fleet is not valid, and says why in the comment", () =>
    inRepository(async (folder) => {
      write(folder, { "states/app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: nowhere}\n" });
      const run = await halite(["ci", "--comment", "comment.md", "--json"], { cwd: folder });
      const report: { readonly valid: boolean } = JSON.parse(run.stdout);
      expect([run.status, report.valid]).toStrictEqual([1, false]);
      expect(readFileSync(join(folder, "comment.md"), "utf8")).toContain("❌ **Not valid**");
    }));
});
