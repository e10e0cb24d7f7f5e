import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { command } from "../../src/cli/explain.ts";
import { parseArguments } from "../../src/cli/parse.ts";
import { terminalOn } from "../../src/cli/terminal.ts";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import { PROJECT } from "./halite.ts";

const SEALED_BLOCK = "hQEMAwAAAAAAAAAAAQf/TheSealedTextThatNobodyIsToSee";
const REFERENCE = "?{barbican:the-path-of-the-key@2}";

/** A fleet whose one addon has a line of every sort. */
const FLEET: Readonly<Record<string, string>> = {
  "halite.yaml": "kubernetes: '1.36'\n",
  "pillar/roster.yaml": `a1:
  minion_opts:
    grains:
      az: az1
      env: prod
a2:
  minion_opts: {grains: {az: az1, env: test}}
`,
  "pillar/top.sls": "base:\n  '*': [common, ceph]\n  'G@env:prod': [prod]\n",
  "pillar/common.sls": `addons:
  ceph: {mode: EnsureExists}
ceph:
  replicas: 1
  metrics: false
  monitors: [10.0.0.1]
`,
  "pillar/prod.sls": `ceph:
  replicas: 3
  metrics: true
  monitors:
    - 10.1.0.1
    - 10.1.0.2
`,
  "pillar/ceph.sls": `#!jinja|yaml|gpg
ceph:
  secrets:
    user: ${JSON.stringify(REFERENCE)}
    key: |
      -----BEGIN PGP MESSAGE-----

      ${SEALED_BLOCK}
      -----END PGP MESSAGE-----
`,
  "states/top.sls": "base:\n  '*': [ceph]\n",
  "states/ceph.sls": `{%- for file in ['config', 'secret', 'service'] %}
ceph-{{ file }}:
  file.managed:
    - name: /etc/kubernetes/addons/ceph/{{ file }}.yaml
    - source: salt://{{ file }}.jinja
    - template: jinja
    - makedirs: True
{%- endfor %}
`,
  "states/config.jinja": `apiVersion: v1
kind: ConfigMap
metadata:
  name: ceph
  namespace: kube-system
data:
  replicas: "{{ pillar.ceph.replicas }}"
  env: {{ grains.env }}
  ceph.conf: |
    [global]
    {%- for monitor in pillar.ceph.monitors %}
    mon_host = {{ monitor }}
    {%- endfor %}
{%- if pillar.ceph.metrics %}
  metrics: "on"
{%- endif %}
`,
  "states/secret.jinja": `apiVersion: v1
kind: Secret
metadata: {name: ceph, namespace: kube-system, labels: {kubernetes.io/cluster-service: "true"}}
stringData:
  user: {{ pillar.ceph.secrets.user | yaml_encode }}
  key: {{ pillar.ceph.secrets.key | yaml_encode }}
`,
  "states/service.jinja": `{%- from 'port.jinja' import port %}
apiVersion: v1
kind: Service
metadata: {name: ceph, namespace: kube-system}
spec:
  selector: {app: ceph}
  ports:
    {{ port(3300 + pillar.ceph.replicas) }}
`,
  "states/port.jinja": "{%- macro port(number) -%}\n- port: {{ number }}\n{%- endmacro -%}\n",
};

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halite-explain-"));
  write(folder, FLEET);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(into: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    writeFileSync(join(into, path), text);
  }
}

async function explain(cwd: string, ...args: string[]): Promise<string> {
  const spec = COMMANDS.find(({ name }) => name === "explain");
  if (spec === undefined) throw new Error("there is no command explain");
  let out = "";
  const stream = {
    write: (text: string) => {
      out += text;
      return true;
    },
  };
  const terminal = terminalOn(stream, stream, {});
  const status = await command.run({
    arguments: parseArguments(spec, args),
    terminal,
    cwd,
    env: {},
    home: PROJECT,
    version: "",
    build: "",
  });
  expect(status).toBe(0);
  return out;
}

