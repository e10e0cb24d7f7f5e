import type { StateTree } from "../state-world.ts";

const SLS = "n-{{ sls }}-{{ saltenv }}:\n  test.nop: []\n";

function tree(title: string, files: Readonly<Record<string, string>>, config = "", saltenv?: string): StateTree {
  const every = Object.fromEntries(["a", "b", "c", "d/init", "d/e"].map((name) => [`states/${name}.sls`, SLS]));
  const dev = Object.keys(files).some((path) => path.startsWith("states@dev/")) ? { "states@dev/a.sls": SLS, "states@dev/x.sls": SLS } : {};
  return { title: `top: ${title}`, files: { ...every, ...dev, ...files }, config, ...(saltenv !== undefined && { saltenv }) };
}
function top(title: string, text: string, config = "", saltenv?: string): StateTree {
  return tree(title, { "states/top.sls": text }, config, saltenv);
}
function environments(title: string, base: string, dev: string, config = "", saltenv?: string): StateTree {
  return tree(title, { "states/top.sls": base, "states@dev/top.sls": dev }, config, saltenv);
}

const BASE = "base:\n  '*': [a]\ndev:\n  'm1': [x]\n";
const DEV = "dev:\n  '*': [a]\nbase:\n  'm*': [b]\n";

export const TOP_TREES: readonly StateTree[] = [
  top("a key twice", "base:\n  'm1': [a]\n  'm1': [b]\n"),
  top("no YAML", "base: [\n"),
  top("a template that fails", "base:\n  '*': [{{ nope }}]\n"),
  top("one target", "base:\n  '*': [a, b]\n"),
  top("targets in their order, repeats kept", "base:\n  'm*': [b, a]\n  '*': [a]\n  'x': [c]\n"),
  top("patterns of SLS", "base:\n  '*': ['d*', a]\n"),
  top("a missing SLS", "base:\n  '*': [a, nope]\n"),
  top("a missing pattern", "base:\n  '*': ['nope*']\n"),
  top("compound", "base:\n  'G@az:sjc1 and not E@x': [a]\n  'not G@az:sjc1': [b]\n", "grains: {az: sjc1}\n"),
  top("grain_pcre", "base:\n  'az:sjc[0-9]':\n    - match: grain_pcre\n    - a\n", "grains: {az: sjc1}\n"),
  tree("pillar", {
    "states/top.sls":
      "base:\n  'role:web':\n    - match: pillar\n    - a\n  'I@role:w*': [b]\n  'J@role:w.b': [c]\n  'role:web':\n    - match: pillar_exact\n    - d\n".replace(
        / {2}'role:web':\n {4}- match: pillar_exact\n {4}- d\n/,
        "",
      ),
    "pillar/top.sls": "base: {'*': [r]}\n",
    "pillar/r.sls": "role: web\n",
  }),
  tree("pillar_exact", {
    "states/top.sls": "base:\n  'role:web':\n    - match: pillar_exact\n    - a\n",
    "pillar/top.sls": "base: {'*': [r]}\n",
    "pillar/r.sls": "role: web\n",
  }),
  top("nodegroup", "base:\n  grp:\n    - match: nodegroup\n    - a\n  'N@grp': [b]\n  'N@nope': [c]\n", "nodegroups: {grp: 'm1 or m2'}\n"),
  top("match after the SLS", "base:\n  'm1,m2':\n    - a\n    - match: list\n"),
  top("no target matches", "base:\n  'x': [a]\n"),
  top("empty", ""),
  tree("none", {}),
  top("environment without targets", "base: {}\n"),
  top("environment null", "base:\n"),
  top("a list for an environment", "base: [a]\n"),
  top("target null", "base:\n  '*':\n"),
  top("target a word", "base:\n  '*': a\n"),
  top("target an empty list", "base:\n  '*': []\n"),
  top("an empty SLS name", "base:\n  '*': ['']\n"),
  top("a match without a word", "base:\n  '*':\n    - match:\n    - a\n"),
  top("an option that is false", "base:\n  '*':\n    - x: false\n    - a\n"),
  top("another option", "base:\n  '*':\n    - order: 5\n    - a\n"),
  top("Jinja", "{% set envs = ['a', 'b'] %}base:\n  '*':\n{% for e in envs %}    - {{ e }}\n{% endfor %}"),
  top("an include", "include: [more]\nbase:\n  '*': [a]\n"),
  tree("an included top file", {
    "states/top.sls": "include: ['mor*']\nbase:\n  '*': [a]\n  'm1': [c]\n",
    "states/more.sls": "base:\n  '*': [b]\n  'm?': [d]\n",
  }),
  tree("an SLS of another environment", { "states/top.sls": "base:\n  '*':\n    - a\n    - dev: x\n", "states@dev/q.sls": "" }),
  environments("merge: base has the word", BASE, DEV),
  environments("merge: dev has its own", "base:\n  '*': [a]\n", DEV),
  environments("merge_all", BASE, DEV, "top_file_merging_strategy: merge_all\n"),
  environments(
    "merge_all joins a target",
    "base:\n  '*': [a, b]\n",
    "base:\n  '*':\n    - match: glob\n    - b\n    - c\n",
    "top_file_merging_strategy: merge_all\n",
  ),
  environments("same", BASE, DEV, "top_file_merging_strategy: same\n"),
  tree(
    "same: an environment without a top file takes the default's",
    { "states/top.sls": BASE, "states@dev/q.sls": "" },
    "top_file_merging_strategy: same\ndefault_top: base\n",
  ),
  environments("an unknown strategy", BASE, DEV, "top_file_merging_strategy: nope\n"),
  environments("env_order", BASE, "dev:\n  '*': [a]\n", "env_order: [dev, base]\n"),
  environments("env_order leaves environments out", BASE, DEV, "env_order: [dev]\n"),
  environments("saltenv of the config", BASE, DEV, "saltenv: dev\n"),
  environments("saltenv asked for", BASE, DEV, "", "dev"),
  environments("saltenv that is none", BASE, DEV, "", "nope"),
  environments("state_top_saltenv", BASE, DEV, "state_top_saltenv: dev\n"),
  tree("state_top", { "states/other.sls": "base:\n  '*': [b]\n", "states/top.sls": "base:\n  '*': [a]\n" }, "state_top: other.sls\n"),
  tree("state_top as a URL", { "states/d/t.sls": "base:\n  '*': [b]\n" }, "state_top: salt://d/t.sls\n"),
  tree("state_top from the root", { "states/d/t.sls": "base:\n  '*': [b]\n" }, "state_top: /d/t.sls\n"),
];
