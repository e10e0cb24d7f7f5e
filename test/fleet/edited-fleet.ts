/**
 * A small fleet that is hostile to taking results over from other clusters and from earlier runs, and edits of it. Every file is a list of
 * blocks out of the catalogue of its kind, so that any edit of any file makes something that may work, fail or mean something else.
 */

import fc from "fast-check";

/** Blocks by path; `roster` holds a cluster a block. */
export type World = ReadonlyMap<string, readonly string[]>;

/** One edit: what is done, and numbers that pick where and with what. */
export interface Edit {
  readonly does: "change" | "insert" | "delete" | "swap" | "add" | "remove" | "rename" | "mend";
  readonly file: number;
  readonly block: number;
  readonly with: number;
}

/** The files of the tree as they lie on disk. */
export function filesOf(world: World): Map<string, string> {
  const files = new Map<string, string>();
  for (const [path, blocks] of world) {
    if (path === ROSTER) files.set(path, rosterText(blocks));
    else files.set(path, textOf(path, blocks));
  }
  return files;
}

export function edited(world: World, { does, file, block, with: other }: Edit): World {
  const paths = [...world.keys()];
  const path = paths[file % paths.length] ?? "";
  const blocks = world.get(path) ?? [];
  const catalogue = catalogueOf(path);
  const next = new Map(world);
  const at = blocks.length === 0 ? 0 : block % blocks.length;
  const fresh = catalogue[other % catalogue.length] ?? "";
  switch (does) {
    case "change":
      next.set(path, blocks.toSpliced(at, 1, fresh));
      break;
    case "insert":
      next.set(path, blocks.toSpliced(at, 0, fresh));
      break;
    case "delete":
      if (path !== ROSTER || blocks.length > 1) next.set(path, blocks.toSpliced(at, 1));
      break;
    case "swap":
      next.set(path, [...blocks.slice(at), ...blocks.slice(0, at)]);
      break;
    case "mend":
      next.set(path, FIRST.get(path) ?? blocks);
      break;
    case "add": {
      const added = ADDABLE[other % ADDABLE.length] ?? "";
      if (!world.has(added))
        next.set(
          added,
          Array.from({ length: 2 }, (_, index) => pick(catalogueOf(added), block + index * 7)),
        );
      break;
    }
    case "remove":
      if (!NEEDED.includes(path)) next.delete(path);
      break;
    default:
      if (!NEEDED.includes(path)) {
        next.delete(path);
        next.set(path.replace(/(\.[a-z.]+)$/, "-renamed$1"), blocks);
      }
  }
  return next;
}

const ROSTER = "roster.yaml";
const CONFIG = "halite.yaml";
const NEEDED: readonly string[] = [ROSTER, CONFIG];

/** Files that an edit may add. */
const ADDABLE: readonly string[] = [
  "states/part.jinja",
  "states/one/parts/new.yaml",
  "states/two/tree/added.yaml",
  "states/defaults.yaml",
  "states/data.jinja",
  "states/late.sls",
  "secrets/late.sops.yaml",
  "states/one/init.sls",
  "pillar/late.sls",
  "pillar/sub.sls",
  "pillar/absent.sls",
  "pillar/roleb/init.sls",
];

/** An expression over all that a template sees; `before` are statements. */
interface Reading {
  readonly before?: string;
  readonly gives: string;
}

