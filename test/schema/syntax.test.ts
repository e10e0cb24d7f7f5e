import { describe, expect, test } from "vitest";
import { cronProblem } from "../../src/schema/cron.ts";
import { isBase64, isDateTime } from "../../src/schema/formats.ts";
import { dataKey, dnsLabel, dnsSubdomain, isCidr, isIp, labelValue, portName, qualifiedName } from "../../src/schema/names.ts";
import { quantity, suggest } from "../../src/schema/index.ts";

const x = (count: number): string => "x".repeat(count);

test.each([
  [dnsLabel, ["a", "a-b", "0", x(63)], ["", "A", "a.b", "-a", "a-", "a_b", x(64)]],
  [dnsSubdomain, ["a", "a.b-c.d", x(253)], ["", "A", "a..b", ".a", "a.-b", x(254)]],
  [qualifiedName, ["a", "A_b.c-d", "example.com/a", x(63)], ["", "/a", "a/", "a/b/c", "-a", "a b", "EX/a", x(64)]],
  [labelValue, ["", "a", "A_b.c", x(63)], ["-a", "a b", "a/b", x(64)]],
  [dataKey, ["a", ".dockerconfigjson", "a..b", "A_b-c"], ["", ".", "..", "..a", "a/b", "a b", x(254)]],
  [portName, ["http", "a", "web-1", x(15)], ["", "80", "Http", "a--b", "-a", "a-", x(16)]],
] as const)("$name", (rule, good, bad) => {
  expect(good.filter((text) => rule(text) !== undefined)).toEqual([]);
  expect(bad.filter((text) => rule(text) === undefined)).toEqual([]);
});

test("quantities", () => {
  const sizes = {
    "1": 1,
    "1.5": 1.5,
    ".5": 0.5,
    "5.": 5,
    "100m": 0.1,
    "1k": 1000,
    "1Ki": 1024,
    "2Gi": 2 ** 31,
    "1e3": 1000,
    "1E3": 1000,
    "-1": -1,
    "+1": 1,
    " 1 ": 1,
    "1E": 1e18,
  };
  for (const [text, size] of Object.entries(sizes)) expect(quantity(text)).toBeCloseTo(size, 9);
  for (const text of ["", "Gi", "1GB", "1gi", "1 Gi", "1K", "0x1", "1.2.3", "1ki", "--1", "1e"]) expect(quantity(text)).toBeUndefined();
});

test("addresses", () => {
  expect(["10.0.0.1", "::1", "fd00::1:2", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"].filter((text) => !isIp(text))).toEqual([]);
  expect(["10.0.0", "256.0.0.1", "10.0.0.01", "1::2::3", ":::", "1:2:3", "g::1", ""].filter(isIp)).toEqual([]);
  expect(["10.0.0.0/8", "::/0", "fd00::/64"].filter((text) => !isCidr(text))).toEqual([]);
  expect(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "::/129", "/8", "a/8"].filter(isCidr)).toEqual([]);
});

test("times and base64", () => {
  expect(["2026-01-31T12:00:00Z", "2024-02-29T00:00:00.5+01:00"].filter((text) => !isDateTime(text))).toEqual([]);
  expect(
    ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-31", "2026-01-31 12:00:00Z", "2026-01-31T24:00:00Z"].filter(isDateTime),
  ).toEqual([]);
  expect(["", "YQ==", "YWI=", "YWJj", "YWJj\nYWJj"].filter((text) => !isBase64(text))).toEqual([]);
  expect(["Y", "YQ=", "YQ", "Y===", "a b=", "a-b_"].filter(isBase64)).toEqual([]);
});

test("schedules", () => {
  for (const good of ["* * * * *", "*/5 0-6 1,15 jan-mar mon-fri", "0 0 1 1 0", "@daily", "@every 1h30m", "? * ? * ?"])
    expect(cronProblem(good)).toBeUndefined();
  for (const bad of [
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 7",
    "*/0 * * * *",
    "5-1 * * * *",
    "@reboot",
    "TZ=UTC * * * * *",
    "a * * * *",
  ])
    expect(cronProblem(bad)).toBeDefined();
});

describe("suggestions", () => {
  test.each([
    ["WaitForFirstConsmer", ["Immediate", "WaitForFirstConsumer"], "WaitForFirstConsumer"],
    ["Retian", ["Retain", "Delete"], "Retain"],
    ["readonly", ["readOnly", "name"], "readOnly"],
    ["provisoner", ["provisioner"], "provisioner"],
    ["x", ["name", "image"], undefined],
    ["completely", ["different"], undefined],
    ["", ["a"], undefined],
  ] as const)("%s", (word, candidates, meant) => {
    expect(suggest(word, candidates)).toBe(meant);
  });
});
