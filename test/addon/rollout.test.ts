import { expect, test } from "vitest";
import { readAddonSettings, ReleaseTexts, rolloutOfFailed, saysWhen } from "../../src/addon/index.ts";
import { PyDict } from "../../src/python/index.ts";
import { loadSalt } from "../../src/yaml/index.ts";

function settingsOf(yaml: string): ReturnType<typeof readAddonSettings> {
  const { value } = loadSalt(yaml, { file: "pillar.sls" });
  return readAddonSettings(value instanceof PyDict ? value : new PyDict());
}

const WAVES = `
  waves:
    canary: {order: 1, soak: 30m}
    rest: {order: 2, soak: 2h, maxUnavailable: 3, paused: true, approval: required, approved: ["0123abc"]}
`;

test("a cluster's wave and its settings stand in release.yaml", () => {
  const { rollout, problems } = settingsOf(`rollout:\n  wave: rest${WAVES}`);
  expect(problems).toEqual([]);
  expect(rollout).toEqual({ wave: "rest", order: 2, soak: 7200, maxUnavailable: 3, paused: true, approved: ["0123abc"] });
  const identity = { id: "c1", az: "az1", kubernetes: "1.36" };
  const files = new ReleaseTexts().files({ state: "compiled", cluster: identity, addons: [], sealed: [], rollout });
  expect(files.get("release.yaml")).toBe(`apiVersion: halite.dev/v1alpha1
kind: Release
cluster: c1
az: az1
kubernetes: "1.36"
state: complete
addons: {}
rollout:
  wave: rest
  order: 2
  soakSeconds: 7200
  maxUnavailable: 3
  paused: true
  approved:
  - 0123abc
`);
});

test("without a wave a cluster waits for nobody", () => {
  expect(settingsOf("a: 1").rollout).toBeNull();
  expect(settingsOf(`rollout:${WAVES}`).rollout).toBeNull();
});

test.each([
  ["rollout: canary", "pillar rollout: must be a mapping with wave and waves"],
  [`rollout:\n  wave: last${WAVES}`, "pillar rollout:wave: there is no wave last; rollout:waves has canary, rest"],
  ["rollout: {wave: a}", "pillar rollout:wave: there is no wave a; rollout:waves has none"],
  ["rollout: {wave: a, waves: {a: {}}}", "pillar rollout:waves:a:order: must be a whole number: waves go in this order"],
  ["rollout: {wave: a, waves: {a: {order: 1, soak: soon}}}", "pillar rollout:waves:a:soak: must be a duration such as 90s, 30m or 2h"],
  [
    "rollout: {wave: a, waves: {a: {order: 1, maxUnavailable: 0}}}",
    "pillar rollout:waves:a:maxUnavailable: must be a whole number of clusters, at least 1",
  ],
  [
    "rollout: {wave: a, waves: {a: {order: 1, approved: [12]}}}",
    "pillar rollout:waves:a:approved: must be a list of commits of the published branch, at least seven digits each, in quotes",
  ],
])("%s is refused", (yaml, message) => {
  expect(settingsOf(yaml).problems.map(({ path, message: said }) => `pillar ${path.join(":")}: ${said}`)).toContain(message);
});

test.each([
  ["what is wrong elsewhere", ["images", "mirror"], { wave: "rest", order: 2 }],
  ["a setting of the wave", ["rollout", "waves", "rest", "soak"], { wave: "rest", order: 2 }],
  ["its order", ["rollout", "waves", "rest", "order"], { wave: "rest", order: 0 }],
  ["a wave that is none", ["rollout", "waves", "rest"], { wave: "rest", order: 0 }],
  ["the name of the wave", ["rollout", "wave"], { wave: "rest", order: 0 }],
  ["a field that is not there", ["rollout", "wvae"], { wave: "rest", order: 0 }],
])("a cluster that failed is waited for by its order, or by all where that may be another: %s", (_name, path, expected) => {
  const { rollout } = settingsOf(`rollout:\n  wave: rest${WAVES}`);
  expect(rolloutOfFailed(rollout, [path])).toMatchObject(expected);
  // Without a wave nobody waits, unless rollout is what is wrong.
  expect(rolloutOfFailed(null, [path])).toEqual(path[0] === "rollout" ? expect.objectContaining({ wave: "unknown", order: 0 }) : null);
});

test("a cluster reads its own wave's settings and no others", () => {
  const pillar = (yaml: string): PyDict => {
    const { value } = loadSalt(yaml, { file: "pillar.sls" });
    return value instanceof PyDict ? value : new PyDict();
  };
  const [rest, none] = [pillar(`rollout:\n  wave: rest${WAVES}`), pillar(`rollout:${WAVES}`)];
  const paths = [["wave"], ["waves"], ["waves", "rest", "soak"], ["waves", "canary", "soak"]].map((path) => ["rollout", ...path]);
  expect(paths.map((path) => saysWhen(rest, path))).toEqual([true, true, true, false]);
  expect(paths.map((path) => saysWhen(none, path))).toEqual([true, false, false, false]);
});