const READINGS: readonly Reading[] = [
  { gives: "grains.id" },
  { gives: "grains.role" },
  { gives: "grains['tier'] + 1" },
  { gives: "grains.get('late', 'none')" },
  { gives: "pillar.a" },
  { gives: "pillar.get('a', 'absent')" },
  { gives: "pillar.get('b')" },
  { gives: "pillar['text']" },
  { gives: "pillar.nowhere" },
  { gives: "pillar.m.x" },
  { gives: "pillar.m.get('z', 5)" },
  { gives: "'x' in pillar.m" },
  { gives: "pillar.m is mapping" },
  { gives: "pillar.m | length" },
  { gives: "pillar | length" },
  { gives: "pillar.keys() | list" },
  { gives: "pillar.values() | list | length" },
  { gives: "pillar.m.items() | list" },
  { gives: "pillar.m | tojson" },
  { gives: "pillar.m | dictsort" },
  { gives: "pillar.m == {'x': 1, 'y': [1, 2]}" },
  { gives: "pillar.m" },
  { gives: "pillar.l" },
  { gives: "pillar.l | join('-')" },
  { gives: "pillar.l[0]" },
  { gives: "pillar.l | length" },
  { gives: "1 in pillar.l" },
  { gives: "pillar.flag" },
  { gives: "'yes' if pillar.flag else 'no'" },
  { gives: "pillar.n.p.q" },
  { gives: "pillar.n.p.q.r | default('shallow')" },
  { gives: "pillar.n.copy()" },
  { gives: "pillar" },
  { gives: "grains | tojson" },
  { gives: "salt['pillar.get']('m:x', 'fallback')" },
  { gives: "salt['pillar.get']('n:p:q:r', 'fallback')" },
  { gives: "salt['pillar.get']('m', {'x': 9, 'z': [1]}, merge=True)" },
  { gives: "salt['pillar.get']('l', [7, 1], merge=True)" },
  { gives: "salt['pillar.get']('n', {'p': {'s': 1}}, merge=True) | tojson" },
  { gives: "salt['pillar.keys']('m')" },
  { gives: "salt['pillar.item']('a', 'zz', 'm')" },
  { gives: "salt['pillar.raw']('m')" },
  { gives: "salt['pillar.raw']() | length" },
  { gives: "salt['pillar.ls']()" },
  { gives: "salt['pillar.items']().keys() | list" },
  { gives: "salt['pillar.filter_by']({'1': 'one', 'two': 'deux', 'default': 'other'}, 'a')" },
  { gives: "salt['grains.get']('role')" },
  { gives: "salt['grains.item']('role', 'tier')" },
  { gives: "salt['grains.filter_by']({'a': {'v': 1}, 'b': {'v': 2}}, grain='role', merge=pillar.get('m'))" },
  { gives: "salt['grains.filter_by']({'a': {'v': 1}, 'default': {'v': 3}}, grain='late', base='a')" },
  { gives: "salt['match.glob']('c*1')" },
  { gives: "salt['match.list']('c1,c3,c5')" },
  { gives: "salt['match.pcre']('c[12]')" },
  { gives: "salt['match.compound']('G@role:a and not c2')" },
  { gives: "salt['match.compound']('I@m:x:1 or N@odd')" },
  { gives: "salt['match.compound']('c* and N@few')" },
  { gives: "salt['match.filter_by']({'c1': 1, 'c*': 2}, minion_id=grains.id)" },
  { gives: "ifelse('c1', 'first', 'G@role:b', 'second', 'third')" },
  { gives: "salt['config.get']('m:x', 'none')" },
  { gives: "salt['config.get']('nodegroups', 'none')" },
  { gives: "opts.id" },
  { gives: "opts.get('custom', 'unset')" },
  { gives: "opts.nodegroups | default('no groups')" },
  { gives: "salt['slsutil.merge'](pillar.m, {'x': 2, 'w': [1]})" },
  { gives: "salt['slsutil.merge']({'q': pillar.l}, pillar.m)" },
  { gives: "salt['slsutil.update']({'q': 1}, pillar.n)" },
  { before: "set mine = pillar.m.copy()", gives: "salt['defaults.update'](mine, {'x': 3})" },
  { gives: "salt['defaults.merge'](pillar.m, {'d': grains.role})" },
  { gives: "salt['defaults.merge']({'d': 1}, pillar.n)" },
  { gives: "salt['defaults.deepcopy'](pillar.n)" },
  { gives: "salt['slsutil.renderer']('salt://data.jinja')" },
  { gives: "salt['slsutil.renderer'](string='x: {{ pillar.a }}', default_renderer='jinja|yaml')" },
  { gives: "salt['slsutil.renderer']('salt://nowhere.jinja')" },
  { gives: "salt['jinja.load_map']('map.jinja', 'cfg')" },
  { gives: "salt['slsutil.file_exists']('late.sls')" },
  { gives: "salt['slsutil.dir_exists']('one')" },
  { gives: "salt['cp.list_master']() | length" },
  { gives: "salt['cp.get_file_str']('salt://defaults.yaml')" },
  { gives: "salt['mine.get']('*', 'x')" },
  { gives: "salt['hashutil.digest'](pillar.a | string)" },
  { gives: "salt['test.echo'](pillar.m)" },
  { gives: "show_full_context().pillar | length" },
  { before: "import_yaml 'defaults.yaml' as defaults", gives: "defaults" },
  { before: "import_yaml 'defaults.yaml' as defaults", gives: "salt['defaults.merge'](defaults, pillar.get('m', {}))" },
  { before: "import_json 'data.json' as loaded", gives: "loaded" },
  { before: "from 'map.jinja' import cfg with context", gives: "cfg" },
  { before: "from 'map.jinja' import all", gives: "all" },
  { before: "set _ = pillar.update({'new': grains.role})", gives: "pillar.new" },
  { before: "do pillar.update({'a': 'written'})", gives: "pillar.a" },
  { before: "do pillar.m.update({'x': 'written'})", gives: "pillar.m" },
  { before: "do pillar.l.append('more')", gives: "pillar.l" },
  { before: "do pillar.l.append(grains.id)", gives: "'appended'" },
  { before: "do pillar.m.pop('x', none)", gives: "pillar.m | length" },
  { before: "do pillar.m.clear()", gives: "pillar.m" },
  { before: "do pillar.n.p.setdefault('s', [1])", gives: "pillar.n" },
  { before: "do pillar.update({'alias': pillar.l})", gives: "pillar.alias" },
  { before: "do pillar.alias.append('by alias')", gives: "1" },
  { before: "do pillar.get('m', {}).update({'inner': pillar.l})", gives: "pillar.m" },
  { before: "do grains.update({'role': 'z'})", gives: "grains.role" },
  { before: "do grains.list.append(9)", gives: "grains.list" },
  { before: "set c = pillar.copy()", gives: "c.pop('a', 'gone')" },
  { before: "set d = salt['defaults.deepcopy'](pillar)", gives: "d.m.x" },
  { before: "set ns = namespace(s='')", gives: "ns.s ~ pillar.a" },
  { before: "if pillar.get('fail') %}{{ raise('as told') }}{% endif", gives: "1" },
  { before: "for key, value in pillar.m.items() %}{% if value is string %}{{ raise(key) }}{% endif %}{% endfor", gives: "2" },
  { gives: "undefined_name" },
  { gives: "1 / 0" },
  { gives: "pillar.get('key', 'no key')" },
  { gives: "pillar.get('key', 'no key') | base64_encode" },
  { gives: "pillar.get('key', 'no key') | upper" },
  { gives: "3" },
  { gives: "tpldir | default('none')" },
  { gives: "sls | default('no sls')" },
];

