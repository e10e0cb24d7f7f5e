import { dropShardRecords, inputDigest, partition, shardRecord, writeShardRecord, type Fleet, type ShardNumber } from "../fleet/index.ts";
import { EnvironmentError, UsageError, type CommandContext } from "./command.ts";
import { MOST_SHARDS, numberIn } from "./shard-number.ts";
import { openFleet } from "./open-fleet.ts";
import { outFolder } from "./open-roster.ts";
import { renderFleet, type FleetRender } from "./session.ts";

/** Kubernetes tells each pod of an Indexed Job its number in this variable. */
const INDEX = "JOB_COMPLETION_INDEX";

/** Which part of the fleet `--shards` and `--shard` ask for; `undefined` for all of it. @throws UsageError */
export function shardAsked({ arguments: args, env }: CommandContext): ShardNumber | undefined {
  const [count, given] = [args.value("shards"), args.value("shard")];
  if (count === undefined) {
    if (given === undefined) return undefined;
    throw new UsageError("--shard says which of how many parts: give --shards too");
  }
  if (args.value("clusters") !== undefined) throw new UsageError("--shards cuts the whole fleet into parts: leave out --clusters");
  const shards = numberIn(count, 1, MOST_SHARDS);
  if (shards === undefined) throw new UsageError(`--shards takes a number from 1 to ${MOST_SHARDS}, not ${JSON.stringify(count)}`);
  const index = given ?? env[INDEX];
  if (index === undefined) throw new UsageError(`--shards needs --shard, which part to render, where ${INDEX} is not set`);
  const shard = numberIn(index, 0, shards - 1);
  if (shard === undefined)
    throw new UsageError(`${given === undefined ? INDEX : "--shard"} takes a number from 0 to ${shards - 1}, not ${JSON.stringify(index)}`);
  return { shard, shards };
}

/** Renders one part of the fleet into out/ and leaves the record that it was done; without it where only compared. */
export async function renderShard(context: CommandContext, fleet: Fleet, number: ShardNumber): Promise<FleetRender> {
  const out = outFolder(context, fleet);
  const clusters = partition(fleet.roster.clusters, number.shards)[number.shard] ?? [];
  if (context.arguments.flag("check")) return renderFleet(context, fleet, clusters);
  const inputs = inputDigest(fleet);
  writing(() => dropShardRecords(out, number));
  const render = await renderFleet(context, fleet, clusters, { digests: true });
  if (inputDigest(openFleet(context)) !== inputs)
    throw new EnvironmentError("the tree was changed while it was rendered, so the shard has no record", "Render it again.");
  writing(() => writeShardRecord(out, shardRecord(number, { inputs, build: context.build }, render.rendered)));
  return render;
}

function writing(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new EnvironmentError(`out/ can't be written: ${error.message}`, undefined, { cause: error });
  }
}
