import { PyDict } from "../../../src/python/index.ts";
import type { StateTree } from "../state-world.ts";

const TOP = "base:\n  '*': [p, q]\n";
/** Trees of two pillar SLS of one environment. */
function two(title: string, p: string, q: string, config = ""): StateTree {
  return { title: `pillar: ${title}`, files: { "pillar/top.sls": TOP, "pillar/p.sls": p, "pillar/q.sls": q }, config };
}
/** Trees of the pillar SLS `p` and files beside it. */
function one(title: string, files: Readonly<Record<string, string>>, config = ""): StateTree {
  const named = Object.fromEntries(Object.entries(files).map(([path, text]) => [`pillar/${path}`, text]));
  return { title: `pillar: ${title}`, files: { "pillar/top.sls": "base:\n  '*': [p]\n", ...named }, config };
}
function top(title: string, text: string, config = ""): StateTree {
  return {
    title: `pillar top: ${title}`,
    files: {
      "pillar/top.sls": text,
      "pillar/a.sls": "a: 1\nwho: a\n",
      "pillar/b.sls": "b: 2\nwho: b\n",
      "pillar/d/init.sls": "d: 3\nwho: d\n",
      "pillar/d/e.sls": "e: 4\nwho: e\n",
    },
    config,
  };
}

const LEFT = "a: {x: 1, l: [1, 2], d: {k: 1}}\nl: [1, 2]\ns: left\nn: {x: 1}\nonly_left: 1\n";
const RIGHT = "a: {y: 2, l: [2, 3, 3], d: {k: 2, m: 3}}\nl: [3, 1]\ns: right\nn: null\nonly_right: 2\n";