const TEMPLATE = READINGS.map(
  ({ before, gives }) => `${before === undefined ? "" : `{% ${before} %}`}  k@: {{ (${gives}) | string | tojson }}\n`,
);

/** Free texts, in which objects of clusters that have the rest in common differ. */
const LABELLED = `---
apiVersion: v1
kind: ConfigMap
metadata:
  name: labelled-@
  namespace: default
  labels:
    app.kubernetes.io/part-of: {{ grains.id }}
    tier: "{{ grains.role }}"
  annotations:
    note: {{ pillar.a }}
    who: "{{ pillar.a }}"
data:
  id: {{ grains.id }}
  b: {{ pillar.get('b', 'none') }}
`;

/** A Secret with a reference to a sealed value. */
const SECRET = (value: string): string =>
  `---\napiVersion: v1\nkind: Secret\nmetadata: {name: sealed-%-@, namespace: default}\nstringData:\n  s@: ${value}\n`;

const WHOLE_TEMPLATES: readonly string[] = [
  SECRET("{{ pillar.get('key', '?{barbican:none@1}') | json }}"),
  SECRET("{{ pillar.get('old', '?{barbican:none@2}') | json }}"),
  SECRET("'?{sops:late.sops.yaml#k}'"),
  SECRET("'?{sops:a.sops.yaml#m/{{ grains.role }}}'"),
  "  i@: {% include 'part.jinja' %}\n",
  "  i@: {% include 'nowhere.jinja' ignore missing %}\"\"\n",
  "{% for key, value in pillar.m.items() %}  loop@-{{ key }}: {{ value | string | tojson }}\n{% endfor %}",
  "{% for item in pillar.l %}  item@-{{ loop.index }}: {{ item | string | tojson }}\n{% endfor %}",
  "{% if pillar.flag %}  flagged@: 'on'\n{% endif %}",
  "{% if 'c1' in grains.id %}  first@: {{ grains.id }}\n{% endif %}",
  "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more-@, namespace: {{ pillar.get('space', 'default') }}}\ndata:\n",
  "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: made}\n",
  "  plain@: text\n",
  LABELLED,
  LABELLED.replace("grains.id", "pillar.text").replace("pillar.a", "pillar.flag"),
  "  invalid@: [1]\n",
  "bogus@: field\n",
  "  broken@: [1\n",
];

const YAML: readonly string[] = [
  "a: 1\n",
  "a: two\n",
  "a: true\n",
  "a: null\n",
  "a: 1.0\n",
  "a: '1'\n",
  "b: text\n",
  "m: {x: 1, y: [1, 2]}\n",
  "m: {y: [1, 2], x: 1}\n",
  "m: {x: 2, name: five}\n",
  "m: {}\n",
  "m: [1]\n",
  "m: {1: one, true: yes, 1.5: half}\n",
  "l: [1, 2, 3]\n",
  "l: [3]\n",
  "l: []\n",
  "l: [{n: 1}, {n: [2]}]\n",
  "l: text\n",
  "n: {p: {q: {r: deep}}}\n",
  "n: {p: {q: 1}}\n",
  "n: {p: []}\n",
  "flag: true\n",
  "flag: false\n",
  "fail: true\n",
  "text: |\n  one\n  two\n",
  "text: ünï 🚀\n",
  "space: made\n",
  "space: other\n",
  "unread: 1\n",
  "unread: 2\n",
  "d: 2024-01-01\n",
  "1: an int\n",
  "m: &m {x: 1}\nn: {p: *m}\n",
  "l: &l [1]\nm: {x: *l}\n",
  "m: &self {x: 1, me: *self}\n",
  "m:\n  <<: {x: 7}\n  y: 1\n",
  "s: !!set {one, two}\n",
  "bin: !!binary aGk=\n",
  "",
];

