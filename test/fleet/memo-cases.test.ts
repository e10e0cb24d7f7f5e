import { describe, expect, test } from "vitest";
import { expectSame, fleetOf } from "./memory-fleet.ts";

interface Tree {
  readonly clusters?: number;
  readonly config?: string;
  /** Default: clusters in two zones, of two roles. */
  readonly roster?: string;
  /** By path below the tree's top; `pillar/top.sls` gives every cluster `p`, `states/top.sls` every cluster `s`, unless they are here. */
  readonly files: Readonly<Record<string, string>>;
}

const addon = (name: string, file: string, template: string, more = ""): string =>
  `${name}-${file}:\n  file.managed:\n    - name: /etc/kubernetes/addons/${name}/${file}.yaml\n    - source: salt://${template}\n    - template: jinja\n    - makedirs: True\n${more}`;

const map = (name: string, value: string, before = ""): string =>
  `${before}apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: default}\ndata: {v: {{ (${value}) | string | tojson }}}\n`;

function compiledAlike({ clusters = 4, config = "", roster: given, files }: Tree): ReturnType<typeof expectSame> {
  const roster = Array.from({ length: clusters }, (_, index) => {
    const id = `c${String(index + 1).padStart(3, "0")}`;
    return `${id}: {minion_opts: {grains: {az: z${index % 2}, role: ${"ab"[index % 2]}}}}\n`;
  });
  return expectSame(
    fleetOf(
      new Map(
        Object.entries({
          "halite.yaml": `kubernetes: "1.36"\n${config}`,
          "roster.yaml": given ?? roster.join(""),
          "pillar/top.sls": "base:\n  '*':\n    - p\n",
          "pillar/p.sls": "",
          "states/top.sls": "base:\n  '*':\n    - s\n",
          ...files,
        }),
      ),
    ),
  );
}

/** A manifest's name, made of the file's. */
const NAMED = "m{{ name | replace('/', '-') }}";

const MANIFEST = "{apiVersion: v1, kind: ConfigMap, metadata: {name: written, namespace: default}}";

const WARNS = "    - onlyif:\n      - fun: mine.get\n        args: ['*', x]\n";

const PRINTS_PILLAR = { "states/s.sls": addon("one", "a", "read"), "states/read": map("a", "pillar") };

const PILLAR = "m: {x: 1}\nl: [1]\n";

/** Ids of which some are no strings to YAML, or no label. */
const IDS = ["c1", "c2", "c22", "on", "1e3", "null", "a.b_c-d", "z".repeat(64), "c3", "é"];

const ownMap = (text: string, before = "", name = "own"): string =>
  `${before}apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: default\n  annotations:\n    example.com/cluster: ${text}\n`;

