import { printPosition, type Finding, type Position } from "../finding/index.ts";
import { shippedPolicies } from "../policy/index.ts";
import type { ReportedFinding } from "./reported-finding.ts";

type Json = Readonly<Record<string, unknown>>;

/** Findings as a SARIF 2.1.0 log (OASIS Standard, 27 March 2020), its URIs relative to the fleet's folder. */
export function sarif(findings: readonly ReportedFinding[], version: string): Json {
  const codes = [...new Set(findings.map(({ finding }) => finding.code))].sort();
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Halite", semanticVersion: version, rules: codes.map(rule) } },
        columnKind: "utf16CodeUnits",
        results: findings.map((each) => result(each, codes)),
      },
    ],
  };
}

function rule(id: string): Json {
  const policy = shippedPolicies().find(({ code }) => code === id);
  if (policy === undefined) return { id };
  return {
    id,
    shortDescription: { text: policy.title },
    fullDescription: { text: policy.reason },
    help: { text: `${policy.reason}\n\n${sentence(policy.advice)}` },
    defaultConfiguration: { level: policy.severity },
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function result({ finding, clusters, source, compiled, fingerprint }: ReportedFinding, codes: readonly string[]): Json {
  const main = source ?? compiled;
  const related = [...(finding.sources ?? []), ...(finding.trail ?? [])].filter((place) => isInFleet(place) && place !== main);
  const other = main === source && compiled !== undefined ? [{ ...compiled, how: "compiled to" }] : [];
  return {
    ruleId: finding.code,
    ruleIndex: codes.indexOf(finding.code),
    level: finding.severity,
    message: { text: textOf(finding) },
    locations: [
      {
        ...(main !== undefined && { physicalLocation: physical(main) }),
        ...(finding.object !== undefined && { logicalLocations: [{ fullyQualifiedName: finding.object, kind: "object" }] }),
        ...(main === undefined && finding.at !== undefined && { message: { text: printPosition(finding.at) } }),
      },
    ],
    ...(related.length + other.length > 0 && {
      relatedLocations: [...other, ...related].map((place, id) => ({
        id,
        physicalLocation: physical(place),
        message: { text: place.how },
      })),
    }),
    partialFingerprints: { "haliteFinding/v1": fingerprint },
    ...(finding.accepted !== undefined && { suppressions: [{ kind: "inSource", status: "accepted", justification: finding.accepted }] }),
    properties: { clusters },
  };
}

function textOf({ message, reason, advice }: Finding): string {
  return [message, reason, advice].flatMap((text) => text ?? []).join("\n");
}

function isInFleet({ file }: Position): boolean {
  return !file.startsWith("/") && !file.includes("://");
}

function physical({ file, line, column }: Position): Json {
  return {
    artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/") },
    ...(line !== undefined && { region: { startLine: line, ...(column !== undefined && { startColumn: column }) } }),
  };
}