const PILLAR: readonly string[] = [
  ...YAML,
  "key: '?{sops:a.sops.yaml#k}'\n",
  "key: '?{sops:a.sops.yaml#m/{{ grains.role }}}'\n",
  "key: '?{sops:late.sops.yaml#k}'\n",
  "key: '?{barbican:k@{{ grains.tier }}}'\n",
  "key: '?{sops:a.sops.yaml'\n",
  "old: |\n  -----BEGIN PGP MESSAGE-----\n\n  {{ grains.role }}abc\n  -----END PGP MESSAGE-----\n",
  "old: |\n  -----BEGIN PGP MESSAGE-----\n\n  def\n  -----END PGP MESSAGE-----\n",
  "own-{{ grains.id }}: {{ grains.id }}\n",
  "b: {{ grains.id }}\n",
  "b: {{ grains.role }}\n",
  "b: {{ grains.get('late', 'never') }}\n",
  "b: {{ salt['match.glob']('c*1') }}\n",
  "b: {{ salt['grains.filter_by']({'a': 1, 'b': 2}, grain='role') }}\n",
  "b: {{ variable | default('unset') }}\n",
  "b: {{ pillar | length }}\n",
  "{% if grains.tier == 1 %}m: {x: 1}\n{% else %}m: {x: 10}\n{% endif %}",
  "{% do grains.update({'role': 'q'}) %}\n",
  "{% import_yaml 'sub.sls' as sub %}l: {{ sub | tojson }}\n",
  "include:\n  - sub\n",
  "include:\n  - sub:\n      key: n:under\n      defaults: {variable: {{ grains.role }}}\n",
  "include:\n  - sub:\n      defaults: {variable: [1]}\n  - roleb\n",
  "include:\n  - nowhere\n",
  "include:\n  - s*\n",
  "addons:\n  one: {mode: EnsureExists}\n",
  "addons:\n  two: {mode: Reconcile, dependsOn: [one]}\n",
  "addons:\n  two: {dependsOn: [nowhere]}\n",
  "addons:\n  one: {mode: Nonsense}\n",
  "addons:\n  two: {sls: [two]}\n",
  "halite:\n  namespaces: [made, other]\n",
  "broken: [1\n",
  "{{ undefined_name }}\n",
  "a: 1\na: 2\n",
  "- a list\n",
];

const addonFile = (addon: string, file: string): string => `/etc/kubernetes/addons/${addon}/${file}`;

const MAP = (text: string): string => `{apiVersion: v1, kind: ConfigMap, metadata: {name: %-@, namespace: default}, data: {v: ${text}}}`;

function managed(addon: string, more: string): string {
  return `%-@:\n  file.managed:\n    - name: ${addonFile(addon, "%-@.yaml")}\n    - makedirs: True\n${more}`;
}

const source = (path: string, more = ""): string => `    - source: salt://${path}\n    - template: jinja\n${more}`;

