import { describe, expect, test } from "vitest";
import { printFinding } from "../../src/finding/index.ts";
import { compiled, fleetOf } from "../fleet/memory-fleet.ts";
import { sealedFleet } from "./sealed-fleet.ts";

/** What a template of a Secret comes to in which `key` is a reference: the published value, or what is said. */
function rendered(expression: string): { readonly value: string | undefined; readonly said: readonly string[] } {
  const files = sealedFleet();
  const template = `{% set key = pillar.key %}apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: default}\nstringData:\n  v: |-\n    ${expression}\n`;
  const [cluster] = compiled(fleetOf(files.set("states/rest.yaml", template)), false).clusters;
  const said = cluster?.findings.filter(({ severity }) => severity === "error").map(printFinding) ?? [];
  const text = cluster?.files.get("ceph/rest.yaml");
  const value = text?.split("  v:")[1];
  return { value: value?.replaceAll(/;sha256=[0-9a-f]{64}/g, ";D"), said };
}

const REF = "?{sops:ceph.sops.yaml#rbd/userKey;D}";

describe("in a template a reference", () => {
  test.each<[string, string]>([
    ["{{ key }}", REF],
    ["a{{ key }}b", `a${REF}b`],
    ["{{ 'a' ~ key + 'b' }}", `a${REF}b`],
    ["{{ '%s!' % key }}", `${REF}!`],
    ["{{ 'x{}'.format(key) }}", `x${REF}`],
    ["{{ '%s' | format(key) }}", REF],
    ["{{ [key, 'a'] | join(',') }}", `${REF},a`],
    ["{{ key | yaml_squote }}", `'${REF}'`],
    ["{{ key | escape }}", REF],
    ["{{ key | default('x') | string }}", REF],
    ["{{ {'a': key} | json }}", `{\\"a\\": \\"${REF}\\"}`],
    ["{{ {'a': key} | tojson }}", `{\\"a\\": \\"${REF}\\"}`],
    ["{{ [key] | first }}", REF],
    ["{{ {'a': key} | dictsort | map('last') | join }}", REF],
    ["{{ 'yes' if key.startswith('?{') and key is string and key is defined and key else 'no' }}", "yes"],
    ["{{ 'yes' if key != '' and key is not none and '?{' in key else 'no' }}", "yes"],
    ["{{ 'yes' if key == none or key == 1 else 'no' }}", "no"],
    ["{{ (key ~ '  ') | trim }}!", `${REF}!`],
    ["{{ ' ' ~ (key ~ ' ').strip() }}!", ` ${REF}!`],
    ["{{ key | base64_encode }}", "?{sops:ceph.sops.yaml#rbd/userKey|base64;D}"],
    ["{{ salt['hashutil.base64_b64encode'](key) }}", "?{sops:ceph.sops.yaml#rbd/userKey|base64;D}"],
    ["{{ key | base64_encode | base64_encode }}", "?{sops:ceph.sops.yaml#rbd/userKey|base64|base64;D}"],
    ["{{ key | base64_encode | base64_decode }}", REF],
    ["{{ ('- ' ~ key) | load_yaml | join }}", REF],
    ["{{ salt['pillar.get']('key') }}", REF],
    ["{{ pillar | traverse('key') }}", REF],
  ])("may be used so: %s", (expression, expected) => {
    const { value, said } = rendered(expression);
    expect(said).toEqual([]);
    const plain = value?.trim() ?? "";
    const published = plain.startsWith("?{") || plain.includes("?{") ? plain : Buffer.from(plain, "base64").toString("utf8");
    expect(published.replace(/^"(.*)"$/s, "$1").replace(/^\|-?\s+/, "")).toContain(expected.trim());
  });

  test.each<string>([
    "{{ key | upper }}",
    "{{ key | lower }}",
    "{{ key | trim }}",
    "{{ key | length }}",
    "{{ key | replace('-', '_') }}",
    "{{ key | regex_replace('a', 'b') }}",
    "{{ key | sha256 }}",
    "{{ key | md5 }}",
    "{{ key | hmac_compute('s') }}",
    "{{ key | list | join }}",
    "{{ key | first }}",
    "{{ key | reverse }}",
    "{{ key | truncate(10) }}",
    "{{ key | wordwrap(10) }}",
    "{{ key | urlencode }}",
    "{{ key | int }}",
    "{{ key | to_bool }}",
    "{{ [key] | map('upper') | join }}",
    "{{ [key, 'a'] | select('match', 'a') | join }}",
    "{% filter upper %}a {{ key }}{% endfilter %}",
    "{{ key[0] }}",
    "{{ key[2:] }}",
    "{% for c in key %}{{ c }}{% endfor %}",
    "{{ key.upper() }}",
    "{{ key.split('/') | join }}",
    "{{ key.replace('a', 'b') }}",
    "{{ key.encode() }}",
    "{{ key.strip() }}",
    "{{ key.startswith('AQ') }}",
    "{{ key == 'changeme' }}",
    "{{ key < 'changeme' }}",
    "{{ key is eq('changeme') }}",
    "{{ key is match('A') }}",
    "{{ 'a' in key }}",
    "{{ key in ['a', 'b'] }}",
    "{{ key | base64_encode | upper }}",
    "{{ (key | base64_encode)[:8] }}",
    "{{ salt['hashutil.sha256_digest'](key) }}",
    "{{ salt['hashutil.digest'](instr=key) }}",
  ])("may not be used so: %s", (expression) => {
    const { value, said } = rendered(expression);
    expect(value).toBeUndefined();
    expect(said.join("\n")).toContain("[sealed-reference-changed]");
  });

  test("what is refused says where, what and why", async () => {
    const said = [
      "{{ key | upper }}",
      "{% if key == 'changeme' %}x{% endif %}",
      "{{ salt['hashutil.sha256_digest'](key) }}",
      "{{ key.split('/') }}",
    ].map((expression) => rendered(expression).said.join("\n"));
    await expect(`${said.join("\n\n")}\n`).toMatchFileSnapshot("golden/changed-references.txt");
  });

  test("texts with other question marks and braces are not its concern", () => {
    expect(rendered("{{ 'http://x?{{.Query}}' | upper }}").said).toEqual([]);
    expect(rendered("{{ 'a?{2}' | replace('a', 'b') }}").said).toEqual([]);
  });
});
