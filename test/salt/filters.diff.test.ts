import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Value } from "../../src/python/index.ts";
import { PyError } from "../../src/python/index.ts";
import { builtinFilters, builtinTests } from "../../src/jinja/index.ts";
import { saltFilters, saltTests } from "../../src/salt/filters/index.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import {
  bytes,
  dict,
  encodeAny,
  encodeCase,
  float,
  int,
  missing,
  safe,
  set,
  testHost,
  title,
  tuple,
  type Case,
  type CaseAnswer,
} from "../jinja/semantics_cases.ts";
import { IMPURE, saltFilterExceptions } from "./filters_exceptions.ts";

const STATE = testHost(new Map([...builtinFilters, ...saltFilters]), new Map([...builtinTests, ...saltTests]));

const f = (name: string, value: Value, ...args: Value[]): Case => ({ kind: "filter", name, args: [value, ...args] });
const k = (name: string, value: Value, kwargs: Record<string, Value>, ...args: Value[]): Case => ({
  kind: "filter",
  name,
  args: [value, ...args],
  kwargs,
});
const t = (name: string, value: Value, ...args: Value[]): Case => ({ kind: "test", name, args: [value, ...args] });

const KINDS = (): Value[] => [
  null,
  true,
  0,
  5,
  -3,
  float(2.5),
  "",
  "a",
  "Hello World",
  "10.0.0.1",
  "3.5",
  "yes",
  safe("<b>"),
  [],
  [1, 2, 1],
  ["a", "A", "b"],
  [1, [2, [null, 3]]],
  tuple(),
  tuple(1, 2, 2),
  dict(),
  dict(["a", 1], ["b", [1, dict(["c", "x"])]]),
  bytes("ab"),
  missing("nope"),
];

function everything(): Case[] {
  const cases: Case[] = [];
  for (const name of saltFilters.keys())
    if (!IMPURE.includes(name) && name !== "permutations") for (const value of KINDS()) cases.push(f(name, value));
  return cases;
}

function regex(): Case[] {
  const patterns: [string, string][] = [
    ["(a+)(b)?", "xaab"],
    ["^(.*)BC(.*)$", "aBCd"],
    ["\\d+", "a12é٣"],
    ["[^\\s,]+", "one, two"],
    ["(?P<k>\\w+)=(?P<v>.*)", "key=value"],
    ["(?i)ABC", "xabc"],
    ["a|ab", "ab"],
    ["(a|ab)(c|bcd)(d*)", "abcd"],
    ["\\bfoo\\b", "a foo b"],
    ["(?<=a)b", "ab"],
    ["(?<!a)b", "cb"],
    ["a(?=b)", "ab"],
    ["a(?!b)", "ab ac"],
    ["(x)?y\\1", "xyx"],
    ["(x)?(?(1)y|z)", "xy z"],
    ["a{2,3}", "aaaa"],
    ["a{2,3}?", "aaaa"],
    ["a{,2}", "aaa"],
    ["a{x}", "a{x}"],
    ["[]a]+", "]a"],
    ["[a\\]b-d]+", "]abcd"],
    ["[\\w.-]+@[\\w.]+", "me@x.org"],
    ["\\Aab\\Z", "ab"],
    ["^b", "a\nb"],
    ["a$", "a\n"],
    [".", "\n"],
    ["(?s).", "\n"],
    ["(?x) a  b # c", "ab"],
    ["(?:ab)+", "ababx"],
    ["(?:(a)|b)*", "ab"],
    ["(a*)*", "aab"],
    ["(a*)+b", "aab"],
    ["(?>a+)ab", "aaab"],
    ["a++b", "aab"],
    ["\\x41\\u0042\\t", "AB\t"],
    ["[\\d\\W]", "x-"],
    ["é😀", "xé😀"],
    ["(?i:A)b", "ab"],
    ["(?-i:a)", "a"],
    ["\\.", "a.b"],
    ["$", ""],
    ["^$", ""],
    ["", "abc"],
    ["(?#c)a", "a"],
    ["\\07", "\x07"],
    ["[^^]", "^a"],
    ["a**", "a"],
    ["*", "a"],
    ["(", "a"],
    [")", "a"],
    ["[", "a"],
    ["\\q", "a"],
    ["(?<=a+)b", "ab"],
    ["(?P<1>a)", "a"],
    ["(?P=x)", "a"],
    ["\\1", "a"],
    ["a{3,2}", "a"],
    ["(?z)", "a"],
    ["[z-a]", "a"],
    ["(?P<a>x)(?P<a>y)", "xy"],
    ["[a", "a"],
    ["a\\", "a"],
    ["(?P<a", "a"],
    ["(?<a>x)", "x"],
    ["a(?i)b", "ab"],
    ["[[:alpha:]]", "a"],
    ["x*", "aaa"],
    ["(\\w+) (\\w+)", "hello world"],
  ];
  const cases: Case[] = [];
  for (const [pattern, text] of patterns) {
    cases.push(
      f("regex_match", text, pattern),
      f("regex_search", text, pattern),
      f("regex_replace", text, pattern, "<\\g<0>>"),
      t("match", text, pattern),
    );
    cases.push(
      k("regex_search", text.toUpperCase(), { ignorecase: true }, pattern),
      k("regex_match", `x\n${text}`, { multiline: true }, pattern),
      k("regex_search", `x\n${text}\ny`, { multiline: true }, pattern),
    );
  }
  cases.push(
    f("regex_replace", "hello world", "(\\w+) (?P<b>\\w+)", "\\2 \\1 \\g<b>"),
    f("regex_replace", "aXbX", "X", "\\n"),
    f("regex_replace", "abc", "x*", "-"),
    f("regex_replace", "a", "a", "\\q"),
    f("regex_replace", "a", "a", "\\5"),
    f("regex_replace", "a", "a", "\\g<x>"),
    f("regex_replace", "a", "a", "\\"),
    f("regex_replace", "abab", "(a)|b", "[\\1]"),
    f("regex_replace", "a.b", "\\.", "\\."),
    f("regex_escape", "a.b*c[d]-e f#é_1~&\n"),
    t("match", "abc", "B"),
    { ...t("match", "abc", "AB"), kwargs: { ignorecase: true } },
    t("match", 5, "a"),
    t("match", "a", 5),
    t("equalto", 1, float(1)),
    t("list", [1]),
    t("list", tuple(1)),
  );
  return cases;
}

