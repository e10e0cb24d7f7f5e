import type { Tree } from "./filestate-world.ts";

const A = "/etc/kubernetes/addons";
const CONFIG = "key: value\nother: 1\n";

/** A case whose SLS is `a.sls`. */
function tree(title: string, sls: string, rest: Omit<Tree, "title" | "states"> & { readonly files?: Tree["states"] } = {}): Tree {
  const { files = {}, ...more } = rest;
  return { title, states: { "a.sls": sls.replace(/^\n/, ""), ...files }, ...more };
}

/** `file.managed` of one file with some options more. */
function managed(title: string, options: string, rest: Parameters<typeof tree>[2] = {}): Tree {
  return tree(`managed: ${title}`, `${A}/f.yaml:\n  file.managed:\n${indent(options)}`, rest);
}

/** A file made first, then a second state on it. */
function edited(title: string, text: string, state: string, rest: Parameters<typeof tree>[2] = {}): Tree {
  return tree(
    title,
    `made:\n  file.managed:\n    - name: ${A}/f.conf\n    - contents: |\n${text.replace(/^/gm, "        ")}\nchange:\n  ${state.split("\n")[0] ?? ""}:\n    - name: ${A}/f.conf\n${indent(state.split("\n").slice(1).join("\n"))}`,
    rest,
  );
}

function serialized(title: string, options: string, rest: Parameters<typeof tree>[2] = {}): Tree {
  return tree(`serialize: ${title}`, `${A}/f.out:\n  file.serialize:\n${indent(options)}`, rest);
}

