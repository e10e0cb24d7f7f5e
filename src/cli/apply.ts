import { FindingError } from "../finding/index.ts";
import {
  applyPlan,
  ClusterKeeper,
  describeRef,
  type AppliedAddon,
  type ApplyResult,
  type Operation,
  type Outcome,
  type PlanOptions,
} from "../cluster/index.ts";
import { UsageError, type Command, type CommandContext, type ExitCode } from "./command.ts";
import { withPlan, withTarget, type ClusterTarget, type SeenCluster } from "./cluster-target.ts";
import { operationJson } from "./plan-text.ts";
import { duration } from "../schema/index.ts";
import { duration as durationText } from "./progress.ts";
import { endSoon } from "./end-soon.ts";
import { plural } from "./plural.ts";

/** `halite apply`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args } = context;
    const timeout = milliseconds(args.value("timeout") ?? "5m");
    const plan = { besideAddonManager: args.flag("beside-addon-manager"), handBack: args.flag("hand-back") };
    if (!args.flag("watch")) return await withPlan(context, { plan }, async (seen) => await applyTo(context, seen, timeout));
    if (plan.handBack) throw new UsageError("--watch and --hand-back exclude each other");
    return await withTarget(context, async (target) => await keep(context, target, timeout, plan));
  },
};

/** Keeps the cluster as the release says until it is interrupted. */
async function keep(context: CommandContext, target: ClusterTarget, timeout: number, plan: PlanOptions): Promise<ExitCode> {
  const { terminal, arguments: args } = context;
  const { client, desired, reveal, standing, from } = target;
  const stop = new AbortController();
  const end = (): void => endSoon(stop, client);
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  const keeper = new ClusterKeeper(client, desired, {
    observe: { reveal, standing },
    plan,
    apply: {
      tooling: `halite/v${context.version}`,
      now: () => new Date(),
      timeout,
      reveal,
      onOperation: (operation, outcome) => {
        if (args.flag("json"))
          terminal.out(`${JSON.stringify({ ...operationJson(operation), result: outcome.result, message: outcome.message })}\n`);
        else terminal.out(operationLine(operation, outcome, terminal));
      },
    },
    onPass: ({ kind, plan: { refused }, result, milliseconds: took }) => {
      for (const why of refused) terminal.err(`${terminal.paintErr("red", "refused")}: ${why}\n`);
      if (args.flag("json") || kind === "partial" || result === null) return;
      const well = result.addons.filter(({ status }) => status.sync === "Synced").length;
      terminal.out(
        `${target.cluster.id} from ${from}: ${well} of ${result.addons.length} addons synced, looked at in ${durationText(took)}\n`,
      );
    },
    onTrouble: (error, again) =>
      terminal.err(`${terminal.paintErr("yellow", "halite")}: ${error.message}; again in ${durationText(again)}\n`),
  });
  try {
    await keeper.run(stop.signal);
    return 0;
  } finally {
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
  }
}

async function applyTo(context: CommandContext, seen: SeenCluster, timeout: number): Promise<ExitCode> {
  const { terminal, arguments: args } = context;
  const { plan, client, desired, observed } = seen;
  const [first, ...more] = plan.refused.map((message) => ({ code: "apply-refused", severity: "error", message }) as const);
  if (first !== undefined) throw new FindingError(first, ...more);
  const json = args.flag("json");
  const stop = new AbortController();
  const end = (): void => endSoon(stop, client);
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  try {
    const result = await applyPlan(client, plan, desired, observed, {
      tooling: `halite/v${context.version}`,
      now: () => new Date(),
      timeout,
      wait: args.flag("wait"),
      reveal: seen.reveal,
      signal: stop.signal,
      onOperation: (operation, outcome) => {
        if (!json) terminal.out(operationLine(operation, outcome, terminal));
      },
      onWait: (reason) => (reason === null ? terminal.progressDone() : terminal.progress(reason)),
    });
    if (json) terminal.out(`${JSON.stringify(resultJson(result, seen.from), undefined, 2)}\n`);
    else for (const line of summaryLines(result, context, seen)) terminal.out(`${line}\n`);
    return result.addons.every(isFine) ? 0 : 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    terminal.err("halite: stopped; what was begun is in the inventory, and the next apply goes on with it\n");
    return 1;
  } finally {
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
  }
}

/** Waiting is not failing: only what could not be applied at all counts. */
function isFine({ state, status, operations }: AppliedAddon): boolean {
  if (state === "suspended") return true;
  return (
    status.sync === "Synced" ||
    (status.sync === "Waiting" &&
      operations.every(({ operation, outcome }) => outcome.result !== "waiting" || operation.op === "prune" || operation.op === "wait"))
  );
}

const WORDS: Readonly<Partial<Record<Operation["op"], string>>> = {
  create: "created",
  update: "updated",
  adopt: "adopted",
  replace: "replaced",
  prune: "pruned",
  orphan: "let go",
};

function operationLine(operation: Operation, { result, message }: Outcome, terminal: CommandContext["terminal"]): string {
  const colour = result === "done" ? "green" : result === "failed" ? "red" : result === "waiting" ? "cyan" : "dim";
  const word = result === "done" ? (WORDS[operation.op] ?? result) : result;
  return `${terminal.paint(colour, word.padEnd(9))} ${operation.addon}  ${describeRef(operation.ref)}${message === "" ? "" : `  ${terminal.paint("dim", message)}`}\n`;
}

function summaryLines(result: ApplyResult, { terminal }: CommandContext, { cluster, from }: SeenCluster): string[] {
  const troubled = result.addons.filter(({ status }) => status.sync !== "Synced" || status.health !== "Current");
  const lines = troubled.map(({ name, status }) => `${terminal.paint("bold", name)}  ${status.sync}, ${status.health}: ${status.reason}`);
  const done = result.addons.flatMap(({ operations }) => operations).filter(({ outcome }) => outcome.result === "done").length;
  lines.push(
    `${cluster.id} from ${from}: ${done === 0 ? "nothing had to change" : `${plural(done, "object")} changed`}; ${result.addons.length - troubled.length} of ${result.addons.length} addons synced and healthy`,
  );
  return lines;
}

function resultJson(result: ApplyResult, from: string): Readonly<Record<string, unknown>> {
  return {
    cluster: result.cluster,
    from,
    addons: result.addons.map(({ name, state, status, operations }) => ({
      name,
      state,
      ...status,
      operations: operations.map(({ operation, outcome, health }) => ({
        ...operationJson(operation),
        result: outcome.result,
        ...(outcome.message === "" ? {} : { message: outcome.message }),
        health: health?.state ?? null,
        ...(health === null || health.reason === "" ? {} : { healthReason: health.reason }),
      })),
    })),
  };
}

/** What `--timeout` says, in milliseconds. @throws UsageError */
export function milliseconds(text: string): number {
  const found = duration(text);
  if (found === undefined) throw new UsageError(`--timeout takes a duration such as 30s or 5m, not ${JSON.stringify(text)}`);
  return found;
}
