import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oracleIsThere, type Oracle } from "../oracle/oracle.ts";
import { compareTree } from "./compare-tree.ts";
import { isolatedOracle, isolation } from "./isolated-oracle.ts";
import { writeTree, type Tree } from "./filestate-world.ts";

const A = "/etc/kubernetes/addons";

/** Whole trees, from minion config to bytes, with nothing of Salt's in between. */
const TREES: readonly Tree[] = [
  {
    title: "an addon as a formula writes it",
    states: {
      "top.sls": "base:\n  '*':\n    - ceph\n    - extra.more\n",
      "ceph/init.sls": `{%- from "ceph/map.jinja" import ceph with context %}
include:
  - .config
${A}/ceph:
  file.directory:
    - makedirs: True
{%- for pool in ceph.pools %}
ceph-class-{{ pool.name }}:
  file.managed:
    - name: ${A}/ceph/class-{{ pool.name }}.yaml
    - source: salt://ceph/files/class.yaml.j2
    - template: jinja
    - mode: 0644
    - context: {{ {'pool': pool, 'ceph': ceph} | json }}
    - require:
      - file: ${A}/ceph
      - file: ceph-config
{%- endfor %}
ceph-rest:
  file.recurse:
    - name: ${A}/ceph/rest
    - source: salt://ceph/files/rest
    - template: jinja
    - defaults: {who: nobody}
    - require:
      - sls: ceph.config
`,
      "ceph/config.sls": `ceph-config:
  file.serialize:
    - name: ${A}/ceph/config.yaml
    - dataset_pillar: ceph:config
    - formatter: yaml
    - makedirs: True
service:
  pkg.installed:
    - name: ceph-common
    - require: [{file: ceph-config}]
`,
      "ceph/map.jinja": `{%- import_yaml "ceph/defaults.yaml" as defaults %}
{%- set ceph = salt['grains.filter_by'](defaults, grain='az', default='default', merge=salt['pillar.get']('ceph', {})) %}
`,
      "ceph/defaults.yaml": "default:\n  pools: []\n  fs: xfs\nsjc1:\n  pools: []\n  fs: ext4\n",
      "ceph/files/class.yaml.j2":
        "{%- import 'ceph/files/macro.j2' as m %}\nkind: StorageClass\nmetadata:\n  name: {{ pool.name }}\n{{ m.param('fs', ceph.fs) }}\nid: {{ grains.id }}\n",
      "ceph/files/macro.j2": "{%- macro param(name, value) %}  {{ name }}: {{ value | yaml_encode }}{%- endmacro %}\n",
      "ceph/files/rest/a.yaml": "a: {{ who }} {{ grains['az'] }}\n",
      "ceph/files/rest/sub/b.yaml": "b: {{ salt['pillar.get']('ceph:none', 'x') }}\n",
      "extra/more.sls": `extend:
  ceph-rest:
    file:
      - context: {who: me}
data:
  file.serialize:
    - name: ${A}/extra/data.json
    - makedirs: True
    - formatter: json
    - dataset: {{ pillar['ceph'] | json }}
`,
    },
    pillar:
      "ceph:\n  pools:\n    - {name: fast, size: 3}\n    - {name: 'slow', size: 0600}\n  config: &c\n    a: [1, 2.5, yes]\n    text: |\n      two\n      lines\n  again: *c\n",
  },
  {
    title: "data met twice keeps its anchors",
    states: {
      "top.sls": "base: {'*': [a]}\n",
      "a.sls": `x:\n  file.serialize:\n    - name: ${A}/x\n    - dataset: {a: &x [1, 2], b: *x}\n`,
    },
  },
  {
    title: "a state that fails at compile",
    states: {
      "top.sls": "base: {'*': [a]}\n",
      "a.sls": "x:\n  file.managed:\n    - require: [file: none]\n    - name\n  file.absent: []\n",
    },
  },
];

const isolated = oracleIsThere() ? isolation() : { missing: "no Python environment" };

describe.skipIf("missing" in isolated)("whole trees are what the real Salt makes of them", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = isolatedOracle();
  });
  afterAll(async () => {
    await oracle.close();
  });

  test.each(TREES.map((tree) => [tree.title, tree] as const))("%s", async (_title, tree) => {
    const written = writeTree(tree);
    try {
      const config = written.config as Parameters<typeof compareTree>[1][number];
      expect(await compareTree(written.directory, [config], { oracle })).toEqual([]);
    } finally {
      written.remove();
    }
  });
});
