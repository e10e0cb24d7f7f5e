import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { FindingError } from "../finding/index.ts";
import { recipientName, SopsFile, type KeyRing, type Recipient } from "../unseal/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { findingJson, foldFindings, printFindings } from "./report.ts";
import { SecretFleet, sopsTime } from "./secret-fleet.ts";
import { rotateMessages, type MessageRotation } from "./secret-rotate-pgp.ts";
import { rotateSealedSecrets, type SealedRotation, type SealedSecretRotation } from "./secret-rotate-sealed.ts";
import { SealedUsers } from "./secret-users.ts";
import { treeTexts } from "./tree-texts.ts";
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
    if (args.value("clusters") !== undefined)
      throw new UsageError("rotate takes no --clusters: what others than those use too would be sealed without them");
    const fleet = SecretFleet.open(context);
    const sealingKeys = fleet.sealingKeys();
    const users = new SealedUsers(context, fleet);
    const failures: FindingError[] = [];
    const { files, only } = picked(context, fleet);
    const check = args.flag("check");
    const ring = await fleet.ring();
    const rotations: Rotation[] = [];
    for (const file of files) {
      try {
        rotations.push(await rotate(context, fleet, file, users, ring));
      } catch (error) {
        if (!(error instanceof FindingError)) throw error;
        failures.push(error);
      }
    }
    const messages = await rotateMessages({ fleet, users, check, anew: args.flag("new-data-key"), only }, failures);
    const sealedSecrets = await sealedRotations(fleet, users, { check, only, sealingKeys }, failures);
    const findings = foldFindings([[null, failures.flatMap((error) => error.findings)]]);
    const report = { files: rotations, messages, sealedSecrets };
    if (args.flag("json")) terminal.out(`${JSON.stringify({ ...report, findings: findings.map(findingJson) }, undefined, 2)}\n`);
    else {
      printFindings(terminal, findings, 0, false);
      const told: Told = (key, why = "") => {
        const name = fleet.nameOf(key.replace(/^PGP /, ""));
        return name === undefined ? key : `${key} (${name}${why})`;
      };
      for (const rotation of rotations) terminal.out(rotationText(rotation, told, check, args.flag("new-data-key")));
      for (const message of messages) terminal.out(messageText(message, told, check));
      terminal.out(sealedSecretsText(sealedSecrets, check));
      if (rotations.length + messages.length + sealedSecrets.length + failures.length === 0)
        terminal.out(`nothing is sealed below ${fleet.fleet.config.sealed.root}, in pillar or in states\n`);
    }
    const changed = [...rotations, ...messages, ...sealedSecrets].some((each) => each.changed === true);
    return failures.length > 0 || (check && changed) ? 1 : 0;
  },
};

/** What the arguments pick: SOPS files below the sealed root, and files of pillar and states that hold PGP messages or SealedSecrets. */
function picked(
  context: CommandContext,
  fleet: SecretFleet,
): { readonly files: readonly string[]; readonly only: Set<string> | undefined } {
  const { positional } = context.arguments;
  if (positional.length === 0) return { files: fleet.files(), only: undefined };
  const [files, only] = [[] as string[], new Set<string>()];
  for (const written of positional) {
    const path = resolve(context.cwd, written);
    const outside = relative(fleet.root, path).startsWith("..");
    if (outside && existsSync(path) && !existsSync(join(fleet.root, written))) only.add(path);
    else files.push(fleet.fileName(written));
  }
  return { files, only };
}

/** SealedSecrets are looked for where the tree has any: what they are for only a compile says. */
async function sealedRotations(
  fleet: SecretFleet,
  users: SealedUsers,
  options: Pick<SealedSecretRotation, "check" | "only" | "sealingKeys">,
  failures: FindingError[],
): Promise<SealedRotation[]> {
  // What is sealed may stand in pillar, and its manifest in another file.
  const none = options.only?.size === 0 || !treeTexts(fleet.fleet, "all").some(({ text }) => text.includes("SealedSecret"));
  if (none) return [];
  const usage = await users.usage();
  const [failed] = usage.failed;
  if (failed !== undefined) {
    failures.push(
      new FindingError({
        code: "sealed-users-unknown",
        severity: "error",
        message: `SealedSecrets were not looked at: ${failed} does not compile, and what it holds is not known`,
        advice: "`halite validate` says what is wrong",
      }),
    );
    return [];
  }
  return rotateSealedSecrets({ ...options, fleet, usage, keys: users.keys(), now: Date.now() }, failures);
}

async function rotate(context: CommandContext, fleet: SecretFleet, file: string, users: SealedUsers, ring: KeyRing): Promise<Rotation> {
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

async function ruleOf(fleet: SecretFleet, file: string, users: SealedUsers): Promise<ReturnType<SecretFleet["rule"]>> {
  // A file that a .sops.yaml has a rule for needs no compile.
  const own = fleet.sopsRule(file);
  return own ?? fleet.rule(file, await users.of({ file }));
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

/** A recipient, and what the config calls it, with more about that. */
type Told = (recipient: string, why?: string) => string;

function rotationText({ file, from, added, removed, changed }: Rotation, told: Told, check: boolean, newDataKey: boolean): string {
  if (!changed) return `${file}: as ${from} says\n`;
  const lines = [`${file}: ${check ? "differs from" : "now as"} ${from}${newDataKey && !check ? ", with a new data key" : ""}`];
  for (const name of added) lines.push(`  + ${told(name)}`);
  // By a rule a file is for whom the rule names; without one for who refers to it.
  const why = from === "halite.yaml" ? ", which does not refer to it" : "";
  for (const name of removed) lines.push(`  - ${told(name, why)}`);
  if (removed.length > 0 && !newDataKey)
    lines.push("  who was removed may have kept the data key: --new-data-key makes another; values that they have read must be changed");
  return `${lines.join("\n")}\n`;
}

function messageText({ message, at, from, added, removed, changed, replacedBy }: MessageRotation, told: Told, check: boolean): string {
  const name = `${at}: PGP message ${message.slice(0, 12)}…`;
  if (!changed) return `${name}: as ${from} says\n`;
  const lines = [`${name}: ${check ? "differs from" : "now as"} ${from}${replacedBy === null ? "" : `, as ${replacedBy.slice(0, 12)}…`}`];
  for (const each of added) lines.push(`  + ${told(each)}`);
  for (const each of removed) lines.push(`  - ${told(each)}`);
  if (removed.length > 0) lines.push("  who was removed keeps what git has of the message: values that they could read must be changed");
  return `${lines.join("\n")}\n`;
}

function sealedSecretsText(rotations: readonly SealedRotation[], check: boolean): string {
  const lines = rotations.flatMap(({ name, at, from, changed }) => {
    if (changed === null) return [];
    const place = at === null ? "" : `${at}: `;
    return [`${place}SealedSecret ${name}: ${changed ? (check ? "is not sealed" : "now sealed") : "is sealed"} to ${from}`];
  });
  const unknown = rotations.filter(({ changed }) => changed === null).length;
  if (unknown > 0)
    lines.push(
      `${unknown} value${unknown === 1 ? "" : "s"} of SealedSecrets: whether sealed to the present certificate only the controller's keys tell (--sealing-keys)`,
    );
  return lines.map((line) => `${line}\n`).join("");
}
