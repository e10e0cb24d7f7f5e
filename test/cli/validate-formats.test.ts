import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv, type AnySchemaObject } from "ajv";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { gitIn } from "../git/fleet-repository.ts";
import { halite, inTemporaryFolder, type Run } from "./halite.ts";

const ROLE = (verbs: string, more = ""): string =>
  `${more}apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: r\n  annotations:\n    halite.dev/accept: |\n      policy-rbac-wildcard(verbs): it is & "was" <so>\nrules:\n  - {apiGroups: ["{{ pillar.group }}"], resources: [pods], verbs: [${verbs}]}\n`;

function writeFleet(folder: string, files: Readonly<Record<string, string>> = {}): void {
  const tree: Readonly<Record<string, string>> = {
    "halite.yaml": 'roster: roster.yaml\nkubernetes: "1.36"\n',
    "roster.yaml": "c1: {minion_opts: {grains: {az: z}}}\nc2: {minion_opts: {grains: {az: z}}}\n",
    "pillar/top.sls": "base:\n  '*': [p]\n",
    "pillar/p.sls": "group: '*'\n",
    "states/top.sls": "base:\n  '*': [s]\n",
    "states/s.sls": ["a", "b"]
      .map(
        (name) =>
          `${name}:\n  file.managed:\n    - name: /etc/kubernetes/addons/${name}/${name}.yaml\n    - source: salt://${name}.yaml\n    - template: jinja\n    - makedirs: True\n`,
      )
      .join(""),
    "states/a.yaml": ROLE('"*"'),
    "states/b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: default}\n",
    ...files,
  };
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

interface Sarif {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly {
        readonly physicalLocation?: {
          readonly artifactLocation: { readonly uri: string };
          readonly region?: { readonly startLine: number };
        };
      }[];
      readonly relatedLocations?: readonly unknown[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
      readonly suppressions?: readonly { readonly justification: string }[];
    }[];
  }[];
}

/** The log that a fleet gives. */
async function log(folder: string, ...more: readonly string[]): Promise<Sarif> {
  const { stdout } = await halite(["validate", "--format", "sarif", ...more], { cwd: folder });
  return JSON.parse(stdout) as Sarif;
}

