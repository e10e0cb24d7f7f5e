import { join } from "node:path";
import { FindingError } from "../finding/index.ts";
import type { ClusterKeys } from "../fleet/index.ts";
import { recipientName, SopsFile, type KeyRing, type Recipient } from "../unseal/index.ts";
import type { Command, CommandContext } from "./command.ts";
import { findingJson, foldFindings, printFindings } from "./report.ts";
import { SecretFleet, sopsTime } from "./secret-fleet.ts";
import { sealedUsage } from "./secret-usage.ts";
import { writeWhole } from "./write-whole.ts";

interface Rotation {
  readonly file: string;
  readonly from: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Whether the file is, or with `--check` would be, another. */
  readonly changed: boolean;
}

/** `halite secret rotate [FILE…]`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    const fleet = SecretFleet.open(context);
    const files = args.positional.length > 0 ? args.positional.map((file) => fleet.fileName(file)) : fleet.files();
    const users = new ClusterUsers(context, fleet);
    const ring = await fleet.ring();
    const rotations: Rotation[] = [];
    const failures: FindingError[] = [];
    for (const file of files) {
      try {
        rotations.push(await rotate(context, fleet, file, users, ring));
      } catch (error) {
        if (!(error instanceof FindingError)) throw error;
        failures.push(error);
      }
    }
    const findings = foldFindings([[null, failures.flatMap((error) => error.findings)]]);
    if (args.flag("json")) terminal.out(`${JSON.stringify({ files: rotations, findings: findings.map(findingJson) }, undefined, 2)}\n`);
    else {
      printFindings(terminal, findings, 0, false);
      for (const rotation of rotations) terminal.out(rotationText(rotation, args.flag("check"), args.flag("new-data-key")));
      if (files.length === 0) terminal.out(`there are no sealed files below ${fleet.fleet.config.sealed.root}\n`);
    }
    return failures.length > 0 || (args.flag("check") && rotations.some(({ changed }) => changed)) ? 1 : 0;
  },
};

/** The keys of the clusters that use a file, for files without a rule; the fleet is compiled once, when that is first asked. */
class ClusterUsers {
  readonly #context: CommandContext;
  readonly #fleet: SecretFleet;
  #users: Promise<Map<string, readonly (readonly ClusterKeys[])[]>> | undefined;

  constructor(context: CommandContext, fleet: SecretFleet) {
    this.#context = context;
    this.#fleet = fleet;
  }

  async of(file: string): Promise<readonly (readonly ClusterKeys[])[]> {
    this.#users ??= this.#all();
    return (await this.#users).get(file) ?? [];
  }

  async #all(): Promise<Map<string, readonly (readonly ClusterKeys[])[]>> {
    const { references } = await sealedUsage(this.#context, this.#fleet);
    const keys = this.#fleet.clusterKeys();
    const users = new Map<string, Set<string>>();
    for (const { reference, clusters } of references) {
      if (reference.kind !== "sops") continue;
      const all = users.get(reference.file) ?? new Set();
      for (const cluster of clusters) all.add(cluster);
      users.set(reference.file, all);
    }
    return new Map([...users].map(([file, clusters]) => [file, [...clusters].map((cluster) => keys.get(cluster) ?? [])]));
  }
}

async function rotate(context: CommandContext, fleet: SecretFleet, file: string, users: ClusterUsers, ring: KeyRing): Promise<Rotation> {
  const { arguments: args } = context;
  const sops = SopsFile.read(fleet.read(file), fleet.display(file));
  const { rule, from } = await ruleOf(fleet, file, users);
  const before = sops.metadata.groups.map((group) => group.map(recipientName));
  const after = rule.groups.map((group) => group.map(recipientName));
  const added = after.flat().filter((name) => !before.flat().includes(name));
  const removed = before.flat().filter((name) => !after.flat().includes(name));
  const same =
    JSON.stringify(before.map((group) => group.toSorted())) === JSON.stringify(after.map((group) => group.toSorted())) &&
    sops.metadata.threshold === rule.threshold;
  const newDataKey = args.flag("new-data-key");
  const changed = !same || newDataKey;
  if (changed && !args.flag("check")) {
    const open = await sops.open(ring);
    try {
      const text = await open.withRecipients(inOldOrder(rule.groups, before), rule.threshold, {
        newDataKey,
        gpg: fleet.gpg(),
        now: sopsTime(Date.now()),
      });
      writeWhole(join(fleet.root, file), text);
    } finally {
      open.wipe();
    }
  }
  return { file: fleet.display(file), from, added, removed, changed };
}

async function ruleOf(fleet: SecretFleet, file: string, users: ClusterUsers): Promise<ReturnType<SecretFleet["rule"]>> {
  // A file that a .sops.yaml has a rule for needs no compile.
  const own = fleet.sopsRule(file);
  return own ?? fleet.rule(file, await users.of(file));
}

/** Recipients that stay keep their places, so that git shows what is new. */
function inOldOrder(groups: readonly (readonly Recipient[])[], before: readonly (readonly string[])[]): Recipient[][] {
  return groups.map((group, index) => {
    const place = (each: Recipient): number => {
      const at = (before[index] ?? []).indexOf(recipientName(each));
      return at < 0 ? Number.MAX_SAFE_INTEGER : at;
    };
    return group.toSorted((a, b) => place(a) - place(b));
  });
}

function rotationText({ file, from, added, removed, changed }: Rotation, check: boolean, newDataKey: boolean): string {
  if (!changed) return `${file}: as ${from} says\n`;
  const lines = [`${file}: ${check ? "differs from" : "now as"} ${from}${newDataKey && !check ? ", with a new data key" : ""}`];
  for (const name of added) lines.push(`  + ${name}`);
  for (const name of removed) lines.push(`  - ${name}`);
  if (removed.length > 0 && !newDataKey)
    lines.push("  who was removed may have kept the data key: --new-data-key makes another; values that they have read must be changed");
  return `${lines.join("\n")}\n`;
}