function lists(): Case[] {
  const l = (): Value => [1, 2, 3, 4];
  const d = (): Value => dict(["foo", dict(["bar", dict(["baz", "qux"])], ["n", null])], ["l", [dict(["x", 1]), "y"]], [5, "five"]);
  return [
    f("union", l(), [2, 6]),
    f("intersect", l(), [4, 2, 9]),
    f("difference", l(), [2]),
    f("symmetric_difference", l(), [2, 6]),
    f("union", l(), tuple(1)),
    f("union", [[1]], [[1], [2]]),
    f("intersect", "abc", "b"),
    f("difference", [null, true, 1, "1"], [1]),
    f("union", l(), 5),
    f("intersect", l(), "ab"),
    f("unique", ["b", "a", "b", 1, true, float(1)]),
    f("unique", [[1], [1], dict()]),
    f("avg", l()),
    f("avg", []),
    f("avg", 5),
    f("avg", "3.5"),
    f("avg", ["a"]),
    f("max", []),
    f("min", [3, "a"]),
    f("min", ["b", "A"]),
    f("max", dict(["a", 1])),
    f("flatten", [3, [4, [2, null]], "null"]),
    k("flatten", [3, [4, [2]]], { levels: 1 }),
    k("flatten", [1, null, [null]], { preserve_nulls: true }),
    f("flatten", [tuple(1, [2]), dict(["k", 1]), "ab"]),
    f("flatten", [1, [2]], 0),
    f("flatten", "ab"),
    f("flatten", 5),
    f("compare_dicts", dict(["b", 2]), dict(["b", 3])),
    f("compare_dicts", dict(["a", 1]), dict()),
    f("compare_dicts", dict(), dict(["c", 4])),
    f("compare_lists", [1, 2], [2, 3]),
    f("compare_lists", [1], [1]),
    f("compare_dicts", dict(), dict()),
    f("exactly_n_true", [1, 0, "a"], 2),
    f("exactly_n_true", [1, 1, 1], 2),
    f("exactly_one_true", [0, null, 3]),
    f("exactly_n_true", [], 0),
    f("exactly_n_true", [1], 0),
    f("is_iter", "a"),
    f("is_iter", [1]),
    f("is_list", tuple(1)),
    f("sequence", "a"),
    f("sequence", set(1)),
    f("to_entries", dict(["a", 1])),
    f("to_entries", ["x"]),
    f("from_entries", [dict(["key", "a"], ["value", 1]), dict(["Name", "b"], ["VALUE", 2]), dict(["key", ""])]),
    f("from_entries", [1]),
    f("traverse", d(), "foo:bar:baz"),
    f("traverse", d(), "foo:n", "dflt"),
    f("traverse", d(), "foo:zip", "dflt"),
    f("traverse", d(), "l:0:x"),
    f("traverse", d(), "l:x"),
    f("traverse", d(), "l:9", "no"),
    f("traverse", d(), "5"),
    f("traverse", d(), "foo/bar", null, "/"),
    f("traverse", d(), ["foo", "bar"]),
    f("traverse", d(), "foo:bar:baz:deep", 1),
    f("traverse", "text", "a", 1),
    f("set_dict_key_value", dict(), "a:b", 1),
    f("set_dict_key_value", dict(["a", 5]), "a:b:c", [1]),
    k("set_dict_key_value", dict(), { delimiter: "/" }, "x/y", 2),
    f("set_dict_key_value", dict(), "plain", 1),
    f("append_dict_key_value", dict(), "a:b", 1),
    f("append_dict_key_value", dict(["a", [1]]), "a", 2),
    f("append_dict_key_value", dict(["a", 1]), "a", 2),
    f("extend_dict_key_value", dict(["a", [1]]), "a", [2, 3]),
    f("extend_dict_key_value", dict(["a", [1]]), "a", 5),
    f("update_dict_key_value", dict(["a", dict(["x", 1])]), "a", dict(["y", 2])),
    f("update_dict_key_value", dict(["a", null]), "a", dict(["y", 2])),
    f("update_dict_key_value", dict(["a", [1]]), "a", dict()),
    f("update_dict_key_value", dict(["a", dict()]), "a", 5),
    f("combinations", "abcd", 2),
    f("combinations_with_replacement", "ab", 2),
    f("permutations", [1, 2, 3]),
    f("permutations", [1, 2, 3], 2),
    f("product", "ab", [1, 2]),
    k("product", "ab", { repeat: 2 }),
    f("zip", [1, 2], "ab", [true]),
    f("zip_longest", [1, 2], "a"),
    k("zip_longest", [1, 2], { fillvalue: "-" }, "a"),
    f("compress", "abcd", [1, 0, 1]),
    k("zip", [1], { strict: true }, [1, 2]),
    f("combinations", "ab", 3),
    f("combinations", "ab", -1),
    f("zip", []),
    f("product", []),
    f("json_encode_dict", dict(["a", ["b", 1, tuple("c")]])),
    f("json_encode_list", ["a", null, dict(["k", "v"])]),
    f("method_call", "abc", "upper"),
    f("method_call", "abc", "nope", 1),
    f("method_call", "a,b", "split", ","),
    f("mysql_to_dict", ["+--+", "| id | name |", "+--+", "| 1 | bob |"], "name"),
    f("mysql_to_dict", ["| id |", "| 1 |"], "zip"),
    f("sorted_ignorecase", ["b", "A", "a"]),
    f("sorted_ignorecase", ["b", 1]),
    f("substring_in_list", "ell", ["hello"]),
    f("substring_in_list", "x", ["hello"]),
    f("substring_in_list", 1, ["hello"]),
  ];
}

