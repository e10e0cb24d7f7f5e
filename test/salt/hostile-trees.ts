/** Trees made to run, grow, nest or confuse without end, each of at most 10 KB: what they hold is seldom valid, and none may hurt. */
export interface HostileTree {
  readonly title: string;
  /** Paths below `states/` and `pillar/` to text or bytes. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

const TOP = { "states/top.sls": "base:\n  '*': [a]\n" };

const lines = (count: number, line: (index: number) => string): string => Array.from({ length: count }, (_, index) => line(index)).join("");

function sls(title: string, text: string | Uint8Array, more: HostileTree["files"] = {}): HostileTree {
  return { title, files: { ...TOP, "states/a.sls": text, ...more } };
}

function template(title: string, text: string | Uint8Array, more: HostileTree["files"] = {}): HostileTree {
  const state = "/f:\n  file.managed:\n    - source: salt://t\n    - template: jinja\n    - makedirs: true\n";
  return { title: `template: ${title}`, files: { ...TOP, "states/a.sls": state, "states/t": text, ...more } };
}

function pillar(title: string, text: string | Uint8Array, more: HostileTree["files"] = {}): HostileTree {
  const files = { ...TOP, "states/a.sls": "", "pillar/top.sls": "base:\n  '*': [p]\n", "pillar/p.sls": text, ...more };
  return { title: `pillar: ${title}`, files };
}

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...new TextEncoder().encode(part)] : part)));

export const HOSTILE: readonly HostileTree[] = [
  // Names that lead back.
  sls("an include of itself", "include: [a]\n"),
  sls("includes in a ring", "include: [b]\n", { "states/b.sls": "include: [c]\n", "states/c.sls": "include: [a, b]\n" }),
  sls("an include of everything", "include: ['*', '.*', '..*']\n", { "states/b.sls": "include: ['*']\n" }),
  sls("an include of its directory", "include: [.]\n", { "states/init.sls": "include: [., .a]\n" }),
  sls(
    "two hundred includes that include each other",
    "include: ['s*']\n",
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`states/s${index}.sls`, "include: ['s*']\n"])),
  ),
  sls("an extend of itself", "include: [b]\nextend:\n  x:\n    test.nop:\n      - require: [{test: x}]\nx:\n  test.nop: []\n", {
    "states/b.sls": "include: [a]\nextend:\n  x:\n    test:\n      - require_in: [{test: x}]\n",
  }),
  sls(
    "a ring of requisites",
    lines(100, (index) => `s${index}:\n  test.nop:\n    - require: [{test: s${(index + 1) % 100}}]\n`),
  ),
  sls(
    "a ring of use",
    lines(100, (index) => `s${index}:\n  test.nop:\n    - use: [{test: s${(index + 1) % 100}}]\n`),
  ),
  sls(
    "everything requires everything",
    lines(60, (index) => `s${index}:\n  test.nop:\n    - require: [{sls: '*'}]\n    - require_in: [{id: '*'}]\n`),
  ),
  sls("names of names", `s:\n  test.nop:\n    - names: [${lines(1200, (index) => `n${index},`)}]\n    - require: [{test: s}]\n`),
  sls(
    "requisites among names",
    `s:\n  test.nop:\n    - names: [${lines(300, (index) => `n${index},`)}]\n    - require: [${lines(300, (index) => `{test: n${index}},`)}]\n    - use_in: [${lines(300, (index) => `{test: n${index}},`)}]\n`,
  ),
  sls(
    "prerequisites in a ring",
    lines(60, (index) => `s${index}:\n  test.nop:\n    - prereq: [{test: s${(index + 1) % 60}}]\n`),
  ),
  sls(
    "a chain of requisites",
    lines(200, (index) => `s${index}:\n  test.nop:\n    - require: [{test: s${index + 1}}]\n`),
  ),
  sls(
    "a chain of listens and onfails",
    lines(150, (index) => `s${index}:\n  test.nop:\n    - listen: [s${index + 1}]\n    - onfail_in: [s${index}]\n`),
  ),
  template("imports of itself", "{% import 't' as t %}{% from 't' import x with context %}{% include 't' %}"),
  template("a parent that is itself", "{% extends 't' %}{% block b %}{{ super() }}{% endblock %}"),
  template("imports in a ring", "{% from 'u' import m with context %}{{ m() }}", {
    "states/u": "{% from 't' import m with context %}{% macro m() %}{{ m() }}{% endmacro %}",
  }),
  template("import_yaml of itself", "{% import_yaml 't' as x %}{{ x }}"),
  template("the renderer renders itself", "{{ salt['slsutil.renderer']('salt://t', default_renderer='jinja') }}"),
  template(
    "a text that renders itself",
    "{% set s = \"{{ salt.slsutil.renderer(string=s, s=s, default_renderer='jinja|text') }}\" %}{{ salt.slsutil.renderer(string=s, s=s, default_renderer='jinja|yaml') }}",
  ),
  sls(
    "renders within renders, in loops",
    "{% for i in range(1000) %}{% set x = salt['slsutil.renderer'](string='{% for i in range(100000) %}{{ i }}{% endfor %}') %}{% endfor %}",
  ),
  sls("jinja.load_map of itself", "{{ salt['jinja.load_map']('a.sls', 'x') }}"),
  pillar("a ring of includes", "include: [p, q]\na: 1\n", { "pillar/q.sls": "include: [p]\nb: 1\n" }),
  pillar("pillar.items within pillar", "{{ salt['pillar.items']() }}"),
  pillar("includes with defaults in a ring", "include:\n  - q:\n      defaults: {n: 1}\n      key: a:b:c\n", {
    "pillar/q.sls": "include:\n  - p:\n      key: a\n",
  }),
  pillar(
    "forty includes that double",
    "include: [q0, q0]\n",
    Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`pillar/q${index}.sls`, `include: [q${index + 1}, {q${index + 1}: {key: a}}]\n`]),
    ),
  ),
  pillar("a long key path", `include:\n  - q:\n      key: '${"a:".repeat(3000)}'\n`, { "pillar/q.sls": "b: 1\n" }),
  pillar(
    "a long include chain",
    "include: [q0]\n",
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`pillar/q${index}.sls`, `include: [q${index + 1}]\n`])),
  ),
  sls(
    "a long include chain",
    "include: [q0]\n",
    Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`states/q${index}.sls`, `include: [q${index + 1}]\n`])),
  ),
  // Work and size.
  sls("loops in loops", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"),
  ...Array.from([1], () =>
    sls(
      "a hundred SLS that each loop for long",
      "include: ['s*']\n",
      Object.fromEntries(
        Array.from({ length: 100 }, (_, index) => [
          `states/s${index}.sls`,
          "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        ]),
      ),
    ),
  ),
  sls(
    "a hundred templates that each loop for long",
    lines(80, (index) => `/f${index}:\n  file.managed:\n    - source: salt://t\n    - template: jinja\n    - context: {n: ${index}}\n`),
    { "states/t": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}" },
  ),
  sls(
    "a hundred templates that each print a lot",
    lines(80, (index) => `/f${index}:\n  file.managed:\n    - source: salt://t\n    - template: jinja\n    - context: {n: ${index}}\n`),
    { "states/t": "{% for a in range(9999) %}{{ n }}{{ 'x' * 800 }}{% endfor %}" },
  ),
  sls("text repeated", "x: {{ 'a' * 10 ** 9 }}"),
  sls("a text of megabytes", "{% for i in range(9000) %}# {{ 'a' * 1000 }}\n{% endfor %}"),
  sls("a value of megabytes", "x:\n  test.nop:\n    - v: {{ 'a' * 8000000 }}\n"),
  sls("a hundred thousand IDs", "{% for i in range(99999) %}i{{ i }}: {test.nop: []}\n{% endfor %}"),
  sls("many IDs with requisites", "{% for i in range(20000) %}i{{ i }}: {test.nop: [{require: [{test: i0}]}]}\n{% endfor %}"),
  sls("ten thousand files", "{% for i in range(10000) %}/f{{ i }}: {file.managed: [{contents: x}]}\n{% endfor %}"),
  sls(
    "one file appended to ten thousand times",
    "{% for i in range(3000) %}a{{ i }}: {file.append: [{name: /x}, {text: 'line {{ i }}'}]}\n{% endfor %}",
  ),
  sls(
    "one file replaced in two thousand times",
    "{% for i in range(2000) %}a{{ i }}: {file.replace: [{name: /x}, {pattern: 'a*'}, {repl: 'aa'}]}\n{% endfor %}",
  ),
  sls(
    "a replacement that doubles",
    "/x: {file.managed: [{contents: a}]}\n{% for i in range(60) %}a{{ i }}: {file.replace: [{name: /x}, {pattern: a}, {repl: aa}]}\n{% endfor %}",
  ),
  sls(
    "a ladder of jinja lists",
    "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}x: {{ ns.l }}",
  ),
  sls("a list within itself", "{% set l = [] %}{% do l.append(l) %}x: {{ l }}\ny: {{ l | json }}\n"),
  sls("a list within itself as YAML", "{% set l = [] %}{% do l.append(l) %}x: {{ l | yaml }}\n"),
  sls(
    "a dict within itself merged",
    "{% set d = {} %}{% do d.update({'d': d}) %}{% do salt['slsutil.merge'](d, d) %}{% do salt['defaults.merge'](d, d) %}",
  ),
  sls(
    "lists nested a hundred thousand deep",
    "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{% do salt['slsutil.merge']({'a': ns.x}, {'a': ns.x}) %}",
  ),
  sls(
    "deep lists compared",
    "{% set ns = namespace(x=[], y=[]) %}{% for i in range(50000) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
  ),
  sls(
    "deep lists hashed",
    "{% set ns = namespace(x=()) %}{% for i in range(50000) %}{% set ns.x = (ns.x,) %}{% endfor %}{% set d = {ns.x: 1} %}",
  ),
  sls("deep JSON", "#!json\n" + "[".repeat(9_000)),
  sls("deep JSON that closes", "#!json\n" + "[".repeat(4_500) + "]".repeat(4_500)),
  sls("deep TOML", "#!toml\na = " + "[".repeat(4_500) + "]".repeat(4_500)),
  sls("deep TOML tables", `#!toml\n[${"a.".repeat(4000)}b]\nx = 1\n`),
  sls("deep YAML", "[".repeat(9_000)),
  sls(
    "deep YAML blocks",
    lines(140, (index) => `${" ".repeat(index)}a:\n`),
  ),
  sls("deep brackets in an expression", `{{ ${"(".repeat(4000)}1${")".repeat(4000)} }}`),
  sls("deep nests of tags", "{% if 1 %}".repeat(450) + "{% endif %}".repeat(450)),
  sls("deep filters", `{{ 'a'${" | upper".repeat(1000)} }}`),
  sls("a deep import_json", "{% import_json 'j' as j %}{{ j }}", { "states/j": "[".repeat(4000) + "]".repeat(4000) }),
  sls("load_json of depth", "{% set x = ('[' * 100000 ~ ']' * 100000) | load_json %}"),
  sls("load_yaml of depth", "{% set x = ('[' * 100000 ~ ']' * 100000) | load_yaml %}"),
  sls("json_query of depth", "{{ {'a': 1} | json_query('[' * 20000) }}{{ {} | json_query('!' * 20000 ~ 'a') }}"),
  sls("aliases that double", `a: &a0 [x]\n${lines(40, (index) => `b${index}: &a${index + 1} [*a${index}, *a${index}]\n`)}`),
  sls(
    "aliases that double a little, and are walked",
    `x:\n  test.nop:\n    - a: &a0 [x]\n${lines(17, (index) => `    - b${index}: &a${index + 1} [*a${index}, *a${index}]\n`)}`,
  ),
  sls("merges that double", `a: &a0 {x: 1}\n${lines(40, (index) => `b${index}: &a${index + 1} {<<: [*a${index}, *a${index}]}\n`)}`),
  pillar("aliases that double a little", `a: &a0 [x]\n${lines(18, (index) => `b${index}: &a${index + 1} [*a${index}, *a${index}]\n`)}`),
  pillar(
    "aliases that double a little, printed",
    `a: &a0 [x]\n${lines(15, (index) => `b${index}: &a${index + 1} [*a${index}, *a${index}]\n`)}`,
    { "states/a.sls": "x: {test.nop: [{v: {{ pillar | json }}}]}\n{% for i in range(100) %}# {{ pillar | yaml }}\n{% endfor %}" },
  ),
  pillar("an include of much, merged often", `include: [${lines(600, () => "q,")}]\n`, {
    "pillar/q.sls": lines(400, (index) => `k${index}: {a: [1]}\n`),
  }),
  // Patterns.
  sls("regex_search that tracks back", "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' | regex_search('(a+)+$') }}"),
  sls("regex_match that tracks back over alternatives", "{{ ('a' * 5000 ~ '!') | regex_match('(a|a|aa)*$') }}"),
  sls("regex_replace that tracks back", "{{ ('ab' * 3000) | regex_replace('(a*b*)*c', 'x') }}"),
  sls(
    "a regex in a loop",
    "{% for i in range(99999) %}{% if 'aaaaaaaaaaaaaaaaaaaaaaaa!' | regex_search('(a+)+$') %}{% endif %}{% endfor %}",
  ),
  sls("a deep regex", "{{ 'a' | regex_search('(' * 5000 ~ ')' * 5000) }}"),
  sls("a regex with a great count", "{{ ('a' * 9999) | regex_search('((a{1,9999}){1,9999}){1,9999}b') }}"),
  sls(
    "file.replace that tracks back",
    "/x: {file.managed: [{contents: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!}]}\ny: {file.replace: [{name: /x}, {pattern: '(a+)+$'}, {repl: b}]}\n",
  ),
  sls("a glob of stars", "{{ salt['match.glob']('" + "*a".repeat(3000) + "') }}"),
  sls("a glob of stars in an include", `include: ['${"*a".repeat(400)}b']\n`, { [`states/${"a".repeat(4000)}.sls`]: "" }),
  { title: "top: a glob of stars", files: { "states/top.sls": `base:\n  '${"m*".repeat(3000)}x': [a]\n`, "states/a.sls": "" } },
  {
    title: "top: a pcre that tracks back",
    files: { "states/top.sls": "base:\n  '(m+|1|m1)*(m*1*)*x':\n    - match: pcre\n    - a\n", "states/a.sls": "" },
  },
  {
    title: "top: a compound of brackets",
    files: { "states/top.sls": `base:\n  '${"( ".repeat(2000)}*${" )".repeat(2000)}': [a]\n`, "states/a.sls": "" },
  },
  {
    title: "top: a compound of nots",
    files: { "states/top.sls": `base:\n  '${"not ".repeat(2000)}*': [a]\n`, "states/a.sls": "" },
  },
  sls("file.recurse of a pattern", "/d: {file.recurse: [{source: 'salt://d'}, {include_pat: 'E@(a+)+$'}]}\n", {
    [`states/d/${"a".repeat(40)}!`]: "",
  }),
  // Text.
  sls("NUL bytes", "a\0b: {test.nop: []}\n\0"),
  template("NUL bytes", "\0{{ '\0' }}\0"),
  sls("half a surrogate pair", "a: \"\\ud800\"\nb: {{ '\\ud800' }}\n"),
  template("half a surrogate pair", "{{ '\\ud800' }}{{ '\\ud800' | sha256 }}{{ '\\udc00' | base64_encode }}{{ '\\ud800' | json }}"),
  sls(
    "half a surrogate pair as content",
    '/x: {file.managed: [{contents: "\\ud83d"}]}\n/y: {file.serialize: [{dataset: {a: "\\udc00"}}, {serializer: yaml}]}\n/z: {file.serialize: [{dataset: {a: "\\udc00"}}, {serializer: json}]}\n',
  ),
  sls("bytes that are not UTF-8", bytes("a: ", [0xff, 0xfe, 0x80], "\n")),
  template("bytes that are not UTF-8", bytes("{{ 1 }}", [0xc3, 0x28])),
  pillar("bytes that are not UTF-8", bytes("a: ", [0xed, 0xa0, 0x80])),
  sls("UTF-16", bytes([0xff, 0xfe], "a\0:\0 \0b\0\n\0")),
  sls("UTF-16 the other way", bytes([0xfe, 0xff], "\0a\0:\0 \0b\0\n")),
  sls("a byte order mark", "\ufeffx: {test.nop: []}\n"),
  sls("a long line", `x: {test.nop: [{v: ${"a".repeat(9_900)}}]}`),
  sls("a long line with its error at the end", `x: {test.nop: [{v: ${"a".repeat(9_900)} : b}]}`),
  sls("a long name that is missing", `{{ ${"a".repeat(9_900)} }}`),
  sls("a line of opening tags", "{{".repeat(5_000)),
  sls("a line of comments never closed", "{#".repeat(5_000)),
  sls("strings never closed", "{{ '".repeat(2_500)),
  sls("blanks", `${" ".repeat(9_990)}{{-`),
  sls("line separators", "a: {test.nop: []}\u2028b: {test.nop: []}\u0085c: {test.nop: []}\r"),
  sls(
    "names of JavaScript's own",
    "__proto__: {test.nop: []}\nconstructor: {test.nop: [{__proto__: {a: 1}}, {toString: 1}]}\nhasOwnProperty: {test.nop: [{valueOf: x}]}\n",
  ),
  pillar("names of JavaScript's own", "__proto__: {a: 1}\nconstructor: {prototype: {a: 1}}\n", {
    "states/a.sls": "{{ pillar.__proto__ }}\n{{ pillar.constructor.prototype }}\n{{ pillar.toString }}",
  }),
  { title: "top: no mapping", files: { "states/top.sls": "- a\n- [b]\n" } },
  {
    title: "top: everything in the wrong place",
    files: { "states/top.sls": "base: [{'*': a}, 1]\n1: {2: [3]}\nnull: null\n[a]: b\n" },
  },
  {
    title: "top: shapes",
    files: { "states/top.sls": "base:\n  '*': {a: 1}\n  1: [1, null, {a: b}, [c]]\n  null: 7\n  true: x\n" },
  },
  ...[
    "1",
    "null",
    "- a",
    "a",
    "a: 1",
    "a: null",
    "a: []",
    "a: [b]",
    "a: {b: 1}",
    "a: {b: {c: 1}}",
    "a: {b: [[c]]}",
    "a: {b.c: 1}",
    "a: {b.c: [1, null, [2], {}, {a: 1, b: 2}]}",
    "1: {test.nop: []}",
    "null: {test.nop: []}",
    "include: 1",
    "include: {a: b}",
    "include: [1, null, [a], {b: c}, {base: null}]",
    "extend: 1",
    "extend: [a]",
    "extend: {a: 1}",
    "extend: {a: {b: 1}}",
    "exclude: 1",
    "exclude: [1, {}, {sls: 1}, {id: null}, [a]]",
    "exclude: {a: b}",
    "x: {test.nop: [{require: 1}]}",
    "x: {test.nop: [{require: [1, null, [], {}, {a: 1}, {test: null}, {1: 2}]}]}",
    "x: {test.nop: [{require_in: {a: b}}, {use: x}, {listen: [[x]]}]}",
    "x: {test.nop: [{names: 1}]}",
    "x: {test.nop: [{names: [1, null, [a], {b: 1}, {c: [1]}]}]}",
    "x: {test.nop: [{name: {a: 1}}, {order: {a: 1}}]}",
    "x: {test.nop: [{order: 1e400}]}",
    "x: {test.nop: [{order: -99999999999999999999}]}",
    "x: {file.managed: [{contents: {a: b}}, {mode: [1]}, {source: {}}, {context: 1}, {defaults: [a]}, {template: 7}]}",
    "x: {file.managed: [{source: [1, null, {a: b}, [c]]}]}",
    "x: {file.recurse: [{source: 1}]}",
    "x: {file.serialize: [{dataset: 1}, {serializer: nope}, {serializer_opts: 7}]}",
    "x: {file.append: [{text: {a: [b]}}]}",
    "/x: {file.blockreplace: [{marker_start: 1}, {marker_end: null}, {content: [1]}]}",
    "/x: {file.keyvalue: [{key_values: 3}, {separator: []}]}",
    "/x: {file.symlink: [{target: 1}]}",
    "/x: {file.symlink: [{target: /x}]}",
    "/x: {file.line: [{mode: 1}, {content: 2}]}",
    "/x: {file.accumulated: [{filename: 1}, {text: {}}]}",
    "x: {file: [managed, {managed: 1}, {}]}",
    "x: {file.directory: [{name: ../../..}, {recurse: 1}]}",
    "x: {file.nope: []}",
    "x: {'file.': []}",
    "x: {.managed: []}",
    "x: {'': []}",
    "'': {test.nop: []}",
  ].map((text) => sls(`a shape: ${text}`, text)),
];