export const PILLAR_TREES: readonly StateTree[] = [
  one(
    "an SLS that includes itself under a key",
    { "p.sls": "include: [{p: {key: 'a:b'}}]\na: []\n" },
    "pillar_source_merging_strategy: overwrite\npillar_includes_override_sls: true\n",
  ),
  two("merged by the default strategy", LEFT, RIGHT),
  two("merged with lists joined", LEFT, RIGHT, "pillar_merge_lists: true\n"),
  ...["smart", "recurse", "aggregate", "overwrite", "list", "none", "nonsense"].flatMap((strategy) => [
    two(`strategy ${strategy}`, LEFT, RIGHT, `pillar_source_merging_strategy: ${strategy}\n`),
    two(`strategy ${strategy} with lists joined`, LEFT, RIGHT, `pillar_source_merging_strategy: ${strategy}\npillar_merge_lists: true\n`),
    one(
      `includes under strategy ${strategy}`,
      { "p.sls": `include: [i, j]\n${RIGHT}`, "i.sls": LEFT, "j.sls": "a: {l: [9]}\nl: [9]\nj: 1\n" },
      `pillar_source_merging_strategy: ${strategy}\n`,
    ),
  ]),
  two("an anchor's data merged stays shared", "a: &x {k: 1}\nb: *x\n", "a: {k: 2}\n"),
  two("key order is that of first mention", "b: 1\na: 2\n", "c: 3\na: 4\nb: 5\n"),
  two("keys of other types", "1: one\ntrue: yes\n", "1: uno\n2.5: float\nnull: none\n"),
  two("a dict replaced by a scalar, a scalar by a dict", "a: {x: 1}\nb: 1\n", "a: 1\nb: {x: 1}\n"),
  two("empty SLS", "", "q: 1\n"),
  two("an SLS that is only comments", "# nothing\n", "q: 1\n"),
  two("an SLS that is a list", "- 1\n- 2\n", "q: 1\n"),
  two("an SLS that is a word", "word\n", "q: 1\n"),
  two("a broken SLS leaves the rest", "p: [\n", "q: 1\n"),
  two("errors in full", "p: {{ nope }}\n", "q: 1\n", "pillar_safe_render_error: false\n"),
  two("an undefined variable", "p: {{ nope }}\n", "q: 1\n"),
  two("yamlex-like names are plain", "a: 1\n", "b: 2\n", "renderer: jinja|yaml\n"),
  two("pillar is not there while it is compiled", "p: 1\n", "q: {{ pillar | length }}\nr: {{ salt['pillar.get']('p', 'no') }}\n"),
  two(
    "grains and opts are there",
    "az: {{ grains.az }}\nid: {{ grains.id }}\n",
    "o: {{ opts.id }}\nenv: {{ saltenv }}\nsls: {{ sls }}\n",
    "grains: {az: sjc1}\n",
  ),
  one("an include goes under its includer", { "p.sls": "include: [i]\nwho: p\nd: {p: 1}\n", "i.sls": "who: i\nd: {i: 1}\n" }),
  one(
    "an include over its includer",
    { "p.sls": "include: [i]\nwho: p\nd: {p: 1}\n", "i.sls": "who: i\nd: {i: 1}\n" },
    "pillar_includes_override_sls: true\n",
  ),
  one("includes in their order", { "p.sls": "include: [i, j]\n", "i.sls": "who: i\ni: 1\n", "j.sls": "who: j\nj: 1\n" }),
  one(
    "includes in their order, over",
    { "p.sls": "include: [i, j]\nwho: p\n", "i.sls": "who: i\ni: 1\n", "j.sls": "who: j\nj: 1\n" },
    "pillar_includes_override_sls: true\n",
  ),
  one("an include under a key", { "p.sls": "include:\n  - i:\n      key: x:y\nwho: p\nx: {z: 1}\n", "i.sls": "who: i\n" }),
  one("an include with defaults", { "p.sls": "include:\n  - i:\n      defaults: {a: 1, b: two}\n", "i.sls": "i: {{ a }}-{{ b }}\n" }),
  one("defaults leak to plain names after them", {
    "p.sls": "include:\n  - i:\n      defaults: {a: 1}\n  - j\n  - k: {}\n",
    "i.sls": "i: {{ a }}\n",
    "j.sls": "j: {{ a | default('none') }}\n",
    "k.sls": "k: {{ a | default('none') }}\n",
  }),
  one("key and defaults", { "p.sls": "include:\n  - i:\n      key: k\n      defaults: {a: [1, 2]}\n", "i.sls": "i: {{ a | json }}\n" }),
  one("the same include twice under two keys", { "p.sls": "include:\n  - i: {key: a}\n  - i: {key: b}\n", "i.sls": "n: [1]\n" }),
  one("an include that includes", {
    "p.sls": "include: [i]\nwho: p\n",
    "i.sls": "include: [j]\nwho: i\ni: 1\n",
    "j.sls": "who: j\nj: 1\ni: 9\n",
  }),
  one(
    "an include that includes, over",
    { "p.sls": "include: [i]\nwho: p\n", "i.sls": "include: [j]\nwho: i\ni: 1\n", "j.sls": "who: j\nj: 1\ni: 9\n" },
    "pillar_includes_override_sls: true\n",
  ),
  one("includes in a circle", { "p.sls": "include: [i]\nwho: p\n", "i.sls": "include: [p]\nwho: i\ni: 1\n" }),
  one("an include of itself", { "p.sls": "include: [p]\nwho: p\n" }),
  one("an include by pattern", { "p.sls": "include: ['i*']\n", "i1.sls": "who: i1\na: 1\n", "i2.sls": "who: i2\nb: 1\n" }),
  one("an include by directory", { "p.sls": "include: [d.x, d]\n", "d/x.sls": "x: 1\n", "d/init.sls": "d: 1\n" }),
  one("an include with a slash", { "p.sls": "include: [d/x]\n", "d/x.sls": "x: 1\n" }),
  one("a relative include", { "p.sls": "include: [d]\n", "d/init.sls": "include: [.x]\n", "d/x.sls": "x: 1\n" }),
  one("a relative include from a plain SLS", { "p.sls": "include: [d.y]\n", "d/y.sls": "include: [.x]\n", "d/x.sls": "x: 1\n" }),
  one("a relative include finds the top level's SLS of that name too", {
    "p.sls": "include: [d.y]\n",
    "d/y.sls": "include: [.x]\n",
    "d/x.sls": "x: 1\ny: 1\n",
    "x.sls": "x: 2\nz: 2\n",
  }),
  one("a missing include", { "p.sls": "include: [nope]\nwho: p\n" }),
  one("a broken include is told twice", { "p.sls": "include: [i, j]\nwho: p\n", "i.sls": "i: [\n", "j.sls": "j: 1\n" }),
  one("include that is no list", { "p.sls": "include: i\nwho: p\n", "i.sls": "i: 1\n" }),
  one("an empty include list", { "p.sls": "include: []\nwho: p\n" }),
  one("an include of an empty SLS", { "p.sls": "include: [i]\nwho: p\n", "i.sls": "" }),
  one("a.sls beats a/init.sls", { "p.sls": "include: [a]\n", "a.sls": "who: plain\n", "a/init.sls": "who: init\n" }),
  one("Jinja before YAML", { "p.sls": "{% for i in range(3) %}k{{ i }}: {{ i * 2 }}\n{% endfor %}" }),
  one("a pipe of its own", { "p.sls": '#!json\n{"a": {"b": [1, 2.5, null]}}\n' }),
  top("one target", "base:\n  '*': [a]\n"),
  top("the order of targets decides", "base:\n  '*': [b]\n  'm*': [a]\n"),
  top("order in a target", "base:\n  '*':\n    - order: 2\n    - b\n  'm*':\n    - order: 1\n    - a\n"),
  top(
    "order as text, and as a word",
    "base:\n  '*':\n    - order: '2'\n    - b\n  'm*':\n    - order: nope\n    - a\n  'm1':\n    - order: -1\n    - d\n",
  ),
  top("an SLS twice counts once", "base:\n  '*': [a, b]\n  'm1': [b, a]\n"),
  top("patterns of SLS", "base:\n  '*': ['d*']\n"),
  top("patterns that overlap", "base:\n  '*': [a, '?']\n"),
  top("no target matches", "base:\n  'x*': [a]\n"),
  top("a missing SLS", "base:\n  '*': [a, nope]\n"),
  top("a missing SLS ignored", "base:\n  '*':\n    - ignore_missing: true\n    - a\n    - nope\n"),
  top("a grain", "base:\n  'az:sjc1':\n    - match: grain\n    - a\n  'G@az:sjc1 and m*':\n    - b\n", "grains: {az: sjc1}\n"),
  top(
    "a nodegroup",
    "base:\n  grp:\n    - match: nodegroup\n    - a\n  'N@grp and not N@other': [b]\n",
    "nodegroups: {grp: 'm1,m2', other: L@x}\n",
  ),
  top(
    "matchers list, pcre, glob, ipcidr",
    "base:\n  'm1,m2':\n    - match: list\n    - a\n  'm\\d':\n    - match: pcre\n    - b\n  'm?':\n    - match: glob\n    - d\n  '10.0.0.0/8':\n    - match: ipcidr\n    - d.e\n",
    "grains: {ipv4: [10.1.2.3]}\n",
  ),
  top("an include", "include: [d.e]\nbase:\n  '*': [a]\n"),
  {
    title: "pillar top: an included top file",
    files: {
      "pillar/top.sls": "include: [more]\nbase:\n  '*': [a]\n",
      "pillar/more.sls": "base:\n  'm*': [b]\n  '*': [c]\n",
      "pillar/a.sls": "a: 1\n",
      "pillar/b.sls": "b: 1\n",
      "pillar/c.sls": "c: 1\n",
    },
  },
  top("a target that is a word is its letters", "base:\n  '*': ab\n"),
  top("a target that is null", "base:\n  '*':\n"),
  top("an environment that is null", "base:\n"),
  top("an environment that is a list", "base: [a]\n"),
  top("an environment that is an empty list", "base: []\n"),
  top("an empty top file", ""),
  top("Jinja in it", "base:\n  '*':\n    - {{ 'a' if grains.az == 'x' else 'b' }}\n", "grains: {az: x}\n"),
  top("Jinja that fails", "base:\n  '*': [{{ nope }}]\n"),
  top("an environment that the config has not", "nope:\n  '*': [a]\nbase:\n  '*': [b]\n"),
  { title: "pillar top: none at all", files: { "pillar/a.sls": "a: 1\n" } },
  {
    title: "pillar: two environments",
    files: { "pillar/top.sls": "base:\n  '*': [a]\ndev:\n  '*': [b]\n", "pillar/a.sls": "a: 1\nwho: base\n", "pillar@dev/b.sls": "b: 1\n" },
  },
  {
    title: "pillar: pillarenv picks one environment",
    files: {
      "pillar/top.sls": "base:\n  '*': [a]\n",
      "pillar@dev/top.sls": "dev:\n  '*': [b]\n",
      "pillar/a.sls": "a: 1\n",
      "pillar@dev/b.sls": "b: 1\n",
    },
    config: "pillarenv: dev\n",
  },
  {
    title: "pillar: pillarenv that is none",
    files: { "pillar/top.sls": "base:\n  '*': [a]\n", "pillar/a.sls": "a: 1\n" },
    config: "pillarenv: nope\n",
  },
  {
    title: "pillar: strategy none takes base alone",
    files: {
      "pillar/top.sls": "base:\n  '*': [a]\n",
      "pillar@dev/top.sls": "dev:\n  '*': [b]\n",
      "pillar/a.sls": "a: 1\n",
      "pillar@dev/b.sls": "b: 1\n",
    },
    config: "pillar_source_merging_strategy: none\n",
  },
  {
    ...one("override", { "p.sls": "k: 5\nl: [1]\nd: {a: 1}\n" }),
    pillar: PyDict.of([
      ["k", 6],
      ["l", [2]],
      ["d", PyDict.of([["b", 2]])],
      ["new", null],
    ]),
  },
  {
    ...one("override with lists joined", { "p.sls": "k: 5\nl: [1]\nd: {a: 1}\n" }, "pillar_merge_lists: true\n"),
    pillar: PyDict.of([
      ["k", 6],
      ["l", [2]],
    ]),
  },
  {
    ...two(
      "the pillar before the override is there when it is compiled anew",
      "k: 5\n",
      "seen: {{ pillar.get('k') }}{{ salt['pillar.get']('k', 'no') }}\n",
    ),
    pillar: PyDict.of([["k", 6]]),
  },
  {
    ...one("override under strategy overwrite", { "p.sls": "d: {a: 1}\n" }, "pillar_source_merging_strategy: overwrite\n"),
    pillar: PyDict.of([["d", PyDict.of([["b", 2]])]]),
  },
];
