import { afterAll, beforeAll, expect, it, describe } from "vitest";
import { FindingError } from "../../src/finding/index.ts";
import { loadToml } from "../../src/salt/render/toml.ts";
import { encodeValue } from "../oracle/encode.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";

const TEXTS = [
  "",
  "a = 1\nb = 1.0\nc = 'x'\nd = \"y\\n\\u00e9\"\ne = true\nf = false\n",
  "a = 9007199254740993\nb = -9223372036854775808\nc = 0xff\nd = 0o17\ne = 0b11\nf = 1_000\n",
  "a = 1e3\nb = -0.0\nc = inf\nd = -inf\ne = 1_0.5\n",
  "a = [1, 'x', [2.0], {k = 1}]\n",
  "[t]\na = 1\n[t.u]\nb = 2\n[[list]]\nx = 1\n[[list]]\nx = 2\n",
  "a.b.c = 1\na.b.d = 2\n",
  "a = '''\nmulti\nline'''\nb = \"\"\"\nx \\\n   y\"\"\"\n",
  "'quoted key' = 1\n\"other.key\" = 2\n",
  "# comment\nz = 1 # another\na = 2\n",
  "__proto__ = 1\nconstructor = 2\n[toString]\nx = 1\n",
  "['file.managed']\nname = '/etc/x'\n",
  "a = 1\na = 2\n",
  "a = \n",
  "[t\n",
  "a = 9223372036854775808\n",
  "a = 01\n",
  "= 1\n",
];

describe.skipIf(!oracleIsThere())("TOML is read as Python reads it", () => {
  let oracle: Oracle;
  let answers: readonly ({ ok: unknown } | { error: string })[] = [];
  beforeAll(async () => {
    oracle = new Oracle(["salt_render"]);
    const answer = await oracle.ask("toml", { texts: TEXTS });
    answers = ("ok" in answer ? answer.ok : []) as typeof answers;
  });
  afterAll(() => oracle.close());

  it.each(TEXTS.map((text, index) => ({ title: JSON.stringify(text), text, index })))("$title", ({ text, index }) => {
    const theirs = answers[index];
    if (theirs === undefined) throw new Error("no answer");
    if ("error" in theirs) expect(() => loadToml(text, "x.sls")).toThrow(FindingError);
    else expect(encodeValue(loadToml(text, "x.sls"))).toEqual(theirs.ok);
  });
});

describe("what TOML holds and SLS data does not", () => {
  it.each(["a = 2020-01-01\n", "a = 2020-01-01T10:00:00Z\n", "a = 10:00:00\n", "z = 1\n1 = 2\n"])("%j is refused", (text) => {
    expect(() => loadToml(text, "x.sls")).toThrow(/^TOML: /);
  });
});