const SLS: readonly string[] = [
  managed("one", source("one/a.yaml.jinja")),
  managed("one", source("one/parts/b.yaml")),
  managed("two", source("one/a.yaml.jinja")),
  managed("two", source("two/c.yaml.jinja", "    - context: {name: '{{ pillar.a }}', list: {{ pillar.l | tojson }}}\n")),
  managed("two", source("two/c.yaml.jinja", "    - defaults: {name: fixed, extra: {{ grains.tier }}}\n")),
  managed("three", source("one/a.yaml.jinja", "    - require:\n      - file: {{ pillar.get('b', 'nothing') }}\n")),
  managed("three", source("nowhere.jinja")),
  managed("three", source("crd.yaml")),
  managed("one", source("cr.yaml.jinja")),
  managed("two", source("two/tree/plain.yaml")),
  managed("{{ pillar.get('space', 'one') }}", `    - contents: '${MAP("{{ grains.role }}")}'\n`),
  managed("one", "    - contents_pillar: text\n"),
  managed("one", "    - contents_pillar: manifest\n"),
  managed("one", "    - contents_pillar: m:x\n"),
  managed("one", "    - contents_grains: role\n"),
  managed("two", "    - contents: '{{ pillar.text }}'\n    - template: jinja\n"),
  managed("two", `    - contents: |\n        ${MAP("{{ pillar.m | tojson | string | tojson }}")}\n`),
  ...READINGS.map(
    ({ before, gives }) =>
      `${before === undefined ? "" : `{% ${before} %}\n`}${managed("one", `    - contents: |\n        ${MAP(`{{ (${gives}) | string | tojson }}`)}\n`)}`,
  ),
  `%-@:\n  file.append:\n    - name: ${addonFile("one", "grown.yaml")}\n    - makedirs: True\n    - text: "#{{ grains.role }}"\n`,
  `%-@:\n  file.append:\n    - name: ${addonFile("one", "grown.yaml")}\n    - makedirs: True\n    - source: salt://one/a.yaml.jinja\n    - template: jinja\n`,
  `%-@:\n  file.replace:\n    - name: ${addonFile("one", "grown.yaml")}\n    - pattern: role\n    - repl: '{{ pillar.a }}'\n    - require:\n      - file: grown\n`,
  `grown:\n  file.managed:\n    - name: ${addonFile("one", "grown.yaml")}\n    - makedirs: True\n    - source: salt://one/a.yaml.jinja\n    - template: jinja\n`,
  `%-@:\n  file.accumulated:\n    - name: lines\n    - filename: ${addonFile("two", "collected.yaml")}\n    - text: '{{ pillar.a }}'\n    - require_in:\n      - file: collected\n`,
  `collected:\n  file.managed:\n    - name: ${addonFile("two", "collected.yaml")}\n    - makedirs: True\n    - source: salt://two/collected.jinja\n    - template: jinja\n`,
  `%-@:\n  file.recurse:\n    - name: ${addonFile("two", "tree-@")}\n    - source: salt://two/tree\n    - template: jinja\n    - makedirs: True\n`,
  `%-@:\n  file.recurse:\n    - name: ${addonFile("three", "tree-@")}\n    - source: salt://one/parts\n    - template: jinja\n    - exclude_pat: n*\n`,
  `%-@:\n  file.serialize:\n    - name: ${addonFile("three", "%-@.yaml")}\n    - makedirs: True\n    - dataset_pillar: whole\n    - formatter: yaml\n`,
  `%-@:\n  file.serialize:\n    - name: ${addonFile("three", "%-@.yaml")}\n    - makedirs: True\n    - dataset: {apiVersion: v1, kind: ConfigMap, metadata: {name: %-@, namespace: default}, data: {a: '{{ pillar.a }}'}}\n    - formatter: json\n`,
  `%-@:\n  file.directory:\n    - name: /etc/kubernetes/addons/one\n    - makedirs: True\n`,
  `%-@:\n  file.directory:\n    - name: /etc/kubernetes/addons/two\n    - clean: True\n`,
  `%-@:\n  file.absent:\n    - name: ${addonFile("two", "collected.yaml")}\n`,
  `%-@:\n  file.symlink:\n    - name: ${addonFile("one", "link.yaml")}\n    - target: ${addonFile("one", "grown.yaml")}\n`,
  `%-@:\n  file.managed:\n    - name: /etc/node/@\n    - makedirs: True\n    - contents: '{{ pillar.b }}'\n`,
  `%-@:\n  file.blockreplace:\n    - name: ${addonFile("one", "grown.yaml")}\n    - content: '#{{ pillar.a }}'\n    - append_if_not_found: True\n`,
  `%-@:\n  pkg.installed:\n    - name: tool-{{ pillar.get('a', 0) }}\n`,
  `%-@:\n  pkg.installed:\n    - name: other-@\n    - require:\n      - file: grown\n`,
  `%-@:\n  cmd.run:\n    - name: echo {{ grains.id }}\n    - onchanges:\n      - file: collected\n`,
  `%-@:\n  service.running:\n    - name: daemon\n    - watch:\n      - file: /etc/kubernetes/addons/*\n    - require_in:\n      - pkg: tool\n`,
  `%-@:\n  test.fail_without_changes: []\n`,
  `%-@:\n  test.nop:\n    - require_in:\n      - file: grown\n`,
  `%-@:\n  test.deprecated_thing: []\n`,
  managed("one", `    - contents: '${MAP("x")}'\n    - onlyif:\n      - fun: match.glob\n        tgt: c*1\n`),
  managed("two", `    - contents: '${MAP("x")}'\n    - unless:\n      - fun: pillar.get\n        key: flag\n`),
  managed("three", `    - contents: '${MAP("x")}'\n    - onlyif:\n      - fun: mine.get\n        args: ['*', x]\n`),
  managed("two", `    - contents: '${MAP("x")}'\n    - order: first\n`),
  managed("one", `    - contents: '${MAP("x")}'\n    - order: last\n    - prereq:\n      - file: collected\n`),
  managed("one", `    - contents: '${MAP("x")}'\n    - onfail:\n      - file: collected\n`),
  managed("one", `    - contents: '${MAP("x")}'\n    - failhard: True\n    - require:\n      - test: '*'\n`),
  "include:\n  - late\n",
  "include:\n  - {{ 'one' if pillar.flag else 'two' }}\n",
  "include:\n  - nowhere\n",
  "extend:\n  grown:\n    file:\n      - context: {name: {{ grains.role }}}\n",
  "exclude:\n  - sls: late\n",
  "{% from 'map.jinja' import cfg with context %}\n",
  "{% do pillar.l.append('in sls') %}\n",
  "broken: [1\n",
  "%-@:\n  - not.a.state: true\n",
  "#!yaml\n",
  "",
];