/** Templates by how they print the id. */
const PRINTS_ID: Readonly<Record<string, string | { readonly own: string; readonly files: Readonly<Record<string, string>> }>> = {
  plainly: ownMap("{{ grains.id }}"),
  "in quotes": ownMap('"{{ grains.id }}"'),
  "as an item": ownMap("{{ grains['id'] }}"),
  "by get": ownMap("{{ grains.get('id') }}"),
  "within a text, twice": ownMap("in-{{ grains.id }}-of-{{ grains.id }}"),
  "and compared": ownMap("{{ grains.id }}{% if grains.id == 'c2' %}2{% endif %}"),
  "as the name": ownMap("x", "", "{{ grains.id | lower | replace('.', '-') | replace('_', '-') }}"),
  "as the name, whatever it is": ownMap("x", "", "n-{{ grains.id }}"),
  "in a comment": ownMap("x", "# {{ grains.id }}\n"),
  "by a filter": ownMap("{{ grains.id | upper }}"),
  "by a macro": ownMap("{{ own() }}", "{% macro own() %}{{ grains.id }}{% endmacro %}"),
  "into a text that is measured": ownMap("l{{ t | length }}", "{% set t %}{{ grains.id }}{% endset %}"),
  "into a filter": ownMap("x{% filter length %}{{ grains.id }}{% endfilter %}"),
  "in a loop": ownMap("x{% for i in [1, 2] %}-{{ grains.id }}{% endfor %}"),
  "by a loop that calls itself": ownMap("x{% for i in [1] recursive %}-{{ grains.id }}{{ loop([]) }}{% endfor %}"),
  "by what it includes": { own: ownMap("{% include 'part' %}"), files: { "states/part": "{{ grains.id }}" } },
  "by what it imports": {
    own: ownMap("{{ name }}", "{% from 'part' import name with context %}"),
    files: { "states/part": "{% set name %}{{ grains.id }}{% endset %}" },
  },
  "in a block of what it extends": {
    own: "{% extends 'part' %}{% block name %}{{ grains.id }}{% endblock %}",
    files: { "states/part": ownMap("{{ grains.id }}-{% block name %}{% endblock %}") },
  },
  "from options": ownMap("{{ opts.id }}"),
  "from pillar": ownMap("{{ pillar.own }}-{{ pillar.deep.own }}"),
  "from a copy of pillar": ownMap("{{ cfg.own }}", "{% set cfg = salt['pillar.get']('deep', {'more': 2}, merge=True) %}"),
  "from a copy of pillar that was changed": ownMap(
    "{{ cfg.own }}",
    "{% set cfg = salt['pillar.get']('deep', {'more': 2}, merge=True) %}{% do pillar.update({'deep': 1}) %}",
  ),
  "and is no text in one cluster": ownMap("x-{{ pillar.other }}"),
  escaped: ownMap("{% autoescape true %}{{ grains.id }}{% endautoescape %}"),
  "behind a write of it": ownMap("{{ pillar.own }}", "{% do pillar.update({'own': 'written'}) %}"),
};

/** Pillar top files by where the id stands in them. */
const NAMES_ID: Readonly<Record<string, string>> = {
  "as an SLS": "base:\n  '*':\n    - p\n    - {{ grains.id }}\n",
  "behind a prefix": "base:\n  '*':\n    - p\n    - own.{{ grains.id }}\n",
  "before a suffix": "base:\n  '*':\n    - p\n    - {{ grains.id }}-x\n",
  "twice in a name": "base:\n  '*':\n    - {{ grains.id }}{{ grains.id }}\n    - {{ grains.id }}\n",
  "as an SLS that is named too": "base:\n  '*':\n    - c2\n    - {{ grains.id }}\n    - p\n  'c*':\n    - c22\n    - {{ grains.id }}\n",
  "in an SLS that may be missing": "base:\n  '*':\n    - p\n    - own.{{ grains.id }}\n    - ignore_missing: True\n",
  "in quotes": "base:\n  '*':\n    - p\n    - 'own.{{ grains.id }}'\n",
  "as a target": "base:\n  '{{ grains.id }}':\n    - p\n    - c2\n",
  "as an environment": "base:\n  '*':\n    - p\n{{ grains.id }}:\n  '*':\n    - p\n",
  "in a flow sequence": "base: {'*': [p, own.{{ grains.id }}]}\n",
  "in a comment": "base:\n  '*':\n    - p # {{ grains.id }}\n",
  "in a scalar of several lines": "base:\n  '*':\n    - p\n      - own.{{ grains.id }}\n",
  "in a block scalar": "base:\n  '*':\n    - |-\n      - {{ grains.id }}\n",
  "in a matcher": "base:\n  x:\n    - match: {{ grains.id }}\n    - p\n",
  "in an order": "base:\n  '*':\n    - order: {{ grains.id }}\n    - p\n",
  "as an included top file": "include:\n  - {{ grains.id }}\nbase:\n  '*':\n    - p\n",
  "beside a warning": "{% do salt['mine.get']('*', 'x') %}base:\n  '*':\n    - p\n    - own.{{ grains.id }}\n",
  "and the file is broken": "base:\n  '*':\n    - own.{{ grains.id }}\n   - p\n",
  "beside a target that can't be judged": "base:\n  'E@(':\n    - own.{{ grains.id }}\n",
  "beside a target that hangs on the id": "base:\n  'c2*':\n    - own.{{ grains.id }}\n  'L@on,null':\n    - {{ grains.id }}\n",
  "of another renderer": '#!jinja|json\n{"base": {"*": [\n"p",\n"own.{{ grains.id }}"\n]}}\n',
  "and is compared": "base:\n  '*':\n    - own.{{ grains.id }}\n{% if grains.id == 'c2' %}    - c22\n{% endif %}",
};

