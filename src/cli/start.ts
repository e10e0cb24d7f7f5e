import {
  Aside,
  compareOut,
  exampleEdit,
  findingsByCluster,
  FleetCompiler,
  outFiles,
  removeLeftovers,
  strayFiles,
  writeOut,
  type Fleet,
  type OutDifference,
  type TimedCompile,
} from "../fleet/index.ts";
import type { Command, CommandContext } from "./command.ts";
import { compareFleets } from "./compare-fleets.ts";
import { withCauses } from "./diff-causes.ts";
import { formatDiff } from "./diff-output.ts";
import { WORKTREE } from "./fleet-sides.ts";
import { duration } from "./progress.ts";
import { allowances, describeOutcome, openPublisher, publishRelease } from "./publish.ts";
import { plural } from "./plural.ts";
import { summary, written } from "./render.ts";
import { countFindings, foldFindings, printFindings } from "./report.ts";
import { openFleet } from "./open-fleet.ts";
import { outFolder } from "./open-roster.ts";
import { compileFleet } from "./session.ts";

/** `halite start`, which `npm start` runs: render, validate, publish to the embedded repository, say how to go on. */
export const command: Command = {
  run: async (context) => {
    const { terminal } = context;
    const begun = performance.now();
    const fleet = openFleet(context);
    const compiles = await compileFleet(context, fleet);
    const folder = outFolder(context, fleet);
    const files = outFiles(compiles);
    const clusters = compiles.map(({ cluster }) => cluster);
    removeLeftovers(folder, Date.now());
    const own = compareOut(folder, files);
    const inClusters = own.extra.filter((path) => clusters.some(({ az, id }) => path.startsWith(`${az}/${id}/`)));
    const difference = { ...own, extra: [...inClusters, ...strayFiles(folder, clusters)] };
    const aside = new Aside(folder);
    try {
      writeOut(folder, files, difference, aside);
    } finally {
      aside.remove();
    }
    const findings = foldFindings(findingsByCluster(fleet, compiles));
    const failed = findings.some(({ finding }) => finding.severity === "error");
    printFindings(terminal, findings, compiles.length, false);
    printZones(context, compiles, difference);
    terminal.out(
      `\n${summary(compiles)} in ${duration(performance.now() - begun)}; ${written(difference)}${failed ? `; ${countFindings(findings)}` : ""}\n`,
    );
    if (failed) {
      terminal.out("not published: fix the errors above, or `npx halite publish --partial`\n");
      return 1;
    }
    const publisher = await openPublisher(fleet);
    try {
      // Whoever tries things on this machine goes back and forth between branches.
      const embedded = publisher.setting.remote.kind === "embedded";
      const allowed = { ...allowances(context.arguments, fleet), older: embedded, diverged: embedded };
      const outcome = await publishRelease(context, fleet, publisher, { clusters: compiles, files }, allowed);
      terminal.out(`${describeOutcome(publisher, outcome)}\n`);
      if (outcome.kind === "unchanged") await printExample(context, fleet);
    } finally {
      publisher.early?.branch.close();
    }
    printNext(context, fleet, compiles);
    return 0;
  },
};

/** What one other number in pillar would do: nothing is written. */
async function printExample(context: CommandContext, fleet: Fleet): Promise<void> {
  const { terminal } = context;
  const [cluster] = fleet.roster.clusters;
  const edit = cluster === undefined ? undefined : exampleEdit(new FleetCompiler(fleet), cluster);
  if (edit === undefined) return;
  const { key, file, line, before, after } = edit;
  const name = {
    kind: "edited",
    name: `with ${key}: ${after} in place of ${before} at ${file}:${line}`,
    commit: null,
    subject: null,
  } as const;
  const compared = compareFleets(context, { name: WORKTREE, fleet }, { name, fleet: edit.fleet });
  const diff = await withCauses(compared, (text) => terminal.progress(text));
  terminal.progressDone();
  terminal.out(`\n${terminal.paint("bold", "Example")}: what one other value in pillar would change (in memory; no file is touched)\n\n`);
  terminal.out(formatDiff(diff, "text", context, true));
}

/** One line an addon, under its cluster, under its zone. */
function printZones(context: CommandContext, compiles: readonly TimedCompile[], difference: OutDifference): void {
  const { terminal } = context;
  const touched = new Map<string, number>();
  for (const path of [...difference.missing, ...difference.changed, ...difference.extra]) {
    const addon = path.split("/").slice(0, 3).join("/");
    touched.set(addon, (touched.get(addon) ?? 0) + 1);
  }
  for (const az of [...new Set(compiles.map(({ cluster }) => cluster.az))].sort()) {
    terminal.out(`\n${terminal.paint("bold", az)}\n`);
    for (const { cluster, release, milliseconds, leftToNode } of compiles.filter((each) => each.cluster.az === az)) {
      terminal.out(`  ${terminal.paint("cyan", cluster.id)}  Kubernetes ${cluster.kubernetes}, ${duration(milliseconds)}\n`);
      if (release.state === "failed") {
        terminal.out(`    ${terminal.paint("red", "failed")}: ${release.why[0]?.message ?? ""}\n`);
        continue;
      }
      const longest = Math.max(0, ...release.addons.map((addon) => addon.name.length));
      for (const addon of release.addons) {
        const count = touched.get(`${az}/${cluster.id}/${addon.name}`) ?? 0;
        const state =
          addon.state === "failed"
            ? `${terminal.paint("red", "failed")}: ${addon.why[0]?.message ?? ""}`
            : `${plural(addon.objects, "object")}, ${count === 0 ? "unchanged" : terminal.paint("yellow", `${plural(count, "file")} written`)}`;
        terminal.out(`    ${addon.name.padEnd(longest)}  ${state}\n`);
      }
      const left = leftToNode.states.length + leftToNode.files.length;
      if (left > 0) terminal.out(`    ${terminal.paint("dim", `left to the node: ${plural(left, "state")}`)}\n`);
    }
  }
}

function printNext(context: CommandContext, fleet: Fleet, compiles: readonly TimedCompile[]): void {
  const { terminal } = context;
  const first = compiles[0]?.cluster;
  if (first === undefined) return;
  const { remote, branch } = fleet.config.publish;
  const lines: [string, string][] = [
    [`git -C ${remote} log --stat ${branch}`, "what was published"],
    [`npx halite show pillar --cluster ${first.id}`, "what a cluster's states see"],
    [`npx halite show files --cluster ${first.id}`, "what its states write"],
    [`npx halite plan --cluster ${first.id} --context ${first.id}`, "what an apply would do to that cluster"],
    [`npx halite apply --cluster ${first.id} --context ${first.id}`, "do it: nothing else here touches a cluster"],
    ["npx halite diff", "what your next edit would change, in which clusters"],
    ["npx halite validate", "every finding, notes too"],
    [`npx halite --help`, "everything else"],
  ];
  const longest = Math.max(...lines.map(([line]) => line.length));
  terminal.out(`\n${terminal.paint("bold", "Next")}: change a value below pillar/ and run \`npm start\` again, or\n`);
  for (const [line, meaning] of lines) terminal.out(`  ${terminal.paint("cyan", line.padEnd(longest))}  ${meaning}\n`);
}