const TOP: readonly string[] = [
  "  '*':\n    - one\n",
  "  '*':\n    - two\n    - late\n",
  "  'c*1':\n    - late\n",
  "  'c[2-4]':\n    - one\n    - two\n",
  "  'G@role:b and not c3':\n    - match: compound\n    - two\n",
  "  'I@flag:True':\n    - match: compound\n    - late\n",
  "  'role:a':\n    - match: grain\n    - one\n",
  "  odd:\n    - match: nodegroup\n    - late\n",
  "  'm:x:1':\n    - match: pillar\n    - three\n",
  "  'c1,c2':\n    - match: list\n    - three\n",
  "  '{{ grains.id }}':\n    - late\n",
  "  '*':\n    - nowhere\n",
  "  '*':\n    - three\n",
  "  broken: [\n",
];

const PILLAR_TOP: readonly string[] = [
  "  '*':\n    - common\n",
  "  '*':\n    - common\n    - own\n",
  "  'c*1':\n    - late\n",
  "  'role:b':\n    - match: grain\n    - roleb\n",
  "  'G@tier:2 or c1':\n    - match: compound\n    - late\n    - sub\n",
  "  odd:\n    - match: nodegroup\n    - roleb\n",
  "  'c[1-3]':\n    - ignore_missing: True\n    - absent\n",
  "  'c2':\n    - absent\n",
  "  '*':\n    - '*b'\n",
  "  '{{ grains.id }}':\n    - late\n",
  "  'I@a:1':\n    - match: compound\n    - sub\n",
];

const CLUSTERS: readonly string[] = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((number) =>
  [
    "{az: z1, role: a, tier: 1, list: [1]}",
    "{az: z2, role: b, tier: 2, list: [1]}",
    "{az: z1, role: b, tier: 1, list: [1], late: yes}",
  ].map((grains) => `c${number}:\n  minion_opts: {grains: ${grains}}\n`),
);

const OPTIONS: readonly string[] = [
  "nodegroups: {odd: 'c*[13579]', few: 'L@c1,c2'}\n",
  "nodegroups: {odd: 'G@role:b', few: 'c9'}\n",
  "custom: set\n",
  "pillar_merge_lists: true\n",
  "pillar_source_merging_strategy: overwrite\n",
  "pillar_source_merging_strategy: aggregate\n",
  "pillar_includes_override_sls: true\n",
  "pillar_raise_on_missing: true\n",
  "jinja_env: {trim_blocks: true}\n",
  "jinja_sls_env: {lstrip_blocks: true, trim_blocks: true}\n",
  "failhard: true\n",
  "state_top: late.sls\n",
  "renderer: yaml\n",
  "renderer: jinja|yaml|gpg\n",
  "sealed: {allow: [{kind: ConfigMap, path: /data/*, reason: a test}]}\n",
  "allow_undefined: true\n",
  "disabled_requisites: [require]\n",
  "",
];

const PLAIN: readonly string[] = [`${MAP("plain")}\n---\n`, `${MAP("other")}\n---\n`, "# a comment\n", "{apiVersion: v1\n", ""];

const CRD: readonly string[] = ["string", "integer", "boolean"].map(
  (type) =>
    `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.x.io}\nspec:\n  group: x.io\n  scope: Namespaced\n  names: {plural: things, kind: Thing}\n  versions:\n    - name: v1\n      served: true\n      storage: true\n      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {v: {type: ${type}}}}}}}\n---\n`,
);

const CR: readonly string[] = ["{{ pillar.a | tojson }}", "1", "one", "true"].map(
  (value) => `apiVersion: x.io/v1\nkind: Thing\nmetadata: {name: t@, namespace: default}\nspec: {v: ${value}}\n---\n`,
);

