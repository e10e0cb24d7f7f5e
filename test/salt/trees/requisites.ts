import type { StateTree } from "../state-world.ts";

/** Trees of the SLS `a`, with files beside it. */
function req(title: string, a: string, files: Readonly<Record<string, string>> = {}, config = ""): StateTree {
  const named = Object.fromEntries(Object.entries(files).map(([path, text]) => [`states/${path}`, text]));
  return { title: `requisites: ${title}`, files: { "states/a.sls": a, ...named }, sls: "a", config };
}

const Y = "y:\n  test.nop:\n    - name: the y\n";
const Z = "z:\n  file.managed:\n    - name: /z\n    - mode: 1\n    - user: u\n";
const KINDS = [
  "require",
  "require_any",
  "watch",
  "watch_any",
  "prereq",
  "onchanges",
  "onchanges_any",
  "onfail",
  "onfail_any",
  "onfail_all",
  "listen",
];
const KINDS_IN = ["require_in", "watch_in", "prereq_in", "onchanges_in", "onfail_in", "listen_in", "use", "use_in"];

export const REQUISITE_TREES: readonly StateTree[] = [
  ...KINDS.flatMap((kind) => [
    req(`${kind} of an ID`, `x:\n  test.nop:\n    - ${kind}:\n      - test: y\n${Y}`),
    req(`${kind} of a name`, `x:\n  test.nop:\n    - ${kind}:\n      - test: the y\n${Y}`),
    req(`${kind} of what is missing`, `x:\n  test.nop:\n    - ${kind}:\n      - test: nope\n${Y}`),
    req(`${kind} of a plain word`, `x:\n  test.nop:\n    - ${kind}:\n      - y\n${Y}`),
  ]),
  ...KINDS_IN.flatMap((kind) => [
    req(`${kind} of an ID`, `x:\n  file.managed:\n    - mode: 2\n    - group: g\n    - ${kind}:\n      - file: z\n${Z}`),
    req(`${kind} of a name`, `x:\n  file.managed:\n    - mode: 2\n    - ${kind}:\n      - file: /z\n${Z}`),
    req(`${kind} of two`, `x:\n  file.managed:\n    - mode: 2\n    - ${kind}:\n      - file: z\n      - test: y\n${Z}${Y}`),
    req(`${kind} as a dict`, `x:\n  file.managed:\n    - mode: 2\n    - ${kind}:\n        file: z\n${Z}`),
    req(`${kind} of a plain word`, `x:\n  file.managed:\n    - ${kind}:\n      - z\n${Z}`),
    req(`${kind} of a plain name`, `x:\n  file.managed:\n    - ${kind}:\n      - /z\n${Z}`),
    req(`${kind} as a word`, `x:\n  file.managed:\n    - ${kind}: z\n${Z}`),
    req(`${kind} of an SLS`, `include: [b]\nx:\n  file.managed:\n    - mode: 2\n    - ${kind}:\n      - sls: b\n`, { "b.sls": Z + Y }),
    req(`${kind} with a dot`, `x:\n  file.managed:\n    - ${kind}:\n      - file.managed: z\n${Z}`),
    req(`${kind} of what is missing`, `x:\n  file.managed:\n    - ${kind}:\n      - file: nope\n${Z}`),
    req(
      `${kind} disabled`,
      `x:\n  file.managed:\n    - mode: 2\n    - ${kind}:\n      - file: z\n${Z}`,
      {},
      `disabled_requisites: [${kind}]\n`,
    ),
  ]),
  req("require of an SLS", `include: [b]\nx:\n  test.nop:\n    - require:\n      - sls: b\n`, { "b.sls": Y }),
  req("require of an SLS by pattern", `include: [b1]\nx:\n  test.nop:\n    - require:\n      - sls: 'b*'\n`, { "b1.sls": Y }),
  req("require of an SLS that includes", `include: [b]\nx:\n  test.nop:\n    - require:\n      - sls: b\n`, {
    "b.sls": "include: [c]\n",
    "c.sls": Y,
  }),
  req("require by pattern", `x:\n  test.nop:\n    - require:\n      - test: 'th*'\n${Y}`),
  req("require by id", `x:\n  test.nop:\n    - require:\n      - id: y\n${Y}`),
  req("require of several", `x:\n  test.nop:\n    - require:\n      - test: y\n      - file: z\n${Y}${Z}`),
  req("require as a word", `x:\n  test.nop:\n    - require: y\n${Y}`),
  req("require as a dict", `x:\n  test.nop:\n    - require:\n        test: y\n${Y}`),
  req("require of null", `x:\n  test.nop:\n    - require:\n      - test:\n${Y}`),
  req("require of a list", `x:\n  test.nop:\n    - require:\n      - test: [y]\n${Y}`),
  req("require of a number", `x:\n  test.nop:\n    - require:\n      - 5\n${Y}`),
  req("require with a dot", `x:\n  test.nop:\n    - require:\n      - test.nop: y\n${Y}`),
  req("require of two keys in one", `x:\n  test.nop:\n    - require:\n      - test: y\n        file: z\n${Y}${Z}`),
  req("require beside another option in one dict", `x:\n  test.nop:\n    - require:\n      - test: y\n      v: 1\n${Y}`),
  req("require twice", `x:\n  test.nop:\n    - require:\n      - test: y\n    - require:\n      - file: z\n${Y}${Z}`),
  req("each requires the other", "x:\n  test.nop:\n    - require:\n      - test: y\ny:\n  test.nop:\n    - require:\n      - test: x\n"),
  req(
    "require of itself by require_in",
    "x:\n  test.nop:\n    - require_in:\n      - test: y\ny:\n  test.nop:\n    - require_in:\n      - test: z\nz:\n  test.nop: []\n",
  ),
  req(
    "require_in of several states of one ID",
    "x:\n  test.nop:\n    - require_in:\n      - y\ny:\n  pkg.installed: []\n  service.running: []\n",
  ),
  req(
    "require_in joins a require",
    `x:\n  test.nop:\n    - require_in:\n      - file: z\nw:\n  test.nop:\n    - require_in:\n      - file: z\nz:\n  file.managed:\n    - require:\n      - test: y\n${Y}`,
  ),
  req("watch_in and require_in of one", `x:\n  test.nop:\n    - require_in:\n      - file: z\n    - watch_in:\n      - file: z\n${Z}`),
  req(
    "use does not take names",
    "x:\n  file.managed:\n    - use:\n      - file: z\nz:\n  file.managed:\n    - names: [/p, /q]\n    - mode: 1\n",
  ),
  req(
    "use of use",
    "x:\n  file.managed:\n    - use:\n      - file: y\ny:\n  file.managed:\n    - group: g\n    - use:\n      - file: z\nz:\n  file.managed:\n    - mode: 1\n",
  ),
  req("use keeps its own", "x:\n  file.managed:\n    - mode: 9\n    - use:\n      - file: z\n" + Z),
  req("use of another state", `x:\n  test.nop:\n    - use:\n      - file: z\n${Z}`),
  req(
    "use takes require_any and order",
    `x:\n  file.managed:\n    - use:\n      - file: z\nz:\n  file.managed:\n    - require_any:\n      - test: y\n    - order: 3\n${Y}`,
  ),
  req(
    "prereq of prereq",
    "x:\n  test.nop:\n    - prereq:\n      - test: y\ny:\n  test.nop:\n    - prereq:\n      - test: z\nz:\n  test.nop: []\n",
  ),
  req("names with a requisite", `x:\n  test.nop:\n    - names: [p, q]\n    - require:\n      - test: y\n${Y}`),
  req(
    "names with requisites of their own",
    `x:\n  test.nop:\n    - names:\n      - p:\n        - require:\n          - test: y\n      - q\n${Y}`,
  ),
  req("exclude of what is used", `include: [b]\nexclude: [b]\nx:\n  file.managed:\n    - use:\n      - file: z\n`, { "b.sls": Z }),
  req(
    "a circle of three",
    "x:\n  test.nop:\n    - require:\n      - test: y\ny:\n  test.nop:\n    - watch:\n      - test: z\nz:\n  test.nop:\n    - onchanges:\n      - test: x\n",
  ),
  req("a state requires its own SLS", "x:\n  test.nop:\n    - require:\n      - sls: a\n"),
  req("a state requires a pattern that means itself", "/a/x:\n  test.nop:\n    - require:\n      - test: '/a/*'\n/a/y:\n  test.nop: []\n"),
  req("require of what is excluded", `include: [b]\nexclude: [b]\nx:\n  test.nop:\n    - require:\n      - test: y\n`, { "b.sls": Y }),
  req("order and requisites", `x:\n  test.nop:\n    - order: last\n    - require_in:\n      - test: y\n${Y}`),
];