describe("the memo changes nothing", () => {
  test.each<readonly [string, Tree]>([
    [
      "where a template of one addon writes into pillar between two of another",
      {
        files: {
          "pillar/p.sls": PILLAR,
          "states/s.sls": addon("one", "a", "read") + addon("two", "b", "write") + addon("one", "c", "read"),
          "states/read": map(NAMED, "pillar.m"),
          "states/write": map("w", "1", "{% do pillar.m.update({'x': 2}) %}"),
        },
      },
    ],
    [
      "where a template appends to a list of pillar and one that is run with it fails",
      {
        files: {
          "pillar/p.sls": PILLAR,
          "states/s.sls": addon("one", "a", "append") + addon("two", "b", "fail", "    - require:\n      - file: one-a\n"),
          "states/append": map("a", "pillar.l", "{% do pillar.l.append(2) %}"),
          "states/fail": "{{ raise('no') }}",
        },
      },
    ],
    [
      "where a template appends to a list of pillar and a condition warns",
      {
        files: {
          "pillar/p.sls": PILLAR,
          "states/s.sls": addon("one", "a", "append") + addon("two", "b", "plain", WARNS),
          "states/append": map("a", "pillar.l", "{% do pillar.l.append(2) %}"),
          "states/plain": map("b", "1"),
        },
      },
    ],
    [
      "where a template writes what a state run with it takes from pillar, and what a condition asks",
      {
        files: {
          "pillar/p.sls": "text: '{}'\n",
          "states/s.sls":
            addon("one", "a", "write") +
            "two-b:\n  file.managed:\n    - name: /etc/kubernetes/addons/two/b.yaml\n    - contents_pillar: text\n    - makedirs: True\n    - require:\n      - file: one-a\n" +
            addon("one", "c", "plain", "    - onlyif:\n      - fun: pillar.get\n        args: [flag]\n"),
          "states/write": map("a", "1", `{% do pillar.update({'text': '${MANIFEST}', 'flag': True}) %}`),
          "states/plain": map("c", "1"),
        },
      },
    ],
    [
      "where a list that an SLS has put into pillar is appended to by templates, in one of two addons that take turns",
      {
        files: {
          "states/s.sls":
            "{% do pillar.update({'own': [], 'deep': {'x': {}}}) %}\n" +
            addon("one", "a", "read") +
            addon("two", "b", "write") +
            addon("one", "c", "read"),
          "states/read": map(NAMED, "pillar"),
          "states/write": map("w", "1", "{% do pillar.own.append(grains.role) %}{% do pillar.deep.x.update({'y': 1}) %}"),
        },
      },
    ],
    [
      "where a list that an SLS has appended to is appended to by templates that take turns",
      {
        files: {
          "pillar/p.sls": PILLAR,
          "states/s.sls":
            "{% do pillar.l.append('sls') %}\n" + addon("one", "a", "append") + addon("two", "b", "append") + addon("one", "c", "append"),
          "states/append": map(NAMED, "pillar.l", "{% do pillar.l.append(2) %}"),
        },
      },
    ],
    [
      "where a copy that a template has put into pillar is written to",
      {
        files: {
          "pillar/p.sls": "m: {x: 1, n: {y: 1}}\n",
          "states/s.sls":
            "{% do pillar.update({'copied': pillar.m.copy()}) %}\n" +
            addon("one", "a", "read") +
            addon("two", "b", "write") +
            addon("one", "c", "read"),
          "states/read": map(NAMED, "pillar"),
          "states/write": map("w", "1", "{% do pillar.copied.update({'x': 2}) %}{% do pillar.copied.n.update({'y': 2}) %}"),
        },
      },
    ],
    [
      "where a list of pillar is changed under another name that a template gave it",
      {
        files: {
          "pillar/p.sls": PILLAR,
          "states/top.sls": "base:\n  '*':\n    - s0\n  'c00[24]':\n    - s1\n    - s2\n  'c*':\n    - s3\n",
          "states/s0.sls": "{% do pillar.get('nothing') %}\n",
          "states/s1.sls": "{% do pillar.update({'alias': pillar.l}) %}\n",
          "states/s2.sls": "{% do pillar.alias.append('more') %}\n",
          "states/s3.sls": `a:\n  file.managed:\n    - name: /etc/kubernetes/addons/one/a.yaml\n    - makedirs: True\n    - contents: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}, data: {v: '{{ pillar.l | join }}'}}"\n`,
        },
      },
    ],
    [
      "where pillar holds itself",
      {
        files: {
          "pillar/p.sls": "m: &m {x: 1, me: *m}\nl: &l [1, *l]\n",
          "states/s.sls": addon("one", "a", "read"),
          "states/read": map("a", "pillar.l | length"),
        },
      },
    ],
    [
      "where one cluster has a pillar error beside a pillar that others have too",
      {
        files: {
          "pillar/top.sls": "base:\n  '*':\n    - p\n  c002:\n    - broken\n",
          "pillar/p.sls": PILLAR,
          "pillar/broken.sls": "{{ raise('no') }}",
          ...PRINTS_PILLAR,
        },
      },
    ],
    [
      "where an anchor of pillar stands for what another SLS puts more into",
      {
        files: {
          "pillar/top.sls": "base:\n  '*':\n    - p\n    - more\n",
          "pillar/p.sls": "m: &m {x: 1}\nn: *m\n",
          "pillar/more.sls": "m: {y: 2}\n",
          ...PRINTS_PILLAR,
        },
      },
    ],
    [
      "where an SLS is included under two keys and one of them gets more",
      {
        files: {
          "pillar/top.sls": "base:\n  '*':\n    - p\n    - more\n",
          "pillar/p.sls": "include:\n  - sub:\n      key: a\n  - sub:\n      key: b\n",
          "pillar/sub.sls": "m: {x: 1}\n",
          "pillar/more.sls": "a: {m: {y: 2}}\n",
          ...PRINTS_PILLAR,
        },
      },
    ],
    [
      "where an SLS stands at the top and under a key, and one of them gets more",
      {
        files: {
          "pillar/top.sls": "base:\n  '*':\n    - sub\n    - p\n    - more\n    - list\n",
          "pillar/p.sls": "include:\n  - sub:\n      key: a\n",
          "pillar/sub.sls": "m: {x: 1}\n",
          "pillar/more.sls": "m: {y: 2}\n",
          "pillar/list.sls": "l: &l [1]\nk: {l: *l}\n",
          ...PRINTS_PILLAR,
        },
      },
    ],
    [
      "where pillar that holds itself is merged over itself",
      {
        files: {
          "pillar/top.sls": "base:\n  '*':\n    - p\n    - q\n",
          "pillar/p.sls": "m: &m {x: 1, me: *m}\n",
          "pillar/q.sls": "m: &m {x: 2, me: *m}\n",
          ...PRINTS_PILLAR,
        },
      },
    ],
    ...["overwrite", "aggregate", "list", "none", "recurse", "unheard-of"].map((strategy): [string, Tree] => [
      `where SLS that some clusters include and others have by themselves are merged by the strategy ${strategy}`,
      {
        config: `pillar_source_merging_strategy: ${strategy}\n`,
        files: {
          "pillar/top.sls": "base:\n  'c00[13]':\n    - p\n  'c00[24]':\n    - sub\n  'c*':\n    - more\n",
          "pillar/p.sls": "include:\n  - sub\nm: {y: {{ grains.role }}}\nl: [{{ grains.role }}]\n",
          "pillar/sub.sls": "m: {x: 1}\nl: [1]\n",
          "pillar/more.sls": "n: {z: 1}\n",
          ...PRINTS_PILLAR,
        },
      },
    ]),
    [
      "where grains of the roster stand twice, by an anchor in one cluster and in two, and a template appends to them and to an option",
      {
        config: "custom: [1]\n",
        roster:
          "c1: {minion_opts: {grains: &g {az: z0, list: &l [1], same: *l}}}\nc2: {minion_opts: {grains: *g}}\nc3: {minion_opts: {grains: {az: z0, list: *l}}}\n",
        files: {
          "states/s.sls": addon("one", "a", "append") + addon("two", "b", "read"),
          "states/append": map("a", "[grains, opts.custom]", "{% do grains.list.append(2) %}{% do opts.custom.append(2) %}"),
          "states/read": map("b", "grains"),
        },
      },
    ],
    [
      "where grains hold themselves",
      {
        roster: "c1: {minion_opts: {grains: {az: z0, list: &l [1, *l]}}}\nc2: {minion_opts: {grains: {az: z0}}}\n",
        files: { "states/s.sls": addon("one", "a", "read"), "states/read": map("a", "grains | length") },
      },
    ],
    [
      "where requisites change the order of what is left to the node",
      {
        files: {
          "states/s.sls":
            "a:\n  pkg.installed:\n    - require:\n      - pkg: c\nb:\n  pkg.installed: []\nc:\n  pkg.installed:\n    - require:\n      - file: one-x\n" +
            addon("one", "x", "read") +
            addon("two", "y", "read"),
          "states/read": map("a", "1"),
        },
      },
    ],
    ...Object.entries(PRINTS_ID).map(([what, template]): readonly [string, Tree] => [
      `where the id is printed ${what}`,
      {
        roster: IDS.map((id) => `"${id}": {minion_opts: {grains: {az: z0}}}\n`).join(""),
        files: {
          "pillar/p.sls":
            "own: '{{ grains.id }}'\ndeep: {own: '{{ grains.id }}', more: 1}\nother: {{ 1 if grains.id == 'c2' else 'text' }}\n",
          "states/s.sls": addon("one", "a", "own") + addon("one", "b", "same") + addon("two", "c", "own"),
          "states/own": typeof template === "string" ? template : template.own,
          "states/same": map("same", "1"),
          ...(typeof template === "string" ? {} : template.files),
        },
      },
    ]),
    ...Object.entries(NAMES_ID).map(([what, top]): readonly [string, Tree] => [
      `where the pillar's top file has the id ${what}`,
      {
        roster: [...IDS, "p", "-c", "a b", "own.c2", "0x1f", "12"].map((id) => `"${id}": {minion_opts: {grains: {az: z0}}}\n`).join(""),
        files: {
          "pillar/top.sls": top,
          "pillar/p.sls": "v: p\nm: {p: 1}\n",
          "pillar/c2.sls": "v: c2\nm: {c2: 1}\nbase: {'*': [c22]}\n",
          "pillar/c22.sls": "v: c22\nm: {c22: 1}\n",
          "pillar/on.sls": "m: {on: 1}\n",
          "pillar/12.sls": "m: {12: 1}\n",
          "pillar/own/c1.sls": "m: &m {own: 1}\nn: *m\n",
          "pillar/own/c2.sls": "include:\n  - c22\nm: {own: {{ grains.id }}}\n",
          "pillar/own/c22.sls": "{{ raise('no') }}",
          "pillar/own/c3.sls": "- no mapping\n",
          "pillar/own/on.sls": "m: {own: on}\nl: [{{ grains.id }}]\n",
          "pillar/own/null.sls": "",
          "pillar/c3-x.sls": "#!yaml\nm: {'{{': 1}\n",
          "pillar/c2c2.sls": "m: {twice: 1}\n",
          "states/s.sls": addon("one", "a", "read"),
          "states/read": map("a", "pillar"),
        },
      },
    ]),
    [
      "where the id is printed in a file that is changed afterwards",
      {
        files: {
          "states/s.sls":
            addon("one", "a", "own") +
            "more:\n  file.append:\n    - name: /etc/kubernetes/addons/one/a.yaml\n    - text: '# {{ grains.id }}'\n    - require:\n      - file: one-a\n",
          "states/own": ownMap("{{ grains.id }}"),
        },
      },
    ],
    [
      "where the id is printed by an SLS, as a state's name and in what it writes",
      {
        files: {
          "states/s.sls":
            "of {{ grains.id }}:\n  file.managed:\n    - name: /etc/kubernetes/addons/one/{{ grains.id }}.yaml\n    - makedirs: True\n    - contents: '" +
            MANIFEST +
            "'\n",
        },
      },
    ],
    [
      "where the id is printed by a template that writes to pillar, and others read that",
      {
        files: {
          "pillar/p.sls": PILLAR,
          "states/s.sls": addon("one", "a", "write") + addon("two", "b", "read") + addon("two", "c", "keys"),
          "states/write": ownMap("{{ grains.id }}", "{% do pillar.update({'seen': {'role': grains.role}}) %}"),
          "states/read": map("b", "pillar.seen.role ~ pillar.m.x"),
          "states/keys": map("c", "pillar.keys() | list"),
        },
      },
    ],
    [
      "where what is written to pillar hangs on the id, and is the id, and is written twice",
      {
        files: {
          "pillar/p.sls": PILLAR,
          "states/s.sls":
            addon("one", "a", "write") + addon("two", "b", "read") + addon("three", "c", "again") + addon("four", "d", "read"),
          "states/write": map("a", "1", "{% do pillar.update({'seen': {'id': grains.id}, 'm': {'x': grains.id[-1:]}}) %}"),
          "states/read": map(NAMED, "[pillar.seen, pillar.m, pillar.l]"),
          "states/again": map("c", "pillar.m.x", "{% do pillar.update({'m': {'x': grains.role}, 'l': grains.role}) %}"),
        },
      },
    ],
    [
      "where a mapping is written to pillar under two names, and one of a list, and one that is changed later",
      {
        files: {
          "pillar/p.sls": "m: {x: 1}\nl: [{x: 1}]\n",
          "states/s.sls": addon("one", "a", "write") + addon("two", "b", "change") + addon("three", "c", "read"),
          "states/write": map(
            "a",
            "1",
            "{% set d = {'x': 1} %}{% do pillar.update({'p': d, 'q': d}) %}{% do pillar.update({'first': pillar.l[0], 'own': {}, 'view': pillar.m}) %}",
          ),
          "states/change": map(
            "b",
            "2",
            "{% do pillar.p.update({'x': 2}) %}{% do pillar.first.update({'x': 3}) %}{% do pillar.own.update({'x': 4}) %}",
          ),
          "states/read": map("c", "[pillar.p, pillar.q, pillar.l, pillar.first, pillar.own, pillar.view]"),
        },
      },
    ],
  ])("%s", (_what, tree) => {
    compiledAlike(tree);
  });

  test("where many clusters print their ids, the templates are rendered once", () => {
    const { counts } = compiledAlike({
      clusters: 60,
      files: {
        "pillar/p.sls": PILLAR,
        "states/s.sls": addon("one", "a", "own") + addon("two", "b", "write") + addon("three", "c", "read"),
        "states/own": ownMap("{{ grains.id }}"),
        "states/write": ownMap("{{ grains.id }}", "{% do pillar.update({'seen': {'role': grains.role}}) %}"),
        "states/read": map("b", "pillar.seen.role"),
      },
    });
    expect(counts.computed).toBeLessThan(80);
  });

  test("where more clusters than a plan is kept for have texts of their own", () => {
    const clusters = compiledAlike({
      clusters: 300,
      files: {
        "pillar/p.sls": "own: {{ grains.id }}\n",
        "states/s.sls": addon("one", "a", "own") + addon("one", "b", "all"),
        "states/own": map("own", "pillar.own ~ grains.role"),
        "states/all": map("all", "grains.role"),
      },
    });
    expect(new Set(clusters.clusters.map((cluster) => cluster.files.get("one/a.yaml"))).size).toBe(300);
  });
});
