import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { kubernetesSchemas } from "../../src/fleet/compile.ts";
import { leavesOf, valueAt, withValue, type DataPlace } from "../../src/fleet/changed-data.ts";
import { grainsElsewhere } from "../../src/fleet/explained-values.ts";
import { FileTrial } from "../../src/fleet/file-trial.ts";
import { grainChoices } from "../../src/fleet/grain-choices.ts";
import { loadFleet, minionOfCluster } from "../../src/fleet/index.ts";
import { canonical } from "../../src/memo/index.ts";
import type { Value } from "../../src/python/index.ts";
import { SaltCompiler } from "../../src/salt/index.ts";
import { PROJECT } from "../cli/halite.ts";

const fleet = loadFleet(join(PROJECT, "halite.yaml"), kubernetesSchemas(PROJECT), PROJECT);

const textAt = (data: Value, place: DataPlace): string => {
  const value = valueAt(data, place);
  return value === undefined ? "-" : canonical(value);
};

describe("the grains that decide what stands in pillar, of the shipped fleet", () => {
  test.each(["sjc1-prod-01", "iad1-prod-02"])("of %s are those whose other values of the fleet make another pillar", (id) => {
    const cluster = fleet.roster.clusters.find((each) => each.id === id);
    if (cluster === undefined) throw new Error(`the shipped fleet has no ${id}`);
    const minion = minionOfCluster(fleet, cluster);
    const elsewhere = grainsElsewhere(fleet, cluster);
    const trial = new FileTrial(minion);
    const pillar = trial.pillar.value.data;
    const places = leavesOf(pillar);
    const choices = grainChoices(trial, places, (grain) => elsewhere("grains", grain));
    const named = new Set(
      [...choices].flatMap(([place, found]) => found.map((choice) => canonical([place.map(String), [...choice.place]]))),
    );
    // The same by compiles that share nothing.
    const changed = new Set<string>();
    const grains: DataPlace[] = [...cluster.grains.entries()].flatMap(([name, value]): DataPlace[] =>
      Array.isArray(value) ? value.map((_, index) => [name, index]) : [[name]],
    );
    for (const grain of grains) {
      for (const other of elsewhere("grains", grain) ?? []) {
        const own = minionOfCluster(fleet, { ...cluster, grains: withValue(cluster.grains, grain, other) });
        const { data } = new SaltCompiler().forMinion(own).pillar().value;
        for (const place of places)
          if (textAt(data, place) !== textAt(pillar, place)) changed.add(canonical([place.map(String), [...grain]]));
      }
    }
    const ofFleet = new Set(
      [...named].filter((each) =>
        grains.some((grain) => elsewhere("grains", grain) !== undefined && each.endsWith(`,${canonical([...grain])}]`)),
      ),
    );
    expect(ofFleet).toEqual(changed);
    expect(changed.size).toBeGreaterThan(10);
  });
});