function texts(): Case[] {
  const cases: Case[] = [];
  for (const text of ["yes", "YES", "1", "true", "no", "2", ""]) cases.push(f("to_bool", text));
  for (const text of ["5", "5.5", "x", " 7 ", "1e3", "0x1", "nan", "1_0", null, [1], true, float(2.9)] as Value[])
    cases.push(f("to_num", text), f("str_to_num", text), f("is_hex", text));
  for (const size of [
    "32GB",
    "2G",
    "10 KiB",
    "1.5MiB",
    "5",
    "",
    "abc",
    "3 XB",
    "7b",
    10,
    float(1.5),
    "1..2G",
    ".5K",
    "12 kb",
    " 4T ",
  ] as Value[])
    cases.push(
      f("human_to_bytes", size),
      k("human_to_bytes", size, { handle_metric: true }),
      k("human_to_bytes", size, { default_unit: "M" }),
    );
  for (const text of ["camelCase", "CamelCaseURL", "HTTPServer", "already_snake", "x", "a1B", "ÉtéX"])
    cases.push(f("to_snake_case", text), f("to_camelcase", text), f("to_camelcase", text, true));
  cases.push(f("to_camelcase", "some_snake_case__x"), k("to_camelcase", "some_snake", { uppercamel: true }));
  for (const text of ["my_text", "a b", "it's", "$x", "", "a/b.c-d:e@f", "é", "a\nb"]) cases.push(f("quote", text));
  cases.push(f("contains_whitespace", "a b"), f("contains_whitespace", "ab\u00a0"), f("contains_whitespace", "ab"));
  for (const [white, black] of [
    [["a*"], null],
    [null, ["a*"]],
    [["ab"], ["a*"]],
    ["a.c", null],
    [null, null],
    [["[a-c]+"], ["x"]],
    [[], []],
  ] as [Value, Value][])
    cases.push(f("check_whitelist_blacklist", "abc", white, black), f("check_whitelist_blacklist", "x", white, black));
  cases.push(f("check_whitelist_blacklist", 5, ["a"]), f("check_whitelist_blacklist", "a", 5));
  for (const parts of [
    ["/a", "b"],
    ["a", "/b/"],
    ["/a/", "../c"],
    ["a//b", "./c"],
    ["/", "x"],
    ["//x", "y"],
    ["", "a"],
    ["a"],
    [".."],
    ["a", "", "b"],
  ])
    cases.push(f("path_join", parts[0] as string, ...parts.slice(1)));
  cases.push(
    k("path_join", "a", { use_posixpath: true }, "b"),
    k("path_join", "a", { nope: 1 }),
    f("mac_str_to_bytes", "08:00:27:13:69:77"),
    f("mac_str_to_bytes", "080027136977"),
    f("mac_str_to_bytes", "bad"),
    f("mac_str_to_bytes", "zz:00:27:13:69:77"),
    f("to_bytes", "é"),
    f("to_bytes", "é", "latin-1"),
    f("to_bytes", "é", "ascii"),
    k("to_bytes", "é", { encoding: "ascii", errors: "replace" }),
    f("skip", [1]),
  );
  for (const name of ["md5", "sha1", "sha256", "sha512", "base64_encode"])
    for (const text of ["", "a", "é😀", bytes("\xff\x00")] as Value[]) cases.push(f(name, text));
  for (const text of ["YQ==", "w6k=", "/w==", "YQ", "Y", "Y!Q==", "YWJj", "YWJjZA==YWJj", "====", "YQ=", "YQ=x=", ""])
    cases.push(f("base64_decode", text));
  cases.push(
    f("hmac_compute", "msg", "key"),
    f("hmac", "msg", "key", "x"),
    f("hmac", "get salted", "shared secret", "eBWf9bstXg+NiP5AOwppB5HMvZiYMPzEM9W5YMm/AmQ="),
    f("hmac_compute", "a"),
  );
  return cases;
}

