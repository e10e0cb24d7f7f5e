import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseMinionConfig } from "../../src/salt/config/index.ts";
import { encodeValue } from "../oracle/encode.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";

/** Options that Salt takes from the host, or that the oracle moves into its own directory. */
const HOST = ["cachedir", "extension_modules", "__cli", "conf_file", "user", "root_dir", "ipc_mode", "enable_fqdns_grains"];

const CONFIGS: readonly string[] = [
  "id: m1\n",
  "id: 5\ngrains: {az: a, n: 1.5}\n",
  "id: m1\nfile_roots:\n  base: [ROOT/states]\n  dev: [ROOT/dev]\npillar_roots: {base: [ROOT/pillar]}\n",
  "id: m1\nfile_roots: {base: ROOT/states}\n",
  "id: m1\nfile_roots: [a]\n",
  "id: m1\nenvironment: dev\n",
  "id: m1\nenvironment: dev\nsaltenv: base\n",
  "id: m1\nappend_domain: example.com\n",
  "id: m1.example.com\nappend_domain: example.com\n",
  "id: m1.\nappend_domain: example.com\n",
  "id: m1\nunknown: {a: [1, two]}\nnodegroups: {g: 'm1 or m2'}\njinja_env: {trim_blocks: true}\n",
  "id: m1\npillar_merge_lists: yes\nstate_top: other.sls\nhash_type: MD5\nopen_mode: 1\n",
];

describe.skipIf(!oracleIsThere())("minion configs, as Salt reads them", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["salt_state"]);
  });
  afterAll(() => oracle.close());

  it.each(CONFIGS)("%j", async (config) => {
    const answer = await oracle.ask("state.config", { config, files: { "states/a.sls": "" } });
    if ("error" in answer) throw new Error(answer.error.trace);
    expect(sorted(encodeValue(parseMinionConfig(config, "minion").opts))).toEqual(sorted(answer.ok));
  });
});

function sorted(options: unknown): unknown[] {
  const entries = (options as { readonly dict: readonly [string, unknown][] }).dict;
  return entries.filter(([name]) => !HOST.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1));
}