const MAPS: readonly string[] = [
  "{% set cfg = pillar.get('m', {}) %}\n",
  "{% set cfg = salt['pillar.get']('m', {'x': 0, 'y': []}, merge=True) %}\n",
  "{% set cfg = {'all': pillar.items() | list | length, 'm': pillar.get('m')} %}\n",
  "{% import_yaml 'defaults.yaml' as defaults %}\n{% set cfg = salt['defaults.merge'](defaults, pillar.get('m', {})) %}\n",
  "{% set cfg = salt['grains.filter_by']({'a': {'v': 1}, 'b': {'v': 2}}, grain='role') %}\n",
  "{% set all = [] %}{% for key, value in pillar.items() %}{% do all.append(key) %}{% endfor %}\n",
  "{% set all = 'constant' %}\n",
  "{% do pillar.update({'mapped': 1}) %}\n",
];

const PARTS: readonly string[] = ['"{{ pillar.a }}"', '"{{ grains.role }}"', '"part"', "{{ pillar.m | tojson }}", "[broken"];

const SOPS: readonly string[] = [
  "k: ENC[AES256_GCM,data:a]\n",
  "k: ENC[AES256_GCM,data:b]\n",
  "m: {a: 'ENC[AES256_GCM,data:c]', b: 'ENC[AES256_GCM,data:d]'}\n",
  "m: {a: 'ENC[AES256_GCM,data:c]', b: 'ENC[AES256_GCM,data:e]'}\n",
  "m: {a: 'ENC[AES256_GCM,data:c]'}\n",
  "unread@: ENC[AES256_GCM,data:f]\n",
  "k: in plain text\n",
  "broken: [1\n",
  "",
];

const JSONS: readonly string[] = ['{"j": 1}\n', '{"j": [2, 3]}\n', "{broken\n"];

function catalogueOf(path: string): readonly string[] {
  if (path === ROSTER) return CLUSTERS;
  if (path === CONFIG) return OPTIONS;
  if (path.startsWith("secrets/")) return SOPS;
  if (path === "states/top.sls") return TOP;
  if (path === "pillar/top.sls") return PILLAR_TOP;
  if (path.startsWith("pillar/")) return PILLAR;
  if (path.endsWith(".sls")) return SLS;
  if (path.startsWith("states/map")) return MAPS;
  if (path.startsWith("states/part")) return PARTS;
  if (path.startsWith("states/crd")) return CRD;
  if (path.startsWith("states/cr")) return CR;
  if (path.endsWith(".json")) return JSONS;
  if (path.endsWith("plain.yaml")) return PLAIN;
  if (path.startsWith("states/defaults") || path.startsWith("states/data")) return path.endsWith(".jinja") ? PILLAR : YAML;
  return TEMPLATES;
}

const TEMPLATES: readonly string[] = [...TEMPLATE, ...WHOLE_TEMPLATES];