function addresses(): Case[] {
  const cases: Case[] = [];
  const all: Value[] = [
    "192.168.0.1",
    "10.0.0.1/24",
    "10.0.0.0/8",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3",
    "::1",
    "fe80::1%eth0",
    "2001:db8::/32",
    "2001:DB8:0:0:1:0:0:1",
    "::ffff:1.2.3.4",
    "1::2::3",
    ":::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "fec0::1",
    "ff02::1",
    "127.0.0.1",
    "169.254.1.1",
    "224.0.0.1",
    "240.0.0.1",
    "0.0.0.0",
    "8.8.8.8",
    "192.168.1.5/255.255.255.0",
    "192.168.1.5/0.0.0.255",
    "1.2.3.4/33",
    "1.2.3.4/x",
    "::/0",
    "",
    "x",
    1,
    int("4294967296"),
    "192.0.2.1",
    "100.64.0.1",
    "fc00::1",
    "fe80::",
    "::",
    "1.2.3.4 ",
    "12345::",
    "g::",
  ];
  for (const address of all) {
    for (const name of ["is_ip", "is_ipv4", "is_ipv6", "ipaddr", "ipv4", "ipv6", "ip_host", "network_size", "ipwrap"])
      cases.push(f(name, address));
    for (const option of [
      "global",
      "private",
      "loopback, private",
      "multicast",
      "link-local",
      "reserved",
      "unspecified",
      "site-local",
      "bogus",
    ])
      cases.push(f("ipaddr", address, option), f("is_ip", address, option));
  }
  const many = all.filter((address) => typeof address === "string");
  for (const name of ["ipaddr", "ipv4", "ipv6", "ip_host", "network_size", "ipwrap"]) cases.push(f(name, many), f(name, tuple(...many)));
  for (const network of [
    "192.168.0.0/30",
    "192.168.0.1/30",
    "10.0.0.0/31",
    "10.0.0.1",
    "2001:db8::/126",
    "2001:db8::/127",
    ["10.0.0.0/30", "x"],
    "x",
    [],
  ] as Value[])
    cases.push(f("network_hosts", network), k("network_hosts", network, { version: 4 }), k("network_size", network, { version: 6 }));
  cases.push(
    f("filter_by_networks", ["192.168.0.1", "10.1.1.1", "fe80::1"], ["192.168.0.0/24", "fe80::/64"]),
    f("filter_by_networks", dict(["eth0", ["10.0.0.1"]]), ["10.0.0.0/8"]),
    f("filter_by_networks", ["x"], null),
    f("filter_by_networks", ["10.0.0.1"], []),
    f("filter_by_networks", ["10.0.0.1"], ["10.0.0.1/8"]),
    f("filter_by_networks", ["x"], ["10.0.0.0/8"]),
    f("filter_by_networks", 5, ["10.0.0.0/8"]),
    f("filter_by_networks", ["10.0.0.1"], ["nope"]),
  );
  return cases;
}

