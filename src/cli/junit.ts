import { addonOf } from "../addon/index.ts";
import { printFinding, type Finding } from "../finding/index.ts";
import type { CompiledCluster } from "../fleet/index.ts";

/**
 * Findings as JUnit XML, in the form that Jenkins and GitLab read: a suite a cluster, a case an addon, at most one failure a case. Warnings
 * fail a case only where they count as errors.
 */
export function junit(compiles: readonly CompiledCluster[], fleet: readonly Finding[], strict: boolean): string {
  const suites = [
    ...(fleet.length > 0 ? [suite("fleet", [testCase("fleet", "roster and config", fleet, [], strict)])] : []),
    ...compiles.map((compile) => suite(compile.cluster.id, casesOf(compile, strict))),
  ];
  const sum = (of: keyof Counts): number => suites.reduce((total, { counts }) => total + counts[of], 0);
  const head = `<testsuites name="halite validate" tests="${sum("tests")}" failures="${sum("failures")}" errors="0">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${suites.map(({ text }) => text).join("")}</testsuites>\n`;
}

interface Counts {
  readonly tests: number;
  readonly failures: number;
}

interface Case {
  readonly text: string;
  readonly failed: boolean;
}

function suite(name: string, cases: readonly Case[]): { readonly text: string; readonly counts: Counts } {
  const counts = { tests: cases.length, failures: cases.filter(({ failed }) => failed).length };
  const head = `  <testsuite name="${attribute(name)}" tests="${counts.tests}" failures="${counts.failures}" errors="0" skipped="0" time="0">`;
  return { text: `${head}\n${cases.map(({ text }) => text).join("")}  </testsuite>\n`, counts };
}

function casesOf({ cluster, release, findings }: CompiledCluster, strict: boolean): readonly Case[] {
  const left = new Set(findings);
  const addons = release.state === "failed" ? [] : release.addons;
  const cases = addons.map((addon) => {
    const own = findings.filter((finding) => finding.at !== undefined && addonOf(finding.at.file)?.addon === addon.name);
    for (const finding of own) left.delete(finding);
    const why = addon.state === "failed" ? addon.why.map(({ code, message }) => `${message} [${code}]`) : [];
    // What fails an addon from outside, as pillar does, is said with the cluster, and here in short.
    return testCase(cluster.id, addon.name, own, own.some(({ severity }) => severity === "error") ? [] : why, strict);
  });
  const reasons = release.state === "failed" ? release.why.map(({ code, message }) => `${message} [${code}]`) : [];
  return [testCase(cluster.id, "cluster", [...left], reasons, strict), ...cases];
}

function testCase(suiteName: string, name: string, findings: readonly Finding[], why: readonly string[], strict: boolean): Case {
  const fails = ({ severity }: Finding): boolean => severity === "error" || (strict && severity === "warning");
  const bad = findings.filter(fails);
  const other = findings.filter((finding) => !fails(finding));
  const texts = [...bad.map(printFinding), ...(bad.length === 0 ? why : [])];
  const head = `    <testcase classname="${attribute(suiteName)}" name="${attribute(name)}" time="0"`;
  const body = [
    texts.length === 0
      ? ""
      : `      <failure message="${attribute(bad[0]?.message ?? texts[0] ?? "")}" type="${attribute([...new Set(bad.map(({ code }) => code))].join(" ") || "failed")}">${content(texts.join("\n"))}</failure>\n`,
    other.length === 0 ? "" : `      <system-out>${content(other.map(printFinding).join("\n"))}</system-out>\n`,
  ].join("");
  return { text: body === "" ? `${head}/>\n` : `${head}>\n${body}    </testcase>\n`, failed: texts.length > 0 };
}

function attribute(text: string): string {
  return content(text).replaceAll('"', "&quot;").replaceAll("\n", "&#10;");
}

/** Escaped, and without the characters that XML 1.0 does not have. */
function content(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