function indent(text: string): string {
  return text
    .replace(/^\n|\n$/g, "")
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

const SOURCE = { files: { "x/f.yaml": CONFIG } };
const DATA = `
data:
  text: hello
  lines: [one, two]
  number: 7
  nothing: null
  empty: ""
  nested: {a: {b: deep}}
  dict: {k: v}
`;

const MANAGED: readonly Tree[] = [
  managed("source", "- source: salt://x/f.yaml", SOURCE),
  managed("source that is not there", "- source: salt://x/none.yaml", SOURCE),
  managed("source that is a directory", "- source: salt://x", SOURCE),
  managed("source of another environment", "- source: salt://d.yaml?saltenv=dev", { dev: { "d.yaml": "dev\n" } }),
  managed("source missing in another environment", "- source: salt://x/f.yaml?saltenv=dev", SOURCE),
  managed("saltenv option", "- source: salt://d.yaml\n- saltenv: dev", { dev: { "d.yaml": "dev\n" } }),
  managed("source list, second exists", "- source:\n  - salt://no.yaml\n  - salt://x/f.yaml", SOURCE),
  managed("source list, none exists", "- source:\n  - salt://no.yaml\n  - salt://neither.yaml", SOURCE),
  managed("source list with saltenv", "- source:\n  - salt://d.yaml\n  - salt://d.yaml?saltenv=dev", { dev: { "d.yaml": "dev\n" } }),
  managed("source list of dicts", "- source:\n  - salt://no.yaml: md5=1\n  - salt://x/f.yaml: ''", SOURCE),
  managed("source list, a directory first", "- source:\n  - salt://x\n  - salt://x/f.yaml", SOURCE),
  managed("empty source list", "- source: []", SOURCE),
  managed("source relative", "- source: x/f.yaml", SOURCE),
  managed("source and contents", "- source: salt://x/f.yaml\n- contents: a", SOURCE),
  managed("source and contents_pillar", "- source: salt://x/f.yaml\n- contents_pillar: data", { ...SOURCE, pillar: DATA }),
  managed("contents twice", "- contents: a\n- contents_pillar: data:text", { pillar: DATA }),
  managed("nothing to write", "- mode: '0600'"),
  managed("contents", "- contents: hello"),
  managed("contents with blank lines", "- contents: |\n\n    a\n\n    b\n\n"),
  managed("contents without newline", "- contents: |\n    a\n    b\n- contents_newline: False"),
  managed("contents list", "- contents:\n  - one\n  - two: 2\n  - [3, 4]\n  - true\n  - null\n  - 1.50"),
  managed("contents number", "- contents: 0644"),
  managed("contents float", "- contents: 1.0"),
  managed("contents boolean", "- contents: yes"),
  managed("contents false", "- contents: no"),
  managed("contents dict", "- contents: {a: {b: [1, x]}, c: null}"),
  managed("contents empty", "- contents: ''"),
  managed("contents null", "- contents: null"),
  managed("contents empty list", "- contents: []"),
  managed("contents empty dict", "- contents: {}"),
  managed("contents empty, refused", "- contents: ''\n- allow_empty: False"),
  managed("contents 0, refused", "- contents: 0\n- allow_empty: False"),
  managed("contents with carriage returns", '- contents: "a\\r\\nb\\rc\\x0bd\\u2028e\\r\\r\\n"'),
  managed("contents unicode", '- contents: "grüße \\U0001F600"'),
  managed("contents binary", "- contents: !!binary gIH/AAE="),
  managed("contents binary that is text", "- contents: !!binary aGVsbG8KeA=="),
  managed("contents binary with template", "- contents: !!binary gIH/AAE=\n- template: jinja"),
  managed("contents_pillar", "- contents_pillar: data:text", { pillar: DATA }),
  managed("contents_pillar list", "- contents_pillar:\n  - data:text\n  - data:nested:a:b", { pillar: DATA }),
  managed("contents_pillar of a list", "- contents_pillar: data:lines", { pillar: DATA }),
  managed("contents_pillar list item", "- contents_pillar: data:lines:1", { pillar: DATA }),
  managed("contents_pillar of a number", "- contents_pillar: data:number", { pillar: DATA }),
  managed("contents_pillar of null", "- contents_pillar: data:nothing", { pillar: DATA }),
  managed("contents_pillar empty, refused", "- contents_pillar: data:empty\n- allow_empty: False", { pillar: DATA }),
  managed("contents_pillar missing", "- contents_pillar: data:none", { pillar: DATA }),
  managed("contents_pillar list, one missing", "- contents_pillar:\n  - data:text\n  - nope", { pillar: DATA }),
  managed("contents_pillar list with a number", "- contents_pillar:\n  - data:text\n  - data:number", { pillar: DATA }),
  managed("contents_pillar delimiter", "- contents_pillar: data|nested|a|b\n- contents_delimiter: '|'", { pillar: DATA }),
  managed("contents_pillar of a dict", "- contents_pillar: data:dict", { pillar: DATA }),
  managed("contents_grains", "- contents_grains: az"),
  managed("contents_grains of a list", "- contents_grains: list"),
  managed("contents_grains missing", "- contents_grains: nope"),
  managed("contents_grains list, one missing", "- contents_grains: [az, nope]", { grains: { x: "y" } }),
  managed("contents_grains empty", "- contents_grains: empty\n- allow_empty: False"),
  managed(
    "contents as a template",
    "- contents: '{% raw %}v={{ who }}{% endraw %}'\n- template: jinja\n- context: {who: me}\n- defaults: {who: you}",
  ),
  managed("template", "- source: salt://t.j\n- template: jinja\n- context: {who: me}", { files: { "t.j": "hello {{ who }}\n" } }),
  managed("template with defaults", "- source: salt://t.j\n- template: jinja\n- context: {a: 1}\n- defaults: {a: 0, b: 2}", {
    files: { "t.j": "{{ a }}{{ b }}\n" },
  }),
  managed("template's own variables", "- source: salt://t.j\n- template: jinja\n- mode: 600\n- extra: more\n- user: root", {
    files: { "t.j": "{{ name }} {{ source }} {{ mode }} {{ extra }} {{ user }} {{ group }}\n" },
  }),
  managed("template in pillar", "- source: salt://t.j\n- template: jinja", {
    files: { "t.j": "{{ pillar['top'] }}" },
    pillar: "top: down\n",
  }),
  managed("template that is binary", "- source: salt://t.bin\n- template: jinja", {
    files: { "t.bin": new Uint8Array([0xff, 0x00, 0x7b, 0x7b]) },
  }),
  managed("unknown template engine", "- source: salt://x/f.yaml\n- template: jinja2", SOURCE),
  managed("unknown template engine on contents", "- contents: a\n- template: erb"),
  managed("context that is a list", "- source: salt://x/f.yaml\n- context: [a]", SOURCE),
  managed("defaults that are a list", "- source: salt://x/f.yaml\n- defaults: [a]", SOURCE),
  managed("mode as an octal number", "- contents: a\n- mode: 0600"),
  managed("mode as text", "- contents: a\n- mode: '0755'"),
  managed("mode as a short number", "- contents: a\n- mode: 44"),
  managed("mode with setuid", "- contents: a\n- mode: 4755"),
  managed("mode 0o640", "- contents: a\n- mode: 0o640"),
  managed("mode quoted twice", "- contents: a\n- mode: '\"0640\"'"),
  managed("mode that is none", "- contents: a\n- mode: rw-r--r--"),
  managed("mode with a wrong digit", "- contents: a\n- mode: 0888"),
  managed("mode keep", "- source: salt://s.sh\n- mode: keep", { files: { "s.sh": { content: "#!/bin/sh\n", mode: 0o750 } } }),
  managed("mode keep with contents", "- contents: a\n- mode: keep"),
  managed("mode keep with a template", "- source: salt://s.sh\n- mode: keep\n- template: jinja", {
    files: { "s.sh": { content: "#!/bin/sh\n", mode: 0o700 } },
  }),
  managed("umask", "- contents: a\n- umask: '027'"),
  managed("source_hash of a salt source", "- source: salt://x/f.yaml\n- source_hash: md5=0\n- skip_verify: True", SOURCE),
  managed("show_changes and backup", "- source: salt://x/f.yaml\n- show_changes: False\n- backup: minion", SOURCE),
  managed("encoding latin-1", '- contents: "grüße"\n- encoding: latin-1'),
  managed("encoding ascii refused", '- contents: "grüße"\n- encoding: ascii'),
  managed("encoding ascii with errors ignored", '- contents: "grüße"\n- encoding: ascii\n- encoding_errors: ignore'),
  managed("encoding utf-16", "- contents: ab\n- encoding: utf-16"),
  managed("encoding unknown", "- contents: ab\n- encoding: klingon"),
  managed("create False", "- contents: a\n- create: False"),
  managed("file_mode is only warned of", "- contents: a\n- file_mode: 600"),
  managed("option that nobody knows", "- contents: a\n- nonsense: 1"),
  managed("empty source file", "- source: salt://e", { files: { e: "" } }),
  managed("retry and reload_modules", "- contents: a\n- retry: True\n- reload_modules: True"),
  tree("managed: no parent directory", `${A}/none/f.yaml:\n  file.managed:\n    - contents: a\n`),
  tree("managed: no parent directory, from a source", `${A}/none/f.yaml:\n  file.managed:\n    - source: salt://x/f.yaml\n`, SOURCE),
  tree("managed: makedirs", `${A}/a/b/f.yaml:\n  file.managed:\n    - contents: a\n    - makedirs: True\n`),
  tree("managed: empty file with makedirs", `${A}/a/b/f.yaml:\n  file.managed:\n    - makedirs: True\n`),
  tree("managed: relative path", "f.yaml:\n  file.managed:\n    - contents: a\n"),
  tree(
    "managed: names share a context that the template changes",
    `many:\n  file.managed:\n    - names: [${A}/a, ${A}/b]\n    - source: salt://t.j\n    - template: jinja\n    - context: {l: [1]}\n`,
    {
      files: { "t.j": "{% do l.append(2) %}{{ l }} {{ name }}\n" },
    },
  ),
  tree("managed: a template that fails", `${A}/a:\n  file.managed:\n    - source: salt://t.j\n    - template: jinja\n`, {
    files: { "t.j": "a\n{{ nope }}\n" },
  }),
  tree("managed: a template with a syntax error", `${A}/a:\n  file.managed:\n    - source: salt://t.j\n    - template: jinja\n`, {
    files: { "t.j": "a\n{% if %}\n" },
  }),
  tree("managed: a template that divides by zero", `${A}/a:\n  file.managed:\n    - source: salt://t.j\n    - template: jinja\n`, {
    files: { "t.j": "{{ 1 / 0 }}" },
  }),
  tree("managed: a template that imports", `${A}/a:\n  file.managed:\n    - source: salt://d/t.j\n    - template: jinja\n`, {
    files: {
      "d/t.j": "{% from 'd/m.j' import m with context %}{{ m('x') }}\n",
      "d/m.j": "{% macro m(a) %}<{{ a }} {{ name }}>{% endmacro %}",
    },
  }),
  tree(
    "managed: contents whose template fails",
    `${A}/a:\n  file.managed:\n    - contents: '{% raw %}{{ nope }}{% endraw %}'\n    - template: jinja\n`,
  ),
  tree("managed: the path is a directory", `${A}:\n  file.managed:\n    - contents: a\n`),
  tree("managed: path with dots", `${A}/./f//g/../h.yaml:\n  file.managed:\n    - contents: a\n    - makedirs: True\n`),
  tree(
    "managed: names",
    `many:\n  file.managed:\n    - names:\n      - ${A}/b.yaml\n      - ${A}/a.yaml:\n        - contents: other\n    - contents: same\n`,
  ),
  tree(
    "managed: the same file twice",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\n    - mode: 600\ntwo:\n  file.managed:\n    - name: ${A}/f\n    - contents: b\n`,
  ),
  tree(
    "managed: the same file twice with the same text",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\ntwo:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\n`,
  ),
  tree(
    "managed: only the mode changes",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\ntwo:\n  file.managed:\n    - name: ${A}/f\n    - mode: 600\n`,
  ),
  tree(
    "managed: replace False on a file that is there",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\ntwo:\n  file.managed:\n    - name: ${A}/f\n    - contents: b\n    - replace: False\n`,
  ),
  tree("managed: replace False on a new file", `${A}/f:\n  file.managed:\n    - contents: b\n    - replace: False\n`),
  tree(
    "managed: create False on a file that is there",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\ntwo:\n  file.managed:\n    - name: ${A}/f\n    - contents: b\n    - create: False\n`,
  ),
  tree(
    "managed: from a file that a state made",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\ntwo:\n  file.managed:\n    - name: ${A}/g\n    - source: ${A}/f\n`,
  ),
  tree("managed: from a local file that is not there", `${A}/g:\n  file.managed:\n    - source: ${A}/none\n`),
  tree(
    "managed: one fails, the others stand",
    `${A}/a:\n  file.managed:\n    - source: salt://none\n${A}/b:\n  file.managed:\n    - contents: b\n`,
  ),
];

const RECURSED = {
  "d/a.yaml": "a\n",
  "d/b.txt": "b\n",
  "d/sub/c.yaml": { content: "c {{ who }}\n", mode: 0o600 },
  "d/sub/deep/d.yaml": "d\n",
  "d/.hidden": "h\n",
  "other.yaml": "o\n",
};
function recursed(title: string, options: string, files: Tree["states"] = RECURSED): Tree {
  return tree(`recurse: ${title}`, `${A}/r:\n  file.recurse:\n    - source: salt://d\n${indent(options)}`, { files });
}

const RECURSE: readonly Tree[] = [
  tree("recurse: all", `${A}/r:\n  file.recurse:\n    - source: salt://d\n`, { files: RECURSED }),
  tree("recurse: source with a slash at its end", `${A}/r:\n  file.recurse:\n    - source: salt://d/\n`, { files: RECURSED }),
  tree("recurse: source that is not there", `${A}/r:\n  file.recurse:\n    - source: salt://none\n`, { files: RECURSED }),
  tree("recurse: source that is a file", `${A}/r:\n  file.recurse:\n    - source: salt://other.yaml\n`, { files: RECURSED }),
  tree("recurse: source that is no salt URL", `${A}/r:\n  file.recurse:\n    - source: /etc\n`, { files: RECURSED }),
  tree("recurse: source list", `${A}/r:\n  file.recurse:\n    - source: [salt://none, salt://d]\n`, { files: RECURSED }),
  tree("recurse: source list with none", `${A}/r:\n  file.recurse:\n    - source: [salt://none, salt://nil]\n`, { files: RECURSED }),
  tree("recurse: no source", `${A}/r:\n  file.recurse: []\n`, { files: RECURSED }),
  tree("recurse: of another environment", `${A}/r:\n  file.recurse:\n    - source: salt://e?saltenv=dev\n`, { dev: { "e/x.yaml": "x\n" } }),
  tree(
    "recurse: name is a file",
    `one:\n  file.managed:\n    - name: ${A}/r\n    - contents: a\n${A}/r:\n  file.recurse:\n    - source: salt://d\n`,
    { files: RECURSED },
  ),
  recursed("include_pat glob", "- include_pat: '*.yaml'"),
  recursed("include_pat of a directory", "- include_pat: 'sub/*'"),
  recursed("include_pat regular expression", "- include_pat: 'E@(^a|deep)'"),
  recursed("include_pat list", "- include_pat:\n  - '*.txt'\n  - 'E@\\.hidden$'"),
  recursed("exclude_pat glob", "- exclude_pat: '*.yaml'"),
  recursed("exclude_pat regular expression", "- exclude_pat: 'E@sub/'"),
  recursed("exclude_pat list", "- exclude_pat: ['a*', 'E@b\\.txt']"),
  recursed("include and exclude", "- include_pat: '*.yaml'\n- exclude_pat: '*/d.yaml'"),
  recursed("maxdepth 0", "- maxdepth: 0"),
  recursed("maxdepth 1", "- maxdepth: 1"),
  recursed("template", "- template: jinja\n- context: {who: me}"),
  recursed("template with defaults", "- template: jinja\n- defaults: {who: you}"),
  recursed("file_mode", "- file_mode: 640\n- dir_mode: 750"),
  recursed("file_mode keep", "- file_mode: keep"),
  recursed("mode is refused", "- mode: 640"),
  recursed("include_empty", "- include_empty: True"),
  recursed("relative name", "- name: r"),
  recursed("template engine unknown", "- template: erb"),
  tree(
    "recurse: clean",
    `extra:\n  file.managed:\n    - name: ${A}/r/old.yaml\n    - contents: old\n    - makedirs: True\nrec:\n  file.recurse:\n    - name: ${A}/r\n    - source: salt://d\n    - clean: True\n`,
    { files: RECURSED },
  ),
  tree(
    "recurse: clean keeps what it requires",
    `extra:\n  file.managed:\n    - name: ${A}/r/old.yaml\n    - contents: old\n    - makedirs: True\ngone:\n  file.managed:\n    - name: ${A}/r/gone/x.yaml\n    - contents: old\n    - makedirs: True\nrec:\n  file.recurse:\n    - name: ${A}/r\n    - source: salt://d\n    - clean: True\n    - require:\n      - file: extra\n`,
    { files: RECURSED },
  ),
  tree(
    "recurse: clean with exclude_pat",
    `extra:\n  file.managed:\n    - name: ${A}/r/old.txt\n    - contents: old\n    - makedirs: True\nrec:\n  file.recurse:\n    - name: ${A}/r\n    - source: salt://d\n    - clean: True\n    - exclude_pat: '*.txt'\n`,
    { files: RECURSED },
  ),
  tree(
    "recurse: over files that are there",
    `extra:\n  file.managed:\n    - name: ${A}/r/a.yaml\n    - contents: old\n    - makedirs: True\nrec:\n  file.recurse:\n    - name: ${A}/r\n    - source: salt://d\n`,
    { files: RECURSED },
  ),
  tree(
    "recurse: replace False",
    `extra:\n  file.managed:\n    - name: ${A}/r/a.yaml\n    - contents: old\n    - makedirs: True\nrec:\n  file.recurse:\n    - name: ${A}/r\n    - source: salt://d\n    - replace: False\n`,
    { files: RECURSED },
  ),
];

const DATASET = `
- dataset:
    name: naïve
    list: [1, 2.0, "3", null, true, {a: []}]
    empty: {}
    text: |
      two
      lines
    long: ${"word ".repeat(30).trim()}
    quoted: "yes"
    octal: "0644"
    tab: "a\\tb"
    nested: {z: 1, a: {y: 2, x: [{q: 1}, [2, 3]]}}
    7: seven
`;
const PLAIN = "- dataset: {b: 1, a: [x, {k: v}], c: {d: null}}";

const SERIALIZE: readonly Tree[] = [
  serialized("yaml by default", DATASET),
  serialized("yaml", `${PLAIN}\n- formatter: yaml`),
  serialized("formatter in capitals", `${PLAIN}\n- formatter: YAML`),
  serialized("serializer option", `${PLAIN}\n- serializer: yaml`),
  serialized("serializer and formatter", `${PLAIN}\n- serializer: yaml\n- formatter: json`),
  serialized("json", `${PLAIN}\n- formatter: json`),
  serialized(
    "json of everything",
    '- formatter: json\n- dataset: {s: "é\\n\\t\\"\\\\\\u0001\\x7f\\U0001F600", f: 1.0, e: 1.0e+20, t: true, n: null, l: [], d: {}, i: 12345678901234567890}',
  ),
  serialized("json with keys of several kinds", "- formatter: json\n- dataset: {2: a, true: b, 1.5: c}"),
  serialized("json with keys that have no order", "- formatter: json\n- dataset: {1: a, x: b}"),
  serialized(
    "json with null key, unsorted",
    "- formatter: json\n- dataset: {null: a, x: b, 1.5: c}\n- serializer_opts:\n  - sort_keys: False",
  ),
  serialized("json indent", `${PLAIN}\n- formatter: json\n- serializer_opts:\n  - indent: 4`),
  serialized("json indent as text", `${PLAIN}\n- formatter: json\n- serializer_opts:\n  - indent: "\\t"`),
  serialized("json indent null", `${PLAIN}\n- formatter: json\n- serializer_opts:\n  - indent: null`),
  serialized("json separators", `${PLAIN}\n- formatter: json\n- serializer_opts:\n  - separators: [",", ":"]\n  - indent: 0`),
  serialized("json ensure_ascii", "- dataset: {a: é😀}\n- formatter: json\n- serializer_opts:\n  - ensure_ascii: True"),
  serialized("json with an option it has not", `${PLAIN}\n- formatter: json\n- serializer_opts:\n  - nonsense: 1`),
  serialized("json of bytes", "- dataset: {a: !!binary gIH/}\n- formatter: json"),
  serialized("json list", "- dataset: [1, [2], {}]\n- formatter: json"),
  serialized("json text", "- dataset: word\n- formatter: json"),
  serialized("yaml text", "- dataset: word"),
  serialized("yaml number", "- dataset: 12"),
  serialized("yaml list", "- dataset: [1, [2, [3]], {}]"),
  serialized("yaml indent and width", `${DATASET}\n- serializer_opts:\n  - indent: 4\n  - width: 20`),
  serialized("yaml flow", `${PLAIN}\n- serializer_opts:\n  - default_flow_style: True`),
  serialized("yaml unsorted", `${PLAIN}\n- serializer_opts:\n  - sort_keys: False`),
  serialized("yaml explicit", `${PLAIN}\n- serializer_opts:\n  - explicit_start: True\n  - explicit_end: True`),
  serialized("yaml allow_unicode", `${DATASET}\n- serializer_opts:\n  - allow_unicode: True`),
  serialized("yaml default_style", `${PLAIN}\n- serializer_opts:\n  - default_style: '"'`),
  serialized("yaml with an option it has not", `${PLAIN}\n- serializer_opts:\n  - nonsense: 1`),
  serialized("options as a dict do nothing", `${PLAIN}\n- formatter: json\n- serializer_opts: {indent: 4}`),
  serialized("options as text", `${PLAIN}\n- formatter: json\n- serializer_opts: "[{indent: 3}]"`),
  serialized("encoding", "- dataset: {a: é}\n- encoding: utf-8"),
  serialized("encoding latin-1", "- dataset: {a: é}\n- encoding: latin-1\n- formatter: json"),
  serialized("encoding ascii refused", "- dataset: {a: é}\n- encoding: ascii"),
  serialized("dataset_pillar", "- dataset_pillar: data:nested", { pillar: DATA }),
  serialized("dataset_pillar missing", "- dataset_pillar: nope", { pillar: DATA }),
  serialized("dataset_pillar null", "- dataset_pillar: data:nothing", { pillar: DATA }),
  serialized("both datasets", "- dataset: {a: 1}\n- dataset_pillar: data", { pillar: DATA }),
  serialized("no dataset", "- formatter: json"),
  serialized("empty dataset", "- dataset: {}"),
  serialized("unknown serializer", `${PLAIN}\n- formatter: xml`),
  serialized("toml of a list of text and tables", `${PLAIN}\n- formatter: toml`),
  serialized(
    "toml",
    "- formatter: toml\n- dataset: {b: 1, f: 1.5, e: 1.0e+20, t: true, n: null, l: [1, [2, x], null], s: \"a'b\\\"c\\n\\x01\\\\xé\", 'odd key': 1, sub: {x: 1, deep: {y: 2, 'q.r': {}}}, empty: {}, tables: [{a: 1, in: {b: 2, c: {d: 3}}}, {a: 2}], z: last}",
  ),
  serialized("toml with unprintable text", '- formatter: toml\n- dataset: {a: "x\\x01", b: "\\x01\\x02z", c: "\\\\\\x01"}'),
  serialized("toml with one unprintable character", '- formatter: toml\n- dataset: {a: "\\x01"}'),
  serialized("toml with a number as key", "- formatter: toml\n- dataset: {1: x}"),
  serialized("toml of a list", "- formatter: toml\n- dataset: [1]"),
  serialized("toml with an option it has not", "- formatter: toml\n- dataset: {a: 1}\n- serializer_opts:\n  - indent: 2"),
  serialized(
    "configparser",
    '- formatter: configparser\n- dataset: {Main: {Key: 1, other: "a\\nb", t: true}, DEFAULT: {x: y}, second: {}}',
  ),
  serialized("configparser with a percent sign", "- formatter: configparser\n- dataset: {Main: {Key: 5%}}"),
  serialized("configparser with interpolation", "- formatter: configparser\n- dataset: {Main: {a: 5%%, b: '%(a)s'}}"),
  serialized("configparser with null", "- formatter: configparser\n- dataset: {Main: {Key: null}}"),
  serialized("configparser of a list", "- formatter: configparser\n- dataset: [1]"),
  serialized("keyvalue", "- formatter: keyvalue\n- dataset: {A: 1, B: two words}"),
  serialized(
    "keyvalue quoted",
    "- formatter: keyvalue\n- dataset: {A: 1, B: \"it's\"}\n- serializer_opts:\n  - quoting: True\n  - separator: ': '",
  ),
  serialized("keyvalue of pairs", "- formatter: keyvalue\n- dataset: [[a, b], [c, d]]"),
  serialized("keyvalue of a wrong list", "- formatter: keyvalue\n- dataset: [[a, b, c]]"),
  serialized("keyvalue of text", "- formatter: keyvalue\n- dataset: text"),
  serialized("mode", `${PLAIN}\n- mode: 600`),
  serialized("create False", `${PLAIN}\n- create: False`),
  tree("serialize: no parent directory", `${A}/n/f:\n  file.serialize:\n    - dataset: {a: 1}\n`),
  tree("serialize: makedirs", `${A}/n/f:\n  file.serialize:\n    - dataset: {a: 1}\n    - makedirs: True\n    - show_changes: False\n`),
  tree(
    "serialize: merge into yaml",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: "a: {x: 1, l: [1]}"\ntwo:\n  file.serialize:\n    - name: ${A}/f\n    - dataset: {a: {y: 2, l: [2]}, b: 3}\n    - merge_if_exists: True\n`,
  ),
  tree(
    "serialize: merge into json",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: '{"a": {"x": 1.0}}'\ntwo:\n  file.serialize:\n    - name: ${A}/f\n    - dataset: {a: {y: 2}}\n    - formatter: json\n    - merge_if_exists: True\n`,
  ),
  tree(
    "serialize: merge changes nothing",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: "a:   1"\ntwo:\n  file.serialize:\n    - name: ${A}/f\n    - dataset: {a: 1}\n    - merge_if_exists: True\n`,
  ),
  tree(
    "serialize: merge into what is no json",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: "{a"\ntwo:\n  file.serialize:\n    - name: ${A}/f\n    - dataset: {a: 1}\n    - formatter: json\n    - merge_if_exists: True\n`,
  ),
  tree(
    "serialize: merge into an empty file",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: ""\ntwo:\n  file.serialize:\n    - name: ${A}/f\n    - dataset: {a: 1}\n    - merge_if_exists: True\n`,
  ),
  tree(
    "serialize: merge into ini",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: |\n        [Main]\n        a = 1\n        Long: two\n          lines\n        # note\n        [Other]\n        x=y\ntwo:\n  file.serialize:\n    - name: ${A}/f\n    - dataset: {Main: {b: 2}}\n    - formatter: configparser\n    - merge_if_exists: True\n`,
  ),
  tree(
    "serialize: merge into keyvalue",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: |\n        a=1\n        b=2\ntwo:\n  file.serialize:\n    - name: ${A}/f\n    - dataset: {b: 3, c: 4}\n    - formatter: keyvalue\n    - merge_if_exists: True\n`,
  ),
  tree("serialize: merge where nothing is", `${A}/f:\n  file.serialize:\n    - dataset: {a: 1}\n    - merge_if_exists: True\n`),
];

const TEXT = "alpha = 1\n# beta = 2\nalphabet\n\n  gamma\nlast\n";

const EDITS: readonly Tree[] = [
  edited("append: a line", TEXT, "file.append\n- text: new"),
  edited("append: a line that is there", TEXT, "file.append\n- text: last"),
  edited("append: a line that is there with other blanks", TEXT, "file.append\n- text: 'alpha   =   1'"),
  edited("append: part of a line", TEXT, "file.append\n- text: alph"),
  edited("append: several", TEXT, "file.append\n- text:\n  - one\n  - last\n  - |\n    two\n    three"),
  edited("append: with quotes", TEXT, `file.append\n- text: 'say "hi" or not'`),
  edited("append: with both quotes", TEXT, `file.append\n- text: "it's \\"so\\" "`),
  edited("append: with a quote left open", TEXT, `file.append\n- text: "it's \\"so"`),
  edited("append: blanks count", TEXT, "file.append\n- text: 'alpha  = 1'\n- ignore_whitespace: False"),
  edited("append: text is a pattern", TEXT, "file.append\n- text: 'al.*1$'\n- ignore_whitespace: False"),
  edited("append: a pattern that is none", TEXT, "file.append\n- text: '(open'\n- ignore_whitespace: False"),
  edited("append: from a source", TEXT, "file.append\n- source: salt://s.txt", { files: { "s.txt": "from {{ who }}\n" } }),
  edited("append: from a source with context", TEXT, "file.append\n- source: salt://s.txt\n- context: {who: me}", {
    files: { "s.txt": "from {{ who }}\n" },
  }),
  edited("append: from a source that is not there", TEXT, "file.append\n- source: salt://none.txt"),
  edited("append: from sources", TEXT, "file.append\n- sources: [salt://s.txt, salt://t.txt]", {
    files: { "s.txt": "s\n", "t.txt": "t\n" },
  }),
  edited("append: nothing", TEXT, "file.append\n- text: ''"),
  edited("append: a number", TEXT, "file.append\n- text: 12"),
  edited("append: two words that stand on two lines", TEXT, "file.append\n- text: 'gamma last'"),
  tree("append: to a new file", `${A}/n.txt:\n  file.append:\n    - text: a\n`),
  tree("append: to a new file in a new directory", `${A}/n/n.txt:\n  file.append:\n    - text: a\n    - makedirs: True\n`),
  tree("append: without a directory", `${A}/n/n.txt:\n  file.append:\n    - text: a\n`),
  tree(
    "append: without newline at the end",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\n    - contents_newline: False\ntwo:\n  file.append:\n    - name: ${A}/f\n    - text: b\n`,
  ),
  tree(
    "append: keeps the mode",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\n    - mode: 600\ntwo:\n  file.append:\n    - name: ${A}/f\n    - text: b\n`,
  ),
  edited("prepend: a line", TEXT, "file.prepend\n- text: new"),
  edited("prepend: several", TEXT, "file.prepend\n- text: [one, two]"),
  edited("prepend: a line that is there", TEXT, "file.prepend\n- text: last"),
  edited("prepend: header", TEXT, "file.prepend\n- text: last\n- header: True"),
  edited("prepend: header that is there", TEXT, "file.prepend\n- text: 'alpha = 1'\n- header: True"),
  tree("prepend: to a new file", `${A}/n.txt:\n  file.prepend:\n    - text: a\n`),
  edited("replace: a word", TEXT, "file.replace\n- pattern: alpha\n- repl: omega"),
  edited("replace: groups", TEXT, "file.replace\n- pattern: '^(\\w+) = (\\d)$'\n- repl: '\\2 = \\1 \\g<1>'"),
  edited("replace: named groups", TEXT, "file.replace\n- pattern: '(?P<k>alpha) ='\n- repl: '\\g<k>:'"),
  edited("replace: count", TEXT, "file.replace\n- pattern: a\n- repl: A\n- count: 2"),
  edited("replace: nothing found", TEXT, "file.replace\n- pattern: zeta\n- repl: x"),
  edited("replace: append_if_not_found", TEXT, "file.replace\n- pattern: zeta\n- repl: zeta = 1\n- append_if_not_found: True"),
  edited("replace: prepend_if_not_found", TEXT, "file.replace\n- pattern: zeta\n- repl: zeta = 1\n- prepend_if_not_found: True"),
  edited(
    "replace: not_found_content",
    TEXT,
    "file.replace\n- pattern: zeta\n- repl: x\n- append_if_not_found: True\n- not_found_content: 'other text'",
  ),
  edited("replace: what would be appended is there", TEXT, "file.replace\n- pattern: zeta\n- repl: last\n- append_if_not_found: True"),
  edited(
    "replace: append and prepend",
    TEXT,
    "file.replace\n- pattern: zeta\n- repl: last\n- append_if_not_found: True\n- prepend_if_not_found: True",
  ),
  edited("replace: flags by name", TEXT, "file.replace\n- pattern: 'ALPHA.*?gamma'\n- repl: X\n- flags: [IGNORECASE, DOTALL]"),
  edited("replace: flag that is none", TEXT, "file.replace\n- pattern: a\n- repl: X\n- flags: [NOPE]"),
  edited("replace: no backup", TEXT, "file.replace\n- pattern: alpha\n- repl: x\n- backup: False"),
  edited("replace: backup by another name", TEXT, "file.replace\n- pattern: alpha\n- repl: x\n- backup: .old"),
  edited("replace: repl that is a number", TEXT, "file.replace\n- pattern: '1'\n- repl: 2"),
  edited("replace: over lines", TEXT, 'file.replace\n- pattern: "alphabet\\n\\n"\n- repl: "one\\n"'),
  edited("replace: backslashes as they are", TEXT, "file.replace\n- pattern: alpha\n- repl: 'a\\1b'\n- backslash_literal: True"),
  edited("replace: unicode", "grüße\n", "file.replace\n- pattern: 'ü'\n- repl: 'ue'"),
  edited("replace: beyond ASCII is no word", "grüße\n", "file.replace\n- pattern: '\\w+'\n- repl: 'W'"),
  edited("replace: bad pattern", TEXT, "file.replace\n- pattern: '(open'\n- repl: x"),
  edited("replace: same text", TEXT, "file.replace\n- pattern: alpha\n- repl: alpha"),
  tree("replace: a file that is not there", `${A}/none:\n  file.replace:\n    - pattern: a\n    - repl: b\n`),
  tree(
    "replace: a file that is not there, ignored",
    `${A}/none:\n  file.replace:\n    - pattern: a\n    - repl: b\n    - ignore_if_missing: True\n`,
  ),
  tree("replace: without a pattern", `${A}/none:\n  file.replace:\n    - repl: b\n`),
  tree(
    "replace: a binary file",
    `one:\n  file.managed:\n    - name: ${A}/f\n    - contents: !!binary gIH/AAE=\ntwo:\n  file.replace:\n    - name: ${A}/f\n    - pattern: a\n    - repl: b\n`,
  ),
  edited("comment: a line", TEXT, "file.comment\n- regex: ^alpha ="),
  edited("comment: already", TEXT, "file.comment\n- regex: ^ beta"),
  edited("comment: not there", TEXT, "file.comment\n- regex: ^zeta"),
  edited("comment: not there, ignored", TEXT, "file.comment\n- regex: ^zeta\n- ignore_missing: True"),
  edited("comment: another mark", TEXT, "file.comment\n- regex: ^last$\n- char: ';'\n- backup: False"),
  edited("comment: several lines", TEXT, "file.comment\n- regex: ^alpha"),
  edited("uncomment: a line", TEXT, "file.uncomment\n- regex: beta"),
  edited("uncomment: already", TEXT, "file.uncomment\n- regex: last"),
  edited("uncomment: not there", TEXT, "file.uncomment\n- regex: zeta"),
  edited("blockreplace: append", TEXT, "file.blockreplace\n- content: in\n- append_if_not_found: True"),
  edited("blockreplace: prepend", TEXT, "file.blockreplace\n- content: |\n    in\n    side\n- prepend_if_not_found: True"),
  edited("blockreplace: not there", TEXT, "file.blockreplace\n- content: in"),
  edited("blockreplace: replace", "a\n# S\nold\n# E\nb\n", "file.blockreplace\n- content: new\n- marker_start: '# S'\n- marker_end: '# E'"),
  edited(
    "blockreplace: append_newline",
    "a\n# S\nold\n# E\nb\n",
    "file.blockreplace\n- content: new\n- marker_start: '# S'\n- marker_end: '# E'\n- append_newline: True",
  ),
  edited(
    "blockreplace: append_newline null",
    "a\n# S\nold\n# E\nb\n",
    "file.blockreplace\n- content: new\n- marker_start: '# S'\n- marker_end: '# E'\n- append_newline: null\n- backup: False",
  ),
  edited(
    "blockreplace: same",
    "a\n# S\nnew\n# E\nb\n",
    "file.blockreplace\n- content: \"new\\n\"\n- marker_start: '# S'\n- marker_end: '# E'",
  ),
  edited("blockreplace: no end", "a\n# S\nold\n", "file.blockreplace\n- content: new\n- marker_start: '# S'\n- marker_end: '# E'"),
  edited("blockreplace: before a match", TEXT, "file.blockreplace\n- content: new\n- insert_before_match: ^gam|gamma"),
  edited("blockreplace: after a match", TEXT, "file.blockreplace\n- content: new\n- insert_after_match: gamma"),
  edited("blockreplace: two places", TEXT, "file.blockreplace\n- content: new\n- insert_after_match: gamma\n- append_if_not_found: True"),
  edited("blockreplace: from a source", TEXT, "file.blockreplace\n- source: salt://s\n- append_if_not_found: True", {
    files: { s: "from source\n" },
  }),
  edited("line: ensure after", TEXT, "file.line\n- mode: ensure\n- content: new\n- after: gamma"),
  edited("line: ensure before", TEXT, "file.line\n- mode: ensure\n- content: new\n- before: last"),
  edited("line: ensure between", "a\nb\nc\n", "file.line\n- mode: ensure\n- content: new\n- after: a\n- before: b"),
  edited("line: ensure replaces the one between", "a\nb\nc\n", "file.line\n- mode: ensure\n- content: new\n- after: a\n- before: c"),
  edited("line: ensure, too much between", "a\nb\nb\nc\n", "file.line\n- mode: ensure\n- content: new\n- after: a\n- before: c"),
  edited("line: replace", TEXT, "file.line\n- mode: replace\n- match: alpha\n- content: new"),
  edited("line: delete", TEXT, "file.line\n- mode: delete\n- match: gamma"),
  edited("line: delete by content", TEXT, "file.line\n- mode: delete\n- content: last"),
  edited("line: insert at the end", TEXT, "file.line\n- mode: insert\n- content: new\n- location: end"),
  edited("line: insert at the start", TEXT, "file.line\n- mode: insert\n- content: new\n- location: start"),
  edited("line: insert after, indented", TEXT, "file.line\n- mode: insert\n- content: new\n- after: gamma"),
  edited("line: insert after, not indented", TEXT, "file.line\n- mode: insert\n- content: new\n- after: gamma\n- indent: False"),
  edited("line: insert before", TEXT, "file.line\n- mode: insert\n- content: new\n- before: last"),
  edited("line: insert nowhere", TEXT, "file.line\n- mode: insert\n- content: new"),
  edited("line: after twice", "a\na\n", "file.line\n- mode: insert\n- content: new\n- after: a"),
  edited("line: no mode", TEXT, "file.line\n- content: new"),
  edited("line: no content", TEXT, "file.line\n- mode: insert"),
  edited("line: unknown mode", TEXT, "file.line\n- mode: twist\n- content: x"),
  tree("line: a file that is not there", `${A}/none:\n  file.line:\n    - mode: insert\n    - content: x\n    - location: end\n`),
  tree(
    "line: a file that it creates",
    `${A}/none:\n  file.line:\n    - mode: insert\n    - content: x\n    - location: end\n    - create: True\n    - file_mode: 600\n`,
  ),
  edited("keyvalue: change", TEXT, "file.keyvalue\n- key: alpha\n- value: 2\n- separator: ' = '"),
  edited("keyvalue: same", TEXT, "file.keyvalue\n- key: alpha\n- value: 1\n- separator: ' = '"),
  edited("keyvalue: uncomment", TEXT, "file.keyvalue\n- key: beta\n- value: 3\n- separator: ' = '\n- uncomment: '# '"),
  edited("keyvalue: append", TEXT, "file.keyvalue\n- key_values: {zeta: 1, eta: x}\n- append_if_not_found: True"),
  edited("keyvalue: prepend", TEXT, "file.keyvalue\n- key_values: {zeta: 1, eta: x}\n- prepend_if_not_found: True"),
  edited("keyvalue: not found", TEXT, "file.keyvalue\n- key_values: {zeta: 1}"),
  edited(
    "keyvalue: ignoring case",
    "Key=A\nkey=b\n",
    "file.keyvalue\n- key_values: {KEY: a}\n- key_ignore_case: True\n- value_ignore_case: True",
  ),
  edited("keyvalue: count -1", "k=1\nk=2\nk=3\n", "file.keyvalue\n- key_values: {k: 9}\n- count: -1"),
  edited("keyvalue: count 2", "k=1\nk=2\nk=3\n", "file.keyvalue\n- key_values: {k: 9}\n- count: 2"),
  edited("keyvalue: nothing to set", "k=1\n", "file.keyvalue\n- separator: '='"),
  edited("keyvalue: both", "k=1\n", "file.keyvalue\n- key: k\n- value: 2\n- key_values: {k: 3}"),
  tree("keyvalue: a file that is not there", `${A}/none:\n  file.keyvalue:\n    - key: k\n    - value: v\n`),
  tree(
    "keyvalue: a file that is not there, ignored",
    `${A}/none:\n  file.keyvalue:\n    - key: k\n    - value: v\n    - ignore_if_missing: True\n`,
  ),
  tree("keyvalue: a file that it creates", `${A}/none:\n  file.keyvalue:\n    - key: k\n    - value: v\n    - create_if_missing: True\n`),
];

const F = `made:\n  file.managed:\n    - name: ${A}/f\n    - contents: a\n    - mode: 640\n`;

const PATHS: readonly Tree[] = [
  tree("directory: new", `${A}/d:\n  file.directory: []\n`),
  tree("directory: no parent", `${A}/d/e:\n  file.directory: []\n`),
  tree("directory: makedirs", `${A}/d/e:\n  file.directory:\n    - makedirs: True\n    - mode: 700\n`),
  tree("directory: a file stands there", `${F}${A}/f:\n  file.directory: []\n`),
  tree("directory: a file stands there, force", `${F}${A}/f:\n  file.directory:\n    - force: True\n`),
  tree("directory: a file stands there, backupname", `${F}${A}/f:\n  file.directory:\n    - backupname: ${A}/f.old\n`),
  tree("directory: max_depth and clean", `${A}/d:\n  file.directory:\n    - max_depth: 1\n    - clean: True\n`),
  tree("directory: relative", "d:\n  file.directory: []\n"),
  tree(
    "directory: clean",
    `${A}/d:\n  file.directory: []\nx:\n  file.managed:\n    - name: ${A}/d/x\n    - contents: x\ny:\n  file.managed:\n    - name: ${A}/d/s/y\n    - contents: x\n    - makedirs: True\nclean:\n  file.directory:\n    - name: ${A}/d\n    - clean: True\n    - require:\n      - file: x\n`,
  ),
  tree(
    "directory: clean with exclude_pat",
    `x:\n  file.managed:\n    - name: ${A}/d/x\n    - contents: x\n    - makedirs: True\ny:\n  file.managed:\n    - name: ${A}/d/y\n    - contents: x\nclean:\n  file.directory:\n    - name: ${A}/d\n    - clean: True\n    - exclude_pat: 'x'\n`,
  ),
  tree(
    "directory: clean keeps a recurse",
    `r:\n  file.recurse:\n    - name: ${A}/d/r\n    - source: salt://d\ny:\n  file.managed:\n    - name: ${A}/d/y\n    - contents: x\nclean:\n  file.directory:\n    - name: ${A}/d\n    - clean: True\n    - require:\n      - file: r\n`,
    { files: RECURSED },
  ),
  tree(
    "directory: recurse mode",
    `x:\n  file.managed:\n    - name: ${A}/d/x\n    - contents: x\n    - makedirs: True\nmodes:\n  file.directory:\n    - name: ${A}/d\n    - file_mode: 600\n    - dir_mode: 750\n    - recurse: [mode]\n`,
  ),
  tree("absent: a file", `${F}gone:\n  file.absent:\n    - name: ${A}/f\n`),
  tree(
    "absent: a directory",
    `x:\n  file.managed:\n    - name: ${A}/d/x\n    - contents: x\n    - makedirs: True\ngone:\n  file.absent:\n    - name: ${A}/d\n`,
  ),
  tree("absent: nothing", `${A}/none:\n  file.absent: []\n`),
  tree("absent: relative", "none:\n  file.absent: []\n"),
  tree("absent: the root", "/:\n  file.absent: []\n"),
  tree("exists: yes", `${F}${A}/f:\n  file.exists: []\n`),
  tree("exists: no", `${A}/none:\n  file.exists: []\n`),
  tree("missing: yes", `${A}/none:\n  file.missing: []\n`),
  tree("missing: no", `${F}${A}/f:\n  file.missing: []\n`),
  tree("touch: new", `${A}/t:\n  file.touch: []\n`),
  tree("touch: there", `${F}${A}/f:\n  file.touch: []\n`),
  tree("touch: no directory", `${A}/d/t:\n  file.touch: []\n`),
  tree("touch: makedirs", `${A}/d/t:\n  file.touch:\n    - makedirs: True\n`),
  tree("copy: a file", `${F}${A}/g:\n  file.copy:\n    - source: ${A}/f\n`),
  tree("copy: with a mode", `${F}${A}/g:\n  file.copy:\n    - source: ${A}/f\n    - mode: 600\n`),
  tree("copy: preserve", `${F}${A}/g:\n  file.copy:\n    - source: ${A}/f\n    - preserve: True\n`),
  tree("copy: source not there", `${A}/g:\n  file.copy:\n    - source: ${A}/none\n`),
  tree(
    "copy: target there",
    `${F}g:\n  file.managed:\n    - name: ${A}/g\n    - contents: g\n${A}/g:\n  file.copy:\n    - source: ${A}/f\n`,
  ),
  tree(
    "copy: target there, force",
    `${F}g:\n  file.managed:\n    - name: ${A}/g\n    - contents: g\n${A}/g:\n  file.copy:\n    - source: ${A}/f\n    - force: True\n`,
  ),
  tree("copy: no directory", `${F}${A}/d/g:\n  file.copy:\n    - source: ${A}/f\n`),
  tree("copy: makedirs", `${F}${A}/d/g:\n  file.copy:\n    - source: ${A}/f\n    - makedirs: True\n`),
  tree(
    "copy: a directory",
    `x:\n  file.managed:\n    - name: ${A}/d/s/x\n    - contents: x\n    - makedirs: True\n${A}/e:\n  file.copy:\n    - source: ${A}/d\n`,
  ),
  tree(
    "copy: into a directory",
    `${F}${A}/d:\n  file.directory: []\ncp:\n  file.copy:\n    - name: ${A}/d\n    - source: ${A}/f\n    - subdir: True\n`,
  ),
  tree("rename: a file", `${F}${A}/g:\n  file.rename:\n    - source: ${A}/f\n`),
  tree("rename: not there", `${A}/g:\n  file.rename:\n    - source: ${A}/f\n`),
  tree(
    "rename: target there",
    `${F}g:\n  file.managed:\n    - name: ${A}/g\n    - contents: g\n${A}/g:\n  file.rename:\n    - source: ${A}/f\n`,
  ),
  tree(
    "rename: target there, force",
    `${F}g:\n  file.managed:\n    - name: ${A}/g\n    - contents: g\n${A}/g:\n  file.rename:\n    - source: ${A}/f\n    - force: True\n`,
  ),
  tree(
    "rename: a directory",
    `x:\n  file.managed:\n    - name: ${A}/d/s/x\n    - contents: x\n    - makedirs: True\n${A}/e/d:\n  file.rename:\n    - source: ${A}/d\n    - makedirs: True\n`,
  ),
  tree("symlink: to a file", `${F}${A}/l:\n  file.symlink:\n    - target: ${A}/f\n`),
  tree("symlink: relative", `${F}${A}/l:\n  file.symlink:\n    - target: f\n`),
  tree("symlink: to nothing", `${A}/l:\n  file.symlink:\n    - target: ${A}/none\n`),
  tree(
    "symlink: twice",
    `${F}a:\n  file.symlink:\n    - name: ${A}/l\n    - target: ${A}/f\nb:\n  file.symlink:\n    - name: ${A}/l\n    - target: ${A}/f\n`,
  ),
  tree(
    "symlink: another target",
    `${F}a:\n  file.symlink:\n    - name: ${A}/l\n    - target: ${A}/none\nb:\n  file.symlink:\n    - name: ${A}/l\n    - target: ${A}/f\n`,
  ),
  tree("symlink: a file stands there", `${F}${A}/f:\n  file.symlink:\n    - target: ${A}/g\n`),
  tree(
    "symlink: a file stands there, force",
    `${F}g:\n  file.managed:\n    - name: ${A}/g\n    - contents: g\n${A}/f:\n  file.symlink:\n    - target: ${A}/g\n    - force: True\n`,
  ),
  tree(
    "symlink: a file stands there, backupname",
    `${F}g:\n  file.managed:\n    - name: ${A}/g\n    - contents: g\n${A}/f:\n  file.symlink:\n    - target: ${A}/g\n    - backupname: f.old\n`,
  ),
  tree("symlink: no directory", `${A}/d/l:\n  file.symlink:\n    - target: ${A}/f\n`),
  tree(
    "symlink: managed through it",
    `${F}${A}/l:\n  file.symlink:\n    - target: ${A}/f\nthrough:\n  file.managed:\n    - name: ${A}/l\n    - contents: b\n`,
  ),
  tree(
    "symlink: managed in its place",
    `${F}${A}/l:\n  file.symlink:\n    - target: ${A}/f\nthrough:\n  file.managed:\n    - name: ${A}/l\n    - source: salt://x/f.yaml\n    - follow_symlinks: False\n`,
    SOURCE,
  ),
  tree(
    "symlink: of a directory",
    `x:\n  file.managed:\n    - name: ${A}/d/x\n    - contents: x\n    - makedirs: True\n${A}/l:\n  file.symlink:\n    - target: ${A}/d\ny:\n  file.managed:\n    - name: ${A}/l/y\n    - contents: y\n`,
  ),
  tree("hardlink: to a file", `${F}${A}/l:\n  file.hardlink:\n    - target: ${A}/f\n`),
  tree(
    "hardlink: append shows in both",
    `${F}${A}/l:\n  file.hardlink:\n    - target: ${A}/f\nmore:\n  file.append:\n    - name: ${A}/l\n    - text: more\n`,
  ),
  tree("hardlink: to nothing", `${A}/l:\n  file.hardlink:\n    - target: ${A}/none\n`),
  tree(
    "hardlink: a file stands there",
    `${F}g:\n  file.managed:\n    - name: ${A}/g\n    - contents: g\n${A}/g:\n  file.hardlink:\n    - target: ${A}/f\n`,
  ),
  tree("decode: base64", `${A}/b:\n  file.decode:\n    - encoded_data: aGVsbG8K\n`),
  tree("decode: several lines", `${A}/b:\n  file.decode:\n    - encoded_data: |\n        aGVsbG8K\n        d29ybGQK\n`),
  tree("decode: from pillar", `${A}/b:\n  file.decode:\n    - contents_pillar: data:b64\n`, { pillar: "data: {b64: aGVsbG8K}\n" }),
  tree("decode: no data", `${A}/b:\n  file.decode: []\n`),
  tree("decode: pillar missing", `${A}/b:\n  file.decode:\n    - contents_pillar: nope\n`),
  tree(
    "decode: twice",
    `a:\n  file.decode:\n    - name: ${A}/b\n    - encoded_data: aGVsbG8K\nb:\n  file.decode:\n    - name: ${A}/b\n    - encoded_data: aGVsbG8K\n`,
  ),
  tree("decode: bad padding", `${A}/b:\n  file.decode:\n    - encoded_data: aGVsb\n`),
];

function acc(more: string): string {
  return `acc:\n  file.accumulated:\n    - filename: ${A}/f\n    - text: ${more}\n    - require_in:\n      - file: target\n`;
}
const TARGET = `target:\n  file.managed:\n    - name: ${A}/f\n    - source: salt://t\n    - template: jinja\n`;
const ACC_TEMPLATE = { files: { t: "got {{ accumulator['acc'] }}\n" } };

const ACCUMULATED: readonly Tree[] = [
  tree("accumulated: text", acc("one") + TARGET, ACC_TEMPLATE),
  tree("accumulated: list", acc("[one, two, one]") + TARGET, ACC_TEMPLATE),
  tree("accumulated: dict", acc("{k: v}") + TARGET, ACC_TEMPLATE),
  tree("accumulated: declared after its file", TARGET + acc("one"), ACC_TEMPLATE),
  tree("accumulated: orphan", `acc:\n  file.accumulated:\n    - filename: ${A}/f\n    - text: x\n`),
  tree(
    "accumulated: no text",
    `acc:\n  file.accumulated:\n    - filename: ${A}/f\n    - text: null\n    - require_in:\n      - file: target\n${TARGET}`,
    ACC_TEMPLATE,
  ),
  tree("accumulated: text missing", `acc:\n  file.accumulated:\n    - filename: ${A}/f\n`),
  tree(
    "accumulated: in a block",
    `${F}acc:\n  file.accumulated:\n    - filename: ${A}/f\n    - text: [x, y]\n    - require_in:\n      - file: block\nblock:\n  file.blockreplace:\n    - name: ${A}/f\n    - content: first\n    - append_if_not_found: True\n    - require:\n      - file: made\n`,
  ),
];

const one = (id: string, more = ""): string =>
  `${id}:\n  file.managed:\n    - name: ${A}/${id}\n    - contents: ${id}\n${more.replace(/^(?=.)/gm, "    ")}`;
const bad = (id: string, more = ""): string =>
  `${id}:\n  file.managed:\n    - name: ${A}/${id}\n    - source: salt://none\n${more.replace(/^(?=.)/gm, "    ")}`;
const req = (kind: string, ...ids: string[]): string =>
  `- ${kind}:\n${ids.map((id) => `  - ${id.includes(":") ? id : `file: ${id}`}\n`).join("")}`;

const REQUISITES: readonly Tree[] = [
  tree("requisites: require of one that failed", bad("x") + one("y", req("require", "x"))),
  tree("requisites: chain of failures", bad("x") + one("y", req("require", "x")) + one("z", req("require", "y"))),
  tree("requisites: require of one that comes later", one("y", req("require", "x")) + one("x")),
  tree("requisites: require of a later one that fails", one("y", req("require", "x")) + bad("x")),
  tree("requisites: require by name", one("x") + one("y", req("require", `file: ${A}/x`))),
  tree("requisites: require by id alone", one("x") + one("y", "- require:\n  - x\n")),
  tree("requisites: require by glob", one("x1") + bad("x2") + one("y", req("require", "x*"))),
  tree("requisites: require of an sls", one("y", req("require", "sls: b")), { files: { "b.sls": one("x") } }),
  tree("requisites: require of an included sls that fails", `include: [b]\n${one("y", req("require", "sls: b"))}`, {
    files: { "b.sls": bad("x") },
  }),
  tree("requisites: require of nothing that is there", one("y", req("require", "none"))),
  tree("requisites: require_in", bad("x", req("require_in", "y")) + one("y")),
  tree("requisites: require_any", bad("x") + one("w") + one("y", req("require_any", "x", "w"))),
  tree("requisites: require_any, all failed", bad("x") + bad("w") + one("y", req("require_any", "x", "w"))),
  tree("requisites: watch is require", bad("x") + one("y", req("watch", "x"))),
  tree("requisites: watch", one("x") + one("y", req("watch", "x"))),
  tree("requisites: onchanges, changed", one("x") + one("y", req("onchanges", "x"))),
  tree(
    "requisites: onchanges, not changed",
    one("x") + `again:\n  file.managed:\n    - name: ${A}/x\n    - contents: x\n` + one("y", req("onchanges", "again")),
  ),
  tree("requisites: onchanges, failed", bad("x") + one("y", req("onchanges", "x"))),
  tree(
    "requisites: onchanges_any",
    one("x") + `again:\n  file.managed:\n    - name: ${A}/x\n    - contents: x\n` + one("y", req("onchanges_any", "again", "x")),
  ),
  tree(
    "requisites: onchanges of several, one changed",
    one("x") + `again:\n  file.managed:\n    - name: ${A}/x\n    - contents: x\n` + one("y", req("onchanges", "again", "x")),
  ),
  tree("requisites: onfail, failed", bad("x") + one("y", req("onfail", "x"))),
  tree("requisites: onfail, fine", one("x") + one("y", req("onfail", "x"))),
  tree("requisites: onfail of several", one("x") + bad("w") + one("y", req("onfail", "x", "w"))),
  tree("requisites: onfail_any", one("x") + bad("w") + one("y", req("onfail_any", "x", "w"))),
  tree("requisites: onfail_all, one fine", one("x") + bad("w") + one("y", req("onfail_all", "x", "w"))),
  tree("requisites: onfail_all", bad("x") + bad("w") + one("y", req("onfail_all", "x", "w"))),
  tree("requisites: onfail_all of one that comes later", one("y", req("onfail_all", "x")) + bad("x")),
  tree("requisites: require of one skipped", one("x") + one("y", req("onfail", "x")) + one("z", req("require", "y"))),
  tree("requisites: prereq that would change", one("x") + one("y", req("prereq", "x"))),
  tree("requisites: prereq before its state", one("y", req("prereq", "x")) + one("x")),
  tree(
    "requisites: prereq that would not change",
    one("x") +
      one("y", req("prereq", "again")) +
      `again:\n  file.managed:\n    - name: ${A}/x\n    - contents: x\n    - require:\n      - file: x\n`,
  ),
  tree("requisites: prereq that fails", one("y", req("prereq", "x")) + bad("x")),
  tree("requisites: prereq whose state fails", bad("y", req("prereq", "x")) + one("x")),
  tree("requisites: failhard", bad("x", "- failhard: True\n") + one("y")),
  tree("requisites: order", one("y", "- order: 2\n") + one("x", "- order: 1\n- onchanges:\n  - file: y\n")),
  tree("conditions: creates that is there", one("x") + one("y", `- creates: ${A}/x\n- require:\n  - file: x\n`)),
  tree("conditions: creates that is not there", one("y", `- creates: ${A}/none\n`)),
  tree("conditions: creates list", one("x") + one("y", `- creates: [${A}/x, ${A}/none]\n`)),
  tree("conditions: onlyif function", one("y", "- onlyif:\n  - fun: match.glob\n    args: [m1]\n")),
  tree("conditions: onlyif function is false", one("y", "- onlyif:\n  - fun: match.glob\n    args: [other]\n")),
  tree("conditions: unless function", one("y", "- unless:\n  - fun: match.glob\n    args: [m1]\n")),
  tree(
    "conditions: unless functions, one false",
    one("y", "- unless:\n  - fun: match.glob\n    args: [m1]\n  - fun: match.glob\n    args: [x]\n"),
  ),
  tree("conditions: unless without fun", one("y", "- unless:\n  - args: [m1]\n")),
];

const WRONG: readonly Tree[] = [
  tree("wrong: unknown function", `${A}/x:\n  file.manged:\n    - contents: a\n`),
  tree("wrong: unknown module", `${A}/x:\n  fil.managed:\n    - contents: a\n`),
  tree("wrong: unknown option", `${A}/x:\n  file.touch:\n    - nonsense: 1\n`),
  tree("wrong: unknown options", `${A}/x:\n  file.touch:\n    - nonsense: 1\n    - more: 2\n    - third: 3\n`),
  tree("wrong: parameter missing", `${A}/x:\n  file.symlink: []\n`),
  tree("wrong: parameters missing", `${A}/x:\n  file.replace: []\n`),
  tree("wrong: serializer of a refused kind", `${A}/x:\n  file.serialize:\n    - dataset: {a: 1}\n    - formatter: plist\n`),
];

/** Every case of filestate.diff.test.ts. */
export const FILE_STATE_TREES: readonly Tree[] = [
  ...MANAGED,
  ...RECURSE,
  ...SERIALIZE,
  ...EDITS,
  ...PATHS,
  ...ACCUMULATED,
  ...REQUISITES,
  ...WRONG,
];