function prints(): Case[] {
  const data = (): Value => dict(["foo", true], ["bar", 42], ["baz", [1, 2, 3]], ["qux", float(2)], ["é", "<&'>"]);
  const cases: Case[] = [
    f("tojson", data()),
    k("tojson", data(), { indent: 2, sort_keys: true }),
    k("tojson", data(), { ensure_ascii: false }),
    k("tojson", [1, 2], { separators: [",", ":"] }),
    k("tojson", 1, { nope: 1 }),
    f("tojson", data(), 1),
    k("tojson", float(NaN), { allow_nan: false }),
    k("tojson", dict([tuple(1), 2]), { skipkeys: true }),
    f("python", data()),
    f("python", "x".repeat(100)),
    f("xml", dict(["root", dict(["foo", true], ["baz", [1, 2]], ["q", "<&'>"])])),
    f("xml", dict(["root", dict(["a", dict(["b", "1"])], ["c", '<&">'], ["list", ["x", "y"]])])),
    f("xml", dict(["a", "text"])),
    f("xml", 5),
    f("xml", []),
    f("xml", dict(["r", dict()])),
  ];
  for (const text of [
    "plain",
    "it's",
    "a\nb",
    "a\n\nb",
    '\t"\\\x00\x7f',
    "é😀\u2028",
    "",
    " lead",
    5,
    null,
    true,
    float(1e20),
    float(1.5),
    float(Infinity),
    [1],
    bytes("ab"),
    "'",
    "trail ",
  ] as Value[])
    for (const name of ["yaml_dquote", "yaml_squote", "yaml_encode"]) cases.push(f(name, text));
  for (const when of [
    0,
    1040814000,
    "1040814000",
    "1040814000.5",
    float(1.5),
    -1,
    float(1e18),
    "2002/12/25",
    [],
    true,
    951782400,
    1230768000,
    1609459199,
    1704067200,
    253402300799,
  ] as Value[]) {
    cases.push(
      f("strftime", when),
      f(
        "date_format",
        when,
        "%a %A %b %B %c %C %d %D %e %F %H %I %j %k %l %m %M %p %P %r %R %s %S %T %u %U %V %G %g %w %W %x %X %y %Y %% %n%t|%q",
      ),
      f("strftime", when, "%f"),
    );
  }
  return cases;
}