const HEAD = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "m{{ name | default('NAME') | replace('/', '-') | lower }}", namespace: default}\ndata:\n`;

const BEFORE: Readonly<Record<string, string>> = {
  "states/top.sls": "base:\n",
  "pillar/top.sls": "base:\n",
  [CONFIG]:
    'file_roots: {base: [states]}\npillar_roots: {base: [pillar]}\nroster: roster.yaml\nkubernetes: "1.36"\npolicies: {disable: [policy-secret-plain]}\n',
  "states/two/collected.jinja":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: collected, namespace: default}\ndata:\n  lines: {{ accumulator | default('none') | string | tojson }}\n",
};

/** `@` is a block's place and `%` its file, so that names do not clash more often than they should. */
function textOf(path: string, blocks: readonly string[]): string {
  const name = path.replace(/^.*?\/|\.[a-z.]+$/g, "").replaceAll("/", "-");
  const head = path.startsWith("secrets/")
    ? "sops: {mac: none}\n"
    : (BEFORE[path] ?? (catalogueOf(path) === TEMPLATES ? HEAD.replace("NAME", name) : ""));
  return head + blocks.map((block, index) => block.replaceAll("@", String(index)).replaceAll(/%(?=[-@])/g, name)).join("");
}

/** The last of equal ids wins: a roster may hold a cluster once. */
function rosterText(blocks: readonly string[]): string {
  return [...new Map(blocks.map((block) => [block.split(":")[0], block])).values()].join("");
}

function pick(catalogue: readonly string[], index: number): string {
  return catalogue[index % catalogue.length] ?? "";
}

function blocksWith(catalogue: readonly string[], ...parts: readonly string[]): string[] {
  return parts.map((part) => {
    const found = catalogue.find((block) => block.includes(part));
    if (found === undefined) throw new Error(`there is no block with ${part}`);
    return found;
  });
}

/** Where runs of edits begin: mostly sound. */
const FIRST: World = new Map([
  [ROSTER, [0, 4, 6, 11, 13, 15].map((index) => pick(CLUSTERS, index))],
  [CONFIG, [pick(OPTIONS, 0), ...blocksWith(OPTIONS, "|gpg")]],
  ["secrets/a.sops.yaml", blocksWith(SOPS, "data:a]", "data:d]")],
  ["pillar/top.sls", [pick(PILLAR_TOP, 1), pick(PILLAR_TOP, 3), pick(PILLAR_TOP, 4)]],
  [
    "pillar/common.sls",
    ["a: two\n", "m: {x: 1, y: [1, 2]}\n", "l: [1, 2, 3]\n", "n: {p: {q: {r: deep}}}\n", "flag: true\n", "text: |\n  one\n  two\n"],
  ],
  [
    "pillar/own.sls",
    [
      "own-{{ grains.id }}: {{ grains.id }}\n",
      ...blocksWith(PILLAR, "a.sops.yaml#m/", "}}abc"),
      "whole: {apiVersion: v1, kind: ConfigMap, metadata: {name: whole, namespace: default}}\n",
      "manifest: '{apiVersion: v1, kind: ConfigMap, metadata: {name: stated, namespace: default}}'\n",
    ],
  ],
  ["pillar/roleb.sls", ["m: {x: 2, name: five}\n", "b: {{ grains.role }}\n"]],
  ["pillar/late.sls", ["unread: 1\n", "include:\n  - sub:\n      key: n:under\n      defaults: {variable: {{ grains.role }}}\n"]],
  ["pillar/sub.sls", ["b: {{ variable | default('unset') }}\n"]],
  ["states/top.sls", blocksWith(TOP, "- two\n    - late", "c[2-4]", "role:a'")],
  ["states/one.sls", [...blocksWith(SLS, "one/a.yaml.jinja", "one/parts/b.yaml", "contents_pillar: manifest", "grown:\n"), pick(SLS, 20)]],
  [
    "states/two.sls",
    blocksWith(SLS, "- context: {name:", "file.accumulated", "collected:\n", "file.recurse", "pkg.installed", "dataset_pillar"),
  ],
  ["states/late.sls", blocksWith(SLS, "file.append", "crd.yaml", "cr.yaml.jinja")],
  ["states/three.sls", blocksWith(SLS, "file.serialize", "cmd.run")],
  ["states/map.jinja", [pick(MAPS, 1), pick(MAPS, 5)]],
  ["states/part.jinja", [pick(PARTS, 0)]],
  ["states/defaults.yaml", ["a: 1\n", "m: {x: 1, y: [1, 2]}\n"]],
  ["states/data.jinja", ["a: 1\n", "b: {{ grains.role }}\n"]],
  ["states/data.json", [pick(JSONS, 0)]],
  ["states/crd.yaml", [pick(CRD, 0)]],
  ["states/cr.yaml.jinja", [pick(CR, 2)]],
  ["states/one/a.yaml.jinja", blocksWith(TEMPLATES, "(pillar.m.x)", "pillar.get('a', 'absent')", "import cfg with")],
  ["states/one/parts/b.yaml", blocksWith(TEMPLATES, "(grains.id)", "'m', {'x': 9", "pillar.m.items() %}  loop", "none@1}') | json")],
  ["states/two/c.yaml.jinja", blocksWith(TEMPLATES, "filter_by']({'a': {'v': 1}, 'b'", "plain@")],
  ["states/two/collected.jinja", blocksWith(TEMPLATES, "match.compound")],
  ["states/two/tree/d.yaml", blocksWith(TEMPLATES, "pillar.l | join", "defaults.merge'](defaults", "labelled", "none@2")],
  ["states/two/tree/plain.yaml", [pick(PLAIN, 0)]],
]);

/** The same, where templates write to pillar and read what others have written. */
const WRITING: World = new Map([
  ...FIRST,
  ["states/two/c.yaml.jinja", blocksWith(TEMPLATES, "pillar.update({'new'", "pillar.l.append('more')", "plain@")],
  [
    "states/one/parts/b.yaml",
    blocksWith(TEMPLATES, "(pillar.get('a', 'absent'))", "(pillar.l)", "update({'alias'", "by alias", "labelled"),
  ],
  ["states/one/a.yaml.jinja", blocksWith(TEMPLATES, "(pillar | length)", "defaults.merge'](pillar.m", "(pillar.m)")],
]);

/** Where a run of edits begins. */
export const worlds: fc.Arbitrary<World> = fc.constantFrom(FIRST, FIRST, WRITING);

const DOES: readonly Edit["does"][] = [
  "change",
  "change",
  "change",
  "insert",
  "insert",
  "delete",
  "swap",
  "add",
  "remove",
  "rename",
  "mend",
  "mend",
  "mend",
];

/** Edits, more of which change and mend than take away. */
export function edits(count: number): fc.Arbitrary<readonly Edit[]> {
  const edit = fc.record({ does: fc.constantFrom(...DOES), file: fc.nat(40), block: fc.nat(20), with: fc.nat(400) });
  return fc.array(edit, { minLength: count, maxLength: count });
}
