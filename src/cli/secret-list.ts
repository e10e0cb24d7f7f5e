import { join } from "node:path";
import { FindingError, type Finding } from "../finding/index.ts";
import { lineTimes } from "../git/index.ts";
import { normalPgpBlock, PGP_MESSAGE, pgpDigest } from "../sealed/index.ts";
import { recipientName, SopsFile, type Gpg } from "../unseal/index.ts";
import { SecretAges, type KeyAge } from "./secret-age.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { findingJson, foldFindings, printFindings } from "./report.ts";
import { SecretFleet } from "./secret-fleet.ts";
import { hasUsed, NOT_COMMITTED, usedValues } from "./secret-list-used.ts";
import { sealedUsage } from "./secret-usage.ts";
import { lineOf, treeTexts } from "./tree-texts.ts";

/** One sealed value. */
export interface Listed {
  readonly kind: "sops" | "pgp" | "sealed-secret" | "barbican" | "secret";
  /** As a reference names it; of a SealedSecret `NAMESPACE/NAME#KEY`. */
  readonly name: string;
  /** `file:line`, relative to the fleet's folder: of the sealed text, or of what refers to it. */
  readonly at: string;
  /**
   * When its sealed text was committed, or for what is not committed when its file was sealed; of Barbican when it was stored; of a Secret of clusters
   * when it was written last, in that which has had it for longest; RFC 3339. Null: not known, and `why` says why.
   */
  readonly since: string | null;
  readonly why: string | null;
  /** Of a Secret of clusters, where they were asked. */
  readonly clusters?: readonly KeyAge[];
  readonly committed: boolean;
  /** Who can open it; empty where that is not known. */
  readonly recipients: readonly string[];
}

const DAY = 86_400_000;

/** `halite secret list`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0) throw new UsageError("list takes no arguments");
    const olderThan = args.value("older-than");
    if (olderThan !== undefined && !/^\d{1,5}$/.test(olderThan))
      throw new UsageError(`--older-than takes a number of days, not ${JSON.stringify(olderThan)}`);
    const fleet = SecretFleet.open(context);
    const failures: FindingError[] = [];
    const used = hasUsed(treeTexts(fleet.fleet, "all")) ? await sealedUsage(context, fleet) : undefined;
    const all = [
      ...(await sopsValues(fleet, failures)),
      ...(await pgpValues(fleet)),
      ...(used === undefined
        ? []
        : await usedValues(fleet, used, { offline: args.flag("offline"), ages: agesOf(context, fleet) }, failures)),
    ];
    const now = Date.now();
    const listed =
      olderThan === undefined ? all : all.filter(({ since }) => since !== null && now - Date.parse(since) >= Number(olderThan) * DAY);
    const incomplete = used === undefined || used.failed.length === 0 ? [] : [notListed(used.failed)];
    // Who asks for what is old wants to hear of what could not be judged; the table and JSON say it of each value.
    const unjudged = all.flatMap((each) => unknownAges(each, olderThan !== undefined));
    const findings = foldFindings([[null, [...failures.flatMap((error) => error.findings), ...incomplete, ...unjudged]]]);
    if (args.flag("json")) terminal.out(`${JSON.stringify({ sealed: listed, findings: findings.map(findingJson) }, undefined, 2)}\n`);
    else {
      printFindings(terminal, findings, 0, false);
      terminal.out(table(listed, fleet, now, context));
    }
    return failures.length > 0 || (olderThan !== undefined && listed.length > 0) ? 1 : 0;
  },
};

function agesOf(context: CommandContext, fleet: SecretFleet): SecretAges | undefined {
  const path = context.arguments.value("kubeconfig");
  return path === undefined ? undefined : new SecretAges(context, fleet.whole().roster.clusters, path);
}

/** What can't be told of a value's age: what clusters said always, and all of it where the ages are judged. */
function unknownAges({ kind, name, at, since, why, clusters }: Listed, judged: boolean): Finding[] {
  const asked = (clusters ?? []).filter((each) => each.since === null);
  const said = asked.map((each) => `${each.cluster}: ${each.why ?? ""}`);
  if (asked.length === 0 && judged && since === null && why !== null) said.push(why);
  return said.map((reason) => ({
    code: "sealed-age-unknown",
    severity: "warning",
    message: `how old ${kind === "pgp" ? `pgp:${name.slice(0, 12)}…` : name} is can't be told: ${reason}`,
    ...(at !== "" && { at: placeOf(at) }),
  }));
}

function placeOf(at: string): { readonly file: string; readonly line?: number } {
  const [, file = at, line] = /^(.*):(\d+)$/.exec(at) ?? [];
  return line === undefined ? { file } : { file, line: Number(line) };
}