/** What a wrong call says. */
async function refused(cwd: string, ...args: string[]): Promise<string> {
  try {
    await explain(cwd, ...args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    if (error instanceof FindingError) return error.findings.map(printFinding).join("\n");
    throw error;
  }
  return "nothing was thrown";
}

/** The number of a published line by its text. */
async function lineOf(file: string, text: string): Promise<number> {
  for (let line = 1; line < 100; line++) {
    const explained: { readonly text: string } = JSON.parse(await explain(folder, `${file}:${line}`, "--cluster", "a1", "--json"));
    if (explained.text.trim() === text) return line;
  }
  throw new Error(`${file} has no line ${text}`);
}

describe("what stands behind a line", () => {
  test.each([
    ["a value, in a text with quotes", "ceph/config.yaml", 'replicas: "3"'],
    ["a grain", "ceph/config.yaml", "env: prod"],
    ["an item of a list", "ceph/config.yaml", "mon_host = 10.1.0.2"],
    ["a condition", "ceph/config.yaml", 'metrics: "on"'],
    ["what nothing but the template says", "ceph/config.yaml", "namespace: kube-system"],
    ["a macro's line", "ceph/service.yaml", "- port: 3303"],
    ["a port's protocol, which the second stage writes", "ceph/service.yaml", "protocol: TCP"],
    ["the mode label that pillar declares", "ceph/service.yaml", "addonmanager.kubernetes.io/mode: EnsureExists"],
    ["the mode label of the older label", "ceph/secret.yaml", "addonmanager.kubernetes.io/mode: Reconcile"],
    ["a sealed reference", "ceph/secret.yaml", "user: (sealed)"],
    ["a sealed block", "ceph/secret.yaml", "key: (sealed)"],
  ])("%s", async (name, file, text) => {
    const line = await lineOf(file, text);
    const out = await explain(folder, `${file}:${line}`, "--cluster", "a1");
    await expect(out).toMatchFileSnapshot(`golden/explain/${name.replaceAll(/[ ,']+/g, "-")}.txt`);
  });

  test("a whole file", async () => {
    await expect(await explain(folder, "ceph/config.yaml", "--cluster", "a1")).toMatchFileSnapshot("golden/explain/file.txt");
  });

  test("as JSON", async () => {
    const out = await explain(folder, "ceph/config.yaml:7", "--cluster", "a1", "--json");
    await expect(out).toMatchFileSnapshot("golden/explain/line.json");
  });

  test("another cluster has other values", async () => {
    await expect(await explain(folder, "ceph/config.yaml", "--cluster", "a2")).toMatchFileSnapshot("golden/explain/other-cluster.txt");
  });
});

test("a value may come through what another template has put into pillar", async () => {
  const other = mkdtempSync(join(tmpdir(), "halite-explain-"));
  const map = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: kube-system}\ndata:\n`;
  const state = (name: string): string =>
    `${name}:\n  file.managed:\n    - name: /etc/kubernetes/addons/${name}/map.yaml\n    - source: salt://${name}.jinja\n    - template: jinja\n    - makedirs: True\n`;
  try {
    write(other, {
      "halite.yaml": FLEET["halite.yaml"] ?? "",
      "pillar/roster.yaml": FLEET["pillar/roster.yaml"] ?? "",
      "pillar/top.sls": "base:\n  '*': [names]\n",
      "pillar/names.sls": "said: hello\nother: {name: rbd, level: 1}\n",
      "states/top.sls": "base:\n  '*': [first, second, third]\n",
      "states/first.sls": state("first"),
      "states/second.sls": state("second"),
      "states/third.sls": state("third"),
      "states/first.jinja": `{%- do pillar.update({'told': pillar.said ~ '!'}) %}\n${map("first")}  level: "{{ pillar.other.level }}"\n`,
      "states/second.jinja": `${map("second")}  name: {{ pillar.other.name }}\n`,
      "states/third.jinja": `${map("third")}  told: "{{ pillar.told }}"\n  name: {{ pillar.other.name }}\n`,
    });
    const out = await explain(other, "third/map.yaml", "--cluster", "a1");
    await expect(out).toMatchFileSnapshot("golden/explain/through-pillar.txt");
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

test("nothing sealed is ever printed", async () => {
  for (const args of [[], ["--json"]]) {
    const whole = await explain(folder, "ceph/secret.yaml", "--cluster", "a1", ...args);
    expect(whole).toContain(args.length > 0 ? '"sealed": true' : "(sealed)");
    const outs = [whole];
    for (let line = 1; line <= 11; line++) outs.push(await explain(folder, `ceph/secret.yaml:${line}`, "--cluster", "a1", ...args));
    for (const out of outs) {
      expect(out).not.toContain(SEALED_BLOCK);
      expect(out).not.toContain("vault:");
      expect(out).not.toContain("?{");
      expect(out).not.toContain("BEGIN PGP");
    }
  }
});

describe("what can't be explained", () => {
  test.each([
    ["no place", [], "name one file of the compiled output, ADDON/FILE or ADDON/FILE:LINE"],
    ["no file", ["ceph", "--cluster", "a1"], "name one file of the compiled output, ADDON/FILE or ADDON/FILE:LINE"],
    ["no cluster", ["ceph/config.yaml"], "name a cluster with --cluster; the roster has a1, a2"],
    ["an unknown cluster", ["ceph/config.yaml", "--cluster", "a3"], "the roster has no cluster a3; did you mean a1?"],
    ["an unknown addon", ["cehp/config.yaml", "--cluster", "a1"], "cluster a1 has no addon cehp; did you mean ceph?"],
    [
      "an unknown file",
      ["ceph/driver.yaml", "--cluster", "a1"],
      "addon ceph of cluster a1 has no file driver.yaml; there is config.yaml, secret.yaml, service.yaml",
    ],
    [
      "a file nearly called so",
      ["ceph/confg.yaml", "--cluster", "a1"],
      "addon ceph of cluster a1 has no file confg.yaml; did you mean config.yaml?",
    ],
    ["a line beyond the end", ["ceph/config.yaml:99", "--cluster", "a1"], "ceph/config.yaml has 15 lines, no line 99"],
    ["line 0", ["ceph/config.yaml:0", "--cluster", "a1"], "ceph/config.yaml has 15 lines, no line 0"],
  ])("%s", async (_name, args, expected) => {
    expect(await refused(folder, ...args)).toBe(expected);
  });

  test("an addon that does not compile says why", async () => {
    const broken = mkdtempSync(join(tmpdir(), "halite-explain-"));
    try {
      write(broken, { ...FLEET, "states/service.jinja": `${FLEET["states/service.jinja"] ?? ""}  portz: []\n` });
      await expect(await refused(broken, "ceph/config.yaml:7", "--cluster", "a1")).toMatchFileSnapshot("golden/explain/failed.txt");
      write(broken, { "states/ceph.sls": "ceph: {{ 1 / 0 }}\n" });
      expect(await refused(broken, "ceph/config.yaml:7", "--cluster", "a1")).toContain("cluster a1 does not compile");
    } finally {
      rmSync(broken, { recursive: true, force: true });
    }
  });
});