function queries(): Case[] {
  const data = (): Value =>
    dict(
      [
        "services",
        [
          dict(["name", "http"], ["port", 80], ["tags", ["a", "b"]]),
          dict(["name", "smtp"], ["port", 25]),
          dict(["name", "ssh"], ["port", float(22.5)], ["tags", []]),
        ],
      ],
      ["m", dict(["x", 1], ["y", null], ["z", dict(["k", "v"])])],
      ["n", [[1, 2], [3, [4]], 5]],
      ["odd key", 7],
      ["e", []],
    );
  return [
    "services[].port",
    "services[*].name",
    "services[0]",
    "services[-1].name",
    "services[0:2].name",
    "services[::-1].port",
    "services[?port>`25`].name",
    "services[?name=='ssh']",
    "services[?name=='ssh'].port | [0]",
    "m.*",
    "m.z.k",
    "m.*.k",
    "n[]",
    "n[][]",
    "n[*][0]",
    "services[].tags[]",
    "services[*].tags[0]",
    '"odd key"',
    "m.{a: x, b: z.k}",
    "services[*].[name, port]",
    "services[*].{n: name}",
    "nope.deeper",
    "nope || m.x",
    "m.x && m.y",
    "!e",
    "!m",
    "length(services)",
    "sort_by(services, &name)[*].name",
    "max_by(services, &port).name",
    "keys(m)",
    "join(',', services[*].name)",
    "contains(services[*].name, 'ssh')",
    "sum(n[0])",
    "avg(n[0])",
    "to_string(m)",
    "to_number('5')",
    "type(m)",
    "reverse(n[0])",
    "map(&name, services)",
    "not_null(nope, m.x)",
    "merge(m, {q: `1`})",
    "abs(`-5`)",
    "ceil(`1.2`)",
    "starts_with('abc', 'a')",
    "@.m.x",
    "services[?tags].name",
    "services[?port==`80` || port==`25`].name",
    "services[?!tags].name",
    "`[1, 2]`",
    "m.x == `1`",
    "m.x < `2`",
    "services[?contains(name, 's')].name",
    "services | [0].name",
    "(m.x)",
    "n[1][1][0]",
    "*.x",
    "values(m)",
    "sort(n[0])",
    "min(n[0])",
    "to_array(m.x)",
    "services[?length(name) > `3`].name",
  ].map((query) => f("json_query", data(), query));
}

describe.skipIf(!oracleIsThere())("Salt's filters and tests", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["saltfilters"]);
  });
  afterAll(() => oracle.close());

  function ours(one: Case): CaseAnswer {
    try {
      const [value = null, ...args] = one.args;
      const kwargs = new Map(Object.entries(one.kwargs ?? {}));
      const name = one.name ?? "";
      const run = one.kind === "test" ? saltTests.get(name) : saltFilters.get(name);
      if (run === undefined) throw new Error(`no ${one.kind} ${name}`);
      return { ok: encodeAny(run(STATE, value, args, kwargs)) };
    } catch (error) {
      if (error instanceof PyError) return { error: [error.type, error.message] };
      throw error;
    }
  }

  const GROUPS: [string, () => Case[]][] = [
    ["every filter on every kind of value", everything],
    ["patterns", regex],
    ["lists and dicts", lists],
    ["texts and hashes", texts],
    ["addresses", addresses],
    ["printed data and dates", prints],
    ["JMESPath", queries],
  ];
  test.each(GROUPS)("%s", async (_name, make) => {
    const cases = make();
    const encoded = cases.map(encodeCase);
    const mine = cases.map(ours);
    const reply = await oracle.ask("saltfilters.run", { cases: encoded });
    if (!("ok" in reply)) throw new Error(JSON.stringify(reply));
    const theirs = reply.ok as CaseAnswer[];
    const wrong = new Map<string, string>();
    cases.forEach((one, index) => {
      const python = theirs[index] as CaseAnswer;
      const own = mine[index] as CaseAnswer;
      const known = saltFilterExceptions.find((exception) => exception.matches(one, python));
      if (known === undefined ? JSON.stringify(own) === JSON.stringify(python) : known.ours(one, own)) return;
      const pair = `\n   salt ${JSON.stringify(python)}\n   ours ${JSON.stringify(own)}`;
      if (!wrong.has(pair)) wrong.set(pair, title(one) + pair);
    });
    expect([...wrong.values()].slice(0, 100).join("\n")).toBe("");
  });

  test.each(IMPURE)("%s is refused by name", (name) => {
    expect(ours(f(name, "x"))).toMatchObject({ error: ["ImpureError", expect.stringMatching(`'${name}' is refused: `)] });
  });

  test("no filter or test of Salt's is absent", async () => {
    const elsewhere = ["dict_to_sls_yaml_params", "json", "load_json", "load_text", "load_yaml", "yaml", "indent"];
    expect(await oracle.ask("saltfilters.names")).toMatchObject({
      ok: { filters: [...saltFilters.keys(), ...elsewhere].sort(), tests: [...saltTests.keys()].sort() },
    });
  });
});
