import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** How much there is in the fleet. */
export interface SmallFleet {
  readonly clusters: number;
  readonly files: number;
}

/** A fleet whose clusters all differ; `value` is in every file of every cluster. Its roster is long enough to be kept. */
export function writeSmallFleet(folder: string, { clusters, files }: SmallFleet, value: string): void {
  const numbers = Array.from({ length: files }, (_, index) => index);
  const tree: Readonly<Record<string, string>> = {
    "halite.yaml": 'roster: roster.yaml\nkubernetes: "1.36"\n',
    "roster.yaml": Array.from(
      { length: clusters },
      (_, index) => `c${index}: {minion_opts: {grains: {az: z${index % 2}, n: ${index}, note: ${"of no use ".repeat(60)}}}}\n`,
    ).join(""),
    "pillar/top.sls": "base:\n  '*': [p]\n",
    "pillar/p.sls": `value: ${value}\nn: {{ grains.n }}\n`,
    "states/top.sls": "base:\n  '*': [s]\n",
    "states/s.sls": numbers
      .map(
        (number) =>
          `f${number}:\n  file.managed:\n    - name: /etc/kubernetes/addons/a${number % 3}/f${number}.yaml\n    - source: salt://f${number}\n    - template: jinja\n    - makedirs: True\n`,
      )
      .join(""),
    ...Object.fromEntries(
      numbers.map((number) => [
        `states/f${number}`,
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: f${number}, namespace: default}\ndata:\n  value: "{{ pillar.value }}"\n  n: "{{ pillar.n }}"\n  long: "${"x".repeat(500)}"\n`,
      ]),
    ),
  };
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    // In one step: who renders meanwhile reads what was or what is, and nothing half written.
    writeFileSync(join(folder, "aside"), text);
    renameSync(join(folder, "aside"), join(folder, path));
  }
}
