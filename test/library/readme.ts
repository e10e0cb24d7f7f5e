/**
 * The tables of the components' READMEs: pillar keys from schemas/pillar, differences from states/COMPONENT/differences.yaml.
 *
 *   npx tsx test/library/readme.ts     writes them into states/*\/README.md, between the markers
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";

const TOP = new URL("../../", import.meta.url);

/** A README's text with its tables made anew. */
export function withTables(component: string, readme: string): string {
  let text = replaced(readme, "keys", keyTable(component));
  if (existsSync(differencesFile(component))) text = replaced(text, "differences", differenceTable(component));
  return text;
}

/** Components are the folders of states/ that have an init.sls. */
export function components(): string[] {
  const states = new URL("states/", TOP);
  return readdirSync(states)
    .filter((name) => existsSync(new URL(`${name}/init.sls`, states)))
    .sort();
}

export function readmeFile(component: string): URL {
  return new URL(`states/${component}/README.md`, TOP);
}

export function differencesFile(component: string): URL {
  return new URL(`states/${component}/differences.yaml`, TOP);
}

/** One reason for differences, and the differences it explains. */
export interface Reason {
  readonly what: string;
  readonly why: string;
  readonly facts: readonly string[];
}

export interface Differences {
  readonly upstream: { readonly source: string; readonly version: string };
  /** Upstream's object to ours: `ClusterRole a: ClusterRole b`. */
  readonly names: Readonly<Record<string, string>>;
  readonly differences: readonly Reason[];
}

export function readDifferences(component: string): Differences {
  // The test beside this file checks every entry of it against what is compiled.
  return parse(readFileSync(differencesFile(component), "utf8")) as Differences;
}

function differenceTable(component: string): string {
  const { upstream, differences } = readDifferences(component);
  const rows = differences.map(({ what, why, facts }) => `| ${cell(what)} | ${facts.length} | ${cell(why)} |`);
  return [
    `Compared with ${upstream.source}, ${upstream.version}; each single difference stands in [differences.yaml](differences.yaml).`,
    "",
    "| difference | places | reason |",
    "|---|---|---|",
    ...rows,
  ].join("\n");
}

/** The parts of JSON Schema that schemas/pillar uses. */
interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export function readSchema(key: string): Schema {
  // Written by hand and compiled by ajv in the test beside this file.
  return JSON.parse(readFileSync(new URL(`schemas/pillar/${key}.schema.json`, TOP), "utf8")) as Schema;
}

function keyTable(component: string): string {
  const schema = readSchema(component);
  const rows: string[] = [];
  const walk = (prefix: string, properties: Readonly<Record<string, Schema>>): void => {
    for (const [key, own] of Object.entries(properties)) {
      const path = `${prefix}${key}`;
      if (own.properties !== undefined) {
        walk(`${path}.`, own.properties);
        continue;
      }
      const named = own.allOf?.[0]?.$ref ?? own.$ref;
      const shared = named === undefined ? undefined : schema.$defs?.[named.slice("#/$defs/".length)];
      const description = own.description ?? shared?.description ?? "";
      const choice = own.enum === undefined ? "" : ` One of ${own.enum.map((value) => `\`${value}\``).join(", ")}.`;
      rows.push(`| \`${path}\` | ${shown(own.default)} | ${cell(description + choice)} |`);
    }
  };
  walk("", schema.properties ?? {});
  return [`Under pillar \`${component}\`; all optional.`, "", "| key | default | |", "|---|---|---|", ...rows].join("\n");
}

function shown(value: unknown): string {
  if (value === undefined) return "";
  const text = JSON.stringify(value);
  return text.length > 60 ? "see defaults.yaml" : `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function replaced(text: string, marker: string, table: string): string {
  const begin = `<!-- ${marker} -->`;
  const end = `<!-- /${marker} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no ${begin} … ${end} in the README`);
  return `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const component of components()) {
    const file = readmeFile(component);
    writeFileSync(file, withTables(component, readFileSync(file, "utf8")));
  }
}
