import { describe, expect, test } from "vitest";
import { addonsOfFailedSls } from "../../src/fleet/failed-sls.ts";

describe("addons of an SLS that does not render", () => {
  test.each<[string, string, readonly string[] | undefined]>([
    ["a literal path", "a:\n  file.managed:\n    - name: /etc/kubernetes/addons/nfs/x.yaml\n", ["nfs"]],
    ["two addons", "x: /etc/kubernetes/addons/b/x.yaml\ny: '/etc/kubernetes/addons/a'\n", ["a", "b"]],
    ["a file directly in the folder", "x: /etc/kubernetes/addons/x.yaml\n", ["_root"]],
    ["the name from pillar", "x: /etc/kubernetes/addons/{{ pillar.name }}/x.yaml\n", undefined],
    ["a name that goes on in a template", "x: /etc/kubernetes/addons/nfs-{{ n }}/x.yaml\n", undefined],
    ["the folder without a name", "{% set d = '/etc/kubernetes/addons' %}\n{{ d }}/nfs/x.yaml:\n  file.managed: []\n", undefined],
    ["no mention", "{% include 'x' %}\n", undefined],
    ["an include", "include:\n  - other\nx: /etc/kubernetes/addons/nfs/x.yaml\n", undefined],
    ["an extend", "x: /etc/kubernetes/addons/nfs/x.yaml\nextend:\n  y: {}\n", undefined],
  ])("%s", (_name, text, expected) => {
    expect(addonsOfFailedSls(text)).toEqual(expected);
  });
});