async function sopsValues(fleet: SecretFleet, failures: FindingError[]): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (const file of fleet.files()) {
    try {
      const sops = SopsFile.read(fleet.read(file), fleet.display(file));
      const times = await lineTimes(fleet.fleet.folder, join(fleet.root, file));
      const groups = sops.metadata.groups;
      const recipients = groups.flatMap((group, index) =>
        group.map((key) => `${groups.length > 1 ? `${index + 1}/${sops.metadata.threshold} ` : ""}${recipientName(key)}`),
      );
      for (const { path, at } of sops.sealedPaths()) {
        const time = times?.[(at.line ?? 1) - 1]?.time ?? null;
        const since = time === null ? new Date(sops.metadata.lastModified).toISOString() : new Date(time * 1000).toISOString();
        const key = path.map((each) => each.replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
        listed.push({
          kind: "sops",
          name: `${file}#${key}`,
          at: `${at.file}:${at.line ?? 1}`,
          since,
          why: null,
          committed: time !== null,
          recipients,
        });
      }
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      failures.push(error);
    }
  }
  return listed;
}

/** The PGP messages in pillar. */
async function pgpValues(fleet: SecretFleet): Promise<Listed[]> {
  const gpg = fleet.gpg();
  let names: ReadonlyMap<string, string> | undefined;
  const listed: Listed[] = [];
  for (const { path, name, text } of treeTexts(fleet.fleet, "pillar")) {
    const found = [...text.matchAll(PGP_MESSAGE)];
    if (found.length === 0) continue;
    names ??= await fingerprintsById(fleet);
    const times = await lineTimes(fleet.fleet.folder, path);
    for (const match of found) {
      const first = lineOf(text, match.index);
      const lines = (times ?? []).slice(first - 1, first - 1 + match[0].split("\n").length);
      const time = lines.length === 0 || lines.some((line) => line.time === null) ? null : Math.max(...lines.map((line) => line.time ?? 0));
      listed.push({
        kind: "pgp",
        name: pgpDigest(match[0]),
        at: `${name}:${first}`,
        since: time === null ? null : new Date(time * 1000).toISOString(),
        why: time === null ? NOT_COMMITTED : null,
        committed: time !== null,
        recipients: (await idsIn(gpg, match[0])).map((id) => names?.get(id) ?? `PGP ${id}`),
      });
    }
  }
  return listed.sort((a, b) => (a.at < b.at ? -1 : 1));
}

async function idsIn(gpg: Gpg, block: string): Promise<readonly string[]> {
  try {
    return await gpg.recipientsOf(normalPgpBlock(block));
  } catch (error) {
    if (error instanceof FindingError) return [];
    throw error;
  }
}

/** The keys that the config names, by the ids that messages name them by; without what the keyring does not hold. */
async function fingerprintsById(fleet: SecretFleet): Promise<ReadonlyMap<string, string>> {
  const fingerprints = new Set([...fleet.keys.pgp.recipients, ...fleet.keys.clusters.flatMap(({ pgp }) => pgp)]);
  const names = new Map<string, string>();
  for (const fingerprint of fingerprints) {
    const ids = await fleet
      .gpg()
      .keysOf(fingerprint)
      .catch((error: unknown) => {
        if (error instanceof FindingError) return undefined;
        throw error;
      });
    for (const id of ids?.ids ?? []) names.set(id, `PGP ${fingerprint}`);
  }
  return names;
}

function notListed(failed: readonly string[]): Finding {
  return {
    code: "sealed-not-listed",
    severity: "warning",
    message: `what ${failed.slice(0, 3).join(", ")}${failed.length > 3 ? ` and ${failed.length - 3} more` : ""} would use is not listed where only a compile tells: SealedSecrets, Barbican, Secrets of clusters`,
    advice: "`halite validate` says why it does not compile",
  };
}

function table(listed: readonly Listed[], fleet: SecretFleet, now: number, { terminal }: CommandContext): string {
  if (listed.length === 0) return "nothing is sealed\n";
  const rows = listed.map((each) => {
    const names = new Set(
      each.recipients.map((recipient) => fleet.nameOf(recipient.replace(/^\d+\/\d+ /, "").replace(/^PGP /, "")) ?? shortened(recipient)),
    );
    const age =
      each.since === null
        ? (each.why ?? "not known")
        : `${Math.max(0, Math.floor((now - Date.parse(each.since)) / DAY))} d${each.committed ? "" : " (not committed)"}`;
    const name =
      each.kind === "pgp" ? `pgp:${each.name.slice(0, 12)}…` : each.kind === "sealed-secret" ? `SealedSecret ${each.name}` : each.name;
    return [name, age, [...names].join(", ") || "not known", each.at];
  });
  const head = ["SEALED", "AGE", "CAN OPEN", "AT"];
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("  ");
  return `${[terminal.paint("bold", line(head)), ...rows.map(line)].join("\n")}\n`;
}

function shortened(recipient: string): string {
  return recipient.replace(/(age1.{8}).+(.{4})$/, "$1…$2");
}
