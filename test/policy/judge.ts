import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileAddons, readAddonSettings, type CompiledAddons } from "../../src/addon/index.ts";
import { printFinding, sortFindings } from "../../src/finding/index.ts";
import { Policies } from "../../src/policy/index.ts";
import { PyDict } from "../../src/python/index.ts";
import { KubernetesSchemas, toPlain, type Json } from "../../src/schema/index.ts";
import { loadSalt } from "../../src/yaml/index.ts";

const SCHEMAS = fileURLToPath(new URL("../../schemas/kubernetes/", import.meta.url));
const schemas = KubernetesSchemas.load((path) => readFileSync(SCHEMAS + path, "utf8"));

export interface Given {
  readonly kubernetes?: string;
  /** `policies` of halite.yaml, in YAML. */
  readonly settings?: string;
  /** Pillar, in YAML. */
  readonly pillar?: string;
  readonly policies?: Policies;
}

/** The newest API. */
export function newest(): ReturnType<typeof schemas.forVersion> {
  return schemas.forVersion(schemas.versions.at(-1) ?? "");
}

/** Text in YAML as JSON. */
export function json(text: string): Json {
  return toPlain(loadSalt(text, { file: "settings.yaml" }).value).json;
}

/** Compiles manifests as addons; a file's name is `ADDON/FILE`. */
export function compile(files: Readonly<Record<string, string>>, given: Given = {}): CompiledAddons {
  const pillar = loadSalt(given.pillar ?? "{}", { file: "pillar.sls" }).value;
  return compileAddons({
    written: Object.entries(files).map(([name, text]) => ({
      path: `/etc/kubernetes/addons/${name}`,
      content: new TextEncoder().encode(text),
      id: name,
      sls: "test",
      source: null,
    })),
    failed: [],
    settings: readAddonSettings(pillar instanceof PyDict ? pillar : new PyDict()),
    schema: schemas.forVersion(given.kubernetes ?? "1.36"),
    knownCrds: [],
    policies: given.policies ?? new Policies(given.settings === undefined ? undefined : json(given.settings)),
    sources: () => [],
  });
}

/** All that is said, as a user reads it, but for which modes are the default. */
export function said(files: Readonly<Record<string, string>> | string, given: Given = {}): string {
  const { findings } = compile(typeof files === "string" ? { "a/a.yaml": files } : files, given);
  return sortFindings(findings.filter(({ code }) => code !== "addon-mode-default"))
    .map(printFinding)
    .join("\n");
}