describe("reports of halite validate", () => {
  beforeAll(() => build());

  test("SARIF is valid by the standard's own schema, with the places in the fleet and in out/", async () => {
    const file = new URL("../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json", import.meta.url);
    const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(file, "utf8")) as AnySchemaObject;
    const ajv = new Ajv({
      strict: false,
      unicodeRegExp: false,
      allErrors: true,
      formats: { uri: true, "uri-reference": true, "date-time": true },
    });
    const validate = ajv.compile(schema);
    await inTemporaryFolder(async (folder) => {
      writeFleet(folder);
      const sarif = await log(folder);
      expect([validate(sarif), validate.errors ?? []]).toEqual([true, []]);
      const [run] = sarif.runs;
      const results = run?.results ?? [];
      expect(results.map(({ ruleId, ruleIndex }) => run?.tool.driver.rules[ruleIndex]?.id === ruleId)).toEqual(results.map(() => true));
      const error = results.find(({ level }) => level === "error");
      expect(error?.ruleId).toBe("policy-rbac-wildcard");
      expect(error?.locations[0]?.physicalLocation).toMatchObject({ artifactLocation: { uri: "states/a.yaml" }, region: { startLine: 9 } });
      const accepted = results.find(({ suppressions }) => suppressions !== undefined);
      expect(accepted?.suppressions?.[0]?.justification).toBe('it is & "was" <so>');
    });
  });

  test("fingerprints are the same when lines come above, and others for another trouble", async () => {
    await inTemporaryFolder(async (folder) => {
      const prints = async (): Promise<readonly string[]> =>
        (await log(folder)).runs.flatMap(({ results }) =>
          results.map(({ partialFingerprints }) => partialFingerprints["haliteFinding/v1"] ?? ""),
        );
      writeFleet(folder);
      const before = await prints();
      writeFleet(folder, { "states/a.yaml": ROLE('"*"', "# one\n# two\n") });
      expect(await prints()).toEqual(before);
      writeFleet(folder, { "pillar/p.sls": "group: 'a*'\n" });
      expect(await prints()).not.toEqual(before);
    });
  });

  test("a finding of an addon that is complete names its line in out/", async () => {
    await inTemporaryFolder(async (folder) => {
      writeFleet(folder, { "pillar/p.sls": "group: ''\n" });
      const [run] = (await log(folder)).runs;
      const accepted = run?.results.find(({ level, ruleId }) => level === "note" && ruleId === "policy-rbac-wildcard");
      expect(accepted?.locations[0]?.physicalLocation?.artifactLocation.uri).toBe("out/z/c1/a/a.yaml");
      await halite(["render"], { cwd: folder });
      const startLine = accepted?.locations[0]?.physicalLocation?.region?.startLine ?? 0;
      const text = readFileSync(join(folder, "out/z/c1/a/a.yaml"), "utf8").split("\n");
      expect(text[startLine - 1]).toContain("*");
    });
  });

  test("JUnit: a suite a cluster, a case an addon, one failure at most, and nothing that XML does not have", async () => {
    await inTemporaryFolder(async (folder) => {
      writeFleet(folder);
      const { status, stdout } = await halite(["validate", "--format", "junit"], { cwd: folder });
      expect(status).toBe(1);
      await expect(stdout).toMatchFileSnapshot("golden/validate/junit.xml");
    });
  });

  test("--output writes the report whole, and the terminal says the rest", async () => {
    await inTemporaryFolder(async (folder) => {
      writeFleet(folder);
      const run: Run = await halite(["validate", "--format", "junit", "--output", "report.xml"], { cwd: folder });
      expect(run.status).toBe(1);
      expect(run.stdout).toContain("2 clusters, 4 addons");
      expect(readFileSync(join(folder, "report.xml"), "utf8")).toContain("<testsuites");
      expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
      expect((await halite(["validate", "--format", "junit", "--output", "halite.yaml/below-a-file.xml"], { cwd: folder })).status).toBe(3);
    });
  });

  test("halite ci writes the same reports, beside its comment, also with --json and where it fails", async () => {
    await inTemporaryFolder(async (folder) => {
      writeFleet(folder, { ".gitignore": ".halite/\nout/\n*.xml\n*.sarif\n*.md\n" });
      const git = (...args: string[]): string => gitIn(folder, ...args);
      git("init", "--quiet", "--initial-branch=main");
      git("add", "-A");
      git("commit", "--quiet", "--message=First");
      git("switch", "--quiet", "--create", "change");
      writeFleet(folder, { "pillar/p.sls": "group: 'a*'\n" });
      git("commit", "--quiet", "--all", "--message=Another group");
      const files = ["--sarif", "report.sarif", "--junit", "report.xml", "--comment", "comment.md"];
      for (const more of [[], ["--json"], ["--strict"]]) {
        const run = await halite(["ci", "--base", "main", ...files, ...more], { cwd: folder });
        expect([run.status, run.stderr.includes("internal error")]).toEqual([1, false]);
        const strict = more.includes("--strict") ? more : [];
        const [sarif, junit] = ["report.sarif", "report.xml"].map((name) => readFileSync(join(folder, name), "utf8"));
        expect(sarif).toBe((await halite(["validate", "--format", "sarif"], { cwd: folder })).stdout);
        expect(junit).toBe((await halite(["validate", "--format", "junit", ...strict], { cwd: folder })).stdout);
        expect(sarif).toContain('"suppressions"');
        expect(junit).toContain("<failure");
        const comment = readFileSync(join(folder, "comment.md"), "utf8");
        const findings = comment.slice(0, comment.indexOf("<!-- halite diff -->"));
        await expect(findings).toMatchFileSnapshot("golden/comment.md");
      }
      expect((await halite(["ci", "--base", "main", "--sarif", "halite.yaml/x.sarif"], { cwd: folder })).status).toBe(3);
    });
  });

  test.each([
    [["--format", "xml"], "--format takes text, json, sarif, junit"],
    [["--json", "--format", "sarif"], "--json and --format sarif contradict each other"],
    [["--output", "x"], "--output is for --format json, sarif or junit"],
  ])("%s is refused", async (args, message) => {
    await inTemporaryFolder(async (folder) => {
      writeFleet(folder);
      const { status, stderr } = await halite(["validate", ...args], { cwd: folder });
      expect([status, stderr.split("\n")[0]]).toEqual([2, expect.stringContaining(message)]);
    });
  });
});
