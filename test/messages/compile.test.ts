import { expect, it } from "vitest";
import { printFinding, sortFindings } from "../../src/finding/index.ts";
import { MemoryFileRoots, minionOf, parseMinionConfig, SaltCompiler } from "../../src/salt/index.ts";

type Tree = Readonly<Record<string, string>>;

const TOP = { "states/top.sls": "base:\n  '*': [a]\n" };
const PILLAR_TOP = { ...TOP, "states/a.sls": "", "pillar/top.sls": "base:\n  '*':\n    - p\n" };
const state = (text: string, more: Tree = {}): Tree => ({ ...TOP, "states/a.sls": text, ...more });
const pillar = (text: string, more: Tree = {}): Tree => ({ ...PILLAR_TOP, "pillar/p.sls": text, ...more });

/** One tree for each class of error that a compile of states and pillar can end in. The golden file holds the whole of what is printed. */
const TREES: Readonly<Record<string, Tree>> = {
  "sls-missing": state("include: [nothing]\n"),
  "an SLS of the top file is missing": { "states/top.sls": "base:\n  '*': [nothing]\n" },
  "sls-shape": state("- a\n"),
  "include-relative": state("include: [..b]\n"),
  "include that is no list": state("include: b\n"),
  "state-shape": state("x: word\n"),
  "a state twice": state("x:\n  file.managed: []\n  file.absent: []\n"),
  "IDs in conflict": state("include: [b]\nx:\n  test.nop: []\n", { "states/b.sls": "x:\n  test.nop:\n    - v: 1\n" }),
  "extend-missing": state("extend:\n  y:\n    test.nop: []\n"),
  "exclude that is no list": state("exclude: b\n"),
  "requisite-missing": state("x:\n  test.nop:\n    - require:\n      - test: y\n"),
  "requisite-recursive": state("x:\n  test.nop:\n    - require: [{test: y}]\ny:\n  test.nop:\n    - require: [{test: x}]\n"),
  "requisite-type": state("x:\n  test.nop: []\ny:\n  test.nop:\n    - require_in: [{test.nop: x}]\n"),
  "renderer-unknown": state("#!jinja|yml\nx: {test.nop: []}\n"),
  "renderer-refused": state("#!py\ndef run(): return {}\n"),
  "renderer-option": state("#!jinja -x|yaml\nx: {test.nop: []}\n"),
  "renderer-order": state("#!yaml|jinja\nx: {test.nop: []}\n"),
  "json-syntax": state("#!json\n{\n  'a': 1\n}\n"),
  "toml-syntax": state("#!toml\na = \n"),
  "toml-unsupported": state("#!toml\na = 2020-01-01\n"),
  "salt-function-refused": state("{{ salt['cmd.run']('id') }}\n"),
  "salt-render-depth": state("{{ salt['jinja.load_map']('a.sls', 'x') }}\n"),
  "jinja-limit-steps": state("{% for a in range(99999) %}\n{% for b in range(99999) %}{% endfor %}\n{% endfor %}\n"),
  "salt-limit-data": state("{% for i in range(99999) %}i{{ i }}: {test.nop: []}\n{% endfor %}\n"),
  "state-unknown": state("x:\n  fil.managed: []\n"),
  "file.managed without its directory": state("/etc/kubernetes/addons/ceph/a.yaml:\n  file.managed:\n    - contents: a\n"),
  "file.managed without its source": state("/a:\n  file.managed:\n    - source: salt://nothing\n"),
  "a template of file.managed that fails": state(
    "conf:\n  file.managed:\n    - name: /a\n    - source: salt://t\n    - template: jinja\n",
    {
      "states/t": "a: 1\nb: {{ nothing.x }}\n",
    },
  ),
  "file.replace of a pattern that tracks back": state(
    "/x: {file.managed: [{contents: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!}]}\ny: {file.replace: [{name: /x}, {pattern: '(a+)+$'}, {repl: b}]}\n",
  ),
  "file-state-needs-node": state("/etc/kubernetes/addons/a/b.yaml:\n  file.copy:\n    - source: /etc/hostname\n    - makedirs: true\n"),
  "top-shape": { "states/top.sls": "- a\n" },
  "pillar-sls-missing, named by the top file": PILLAR_TOP,
  "pillar-sls-missing, named by an include": pillar("include:\n  - q.r\na: 1\n"),
  "pillar-shape": pillar("- a\n"),
  "pillar-include that is no list": pillar("include: q\n"),
  "pillar-include of a wrong shape": pillar("include: [[q]]\n"),
  "pillar-include with a long key": pillar(`include:\n  - q:\n      key: '${"a:".repeat(100)}'\n`, { "pillar/q.sls": "b: 1\n" }),
  "pillar-include-depth": pillar(
    "include: [q0]\n",
    Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`pillar/q${index}.sls`, `include: [q${index + 1}]\n`])),
  ),
  "pillar-render": pillar("a: {{ nothing }}\n"),
  "pillar-top-render": { ...TOP, "states/a.sls": "", "pillar/top.sls": "base: {{ nothing }}\n" },
  "pillar-environment": { ...TOP, "states/a.sls": "", "pillar/top.sls": "dev:\n  '*': [p]\n" },
  "salt-pillar-in-pillar": pillar("a: {{ salt['pillar.items']() }}\n"),
};

function rootsOf(tree: Tree, kind: string): MemoryFileRoots {
  const files = Object.entries(tree).filter(([path]) => path.startsWith(`${kind}/`));
  return new MemoryFileRoots({ base: Object.fromEntries(files.map(([path, text]) => [path.slice(kind.length + 1), text])) }, kind);
}

/** Everything that a compile of the tree says. */
function said(tree: Tree): string {
  const minion = minionOf(parseMinionConfig("id: m1\n", "minion"), rootsOf(tree, "states"), rootsOf(tree, "pillar"));
  const compiler = new SaltCompiler().forMinion(minion);
  const { value, findings } = compiler.files();
  const files = value?.files.flatMap((file) => (file.kind === "error" ? file.findings : [])) ?? [];
  return sortFindings([...findings, ...files])
    .map((finding) => `${printFinding(finding)}\n`)
    .join("");
}

it("each class of error says what, where, why and what to do", async () => {
  const sections = Object.entries(TREES).map(([title, tree]) => `## ${title}\n${said(tree)}`);
  await expect(sections.join("\n")).toMatchFileSnapshot("golden/compile.txt");
});

it.each(Object.entries(TREES))("%s is an error at a place", (_title, tree) => {
  expect(said(tree)).toMatch(/error: /);
});
