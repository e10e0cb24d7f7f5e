import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterId, clusterZone } from "./fleet.ts";
import { measure, type Cost } from "./measure.ts";
import { halite, knows, run } from "./program.ts";
import { proveOut } from "./prove.ts";
import { heading, remark, row, skipped, type Wanted } from "./table.ts";

const RUNS = 5;
const ADDON = "rbd-plugin";
const FILE = `${ADDON}/config.yaml`;

/**
 * Renders of a fleet that was rendered before: cache and out/ are there. Every run of a row begins from the same state, and what it
 * changes it changes to a value that no run before it had.
 *
 * @param judged whether the fleet has the size that the wanted figures are for
 */
export function measureWarm(folder: string, clusters: number, judged: boolean): void {
  const wanted = (wall: number): Wanted => (judged ? { wall } : {});
  const cluster = Math.floor(clusters / 2);
  const id = clusterId(cluster);
  heading("The same fleet, warm");
  run(folder, "render");
  row("halite render, nothing changed", measure(RUNS, halite(folder, "render")));

  const pillar = new Edit(folder, `pillar/clusters/${id}.sls`, (text, value) => `${text}${ADDON}:\n  logLevel: "${value}"\n`);
  const template = new Edit(folder, `states/${ADDON}/templates/config.yaml`, (text, value) =>
    text.replace("\ndata:\n", `\ndata:\n  edited: "${value}"\n`),
  );
  const rendered = (of: number): string => readFileSync(join(folder, "out", clusterZone(of), clusterId(of), FILE), "utf8");
  const change = (edit: Edit, seen: (value: string) => boolean): Cost => {
    let value = "";
    return measure(RUNS, halite(folder, "render"), {
      before: () => {
        edit.undo();
        run(folder, "render");
        value = edit.make();
      },
      after: () => {
        if (!seen(value)) throw new Error(`the render after a change of ${edit.path} did not bring it to out/`);
      },
    });
  };
  row(
    "halite render, one pillar key of one cluster changed",
    change(pillar, (value) => rendered(cluster).includes(`logLevel: ${value}\n`)),
    "",
    wanted(0.7),
  );
  row(
    "halite render, one template that all clusters use changed",
    change(template, (value) => [0, cluster, clusters - 1].every((each) => rendered(each).includes(`edited: "${value}"\n`))),
    "",
    wanted(3),
  );
  measureQuestion(folder, ["impact", `pillar:${ADDON}:replicas`], wanted(0.5));
  measureQuestion(folder, ["explain", `${FILE}:14`, "--cluster", id], wanted(0.5));
  proveOut("warm and cold", folder, ...(knows("render", "--no-cache") ? ["--no-cache"] : []));
  remark("proven: out/ after all these renders is the same, byte by byte, as that of a cold one");
}

/** A command that answers from the cache. */
function measureQuestion(folder: string, args: readonly [command: string, ...rest: string[]], wanted: Wanted): void {
  const what = `halite ${args.join(" ")}`;
  if (knows(args[0])) row(what, measure(RUNS, halite(folder, ...args)), "", wanted);
  else skipped(what, "this halite has no such command");
}

/** A change of one file that can be made with a new value each time. */
class Edit {
  readonly path: string;
  readonly #file: string;
  readonly #text: string;
  readonly #changed: (text: string, value: string) => string;
  #made = 0;

  constructor(folder: string, path: string, changed: (text: string, value: string) => string) {
    this.path = path;
    this.#file = join(folder, path);
    this.#text = readFileSync(this.#file, "utf8");
    this.#changed = changed;
  }

  make(): string {
    this.#made += 1;
    const value = String(10 + this.#made);
    writeFileSync(this.#file, this.#changed(this.#text, value));
    return value;
  }

  undo(): void {
    writeFileSync(this.#file, this.#text);
  }
}
