import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import { SecretValue } from "../../src/sealed/index.ts";
import { AgeIdentities, combineShares, createSopsFile, creationRule, SopsFile, splitSecret } from "../../src/unseal/index.ts";

const NOW = "2026-01-02T03:04:05Z";

describe("Shamir's secret sharing", () => {
  test("any shares as many as the threshold give the secret, fewer do not (property)", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 0, max: 4 }),
        fc.nat(),
        (secret, threshold, more, from) => {
          const shares = splitSecret(secret, threshold + more, threshold);
          const picked = Array.from({ length: threshold }, (_, index) => shares[(from + index) % shares.length] ?? new Uint8Array());
          expect(combineShares(picked)).toEqual(secret);
          expect(combineShares(shares.toReversed())).toEqual(secret);
          // Of long secrets: a byte may be right by chance.
          if (threshold > 2 && secret.length > 20) expect(combineShares(picked.slice(1))).not.toEqual(secret);
        },
      ),
    );
  });

  test("numbers that make no sense are refused", () => {
    for (const [parts, threshold] of [
      [1, 1],
      [2, 3],
      [256, 2],
      [0, 0],
    ] as const)
      expect(() => splitSecret(Buffer.from("x"), parts, threshold)).toThrow(RangeError);
    const [first = new Uint8Array(), second = new Uint8Array()] = splitSecret(Buffer.from("xy"), 2, 2);
    expect(() => combineShares([first])).toThrow("fewer than two");
    expect(() => combineShares([first, first])).toThrow("the same one");
    expect(() => combineShares([first, second.slice(1)])).toThrow("differ in length");
  });
});

describe("SOPS files", () => {
  let ring: { age: AgeIdentities; gpg: undefined };
  let config: string;
  beforeAll(async () => {
    const identity = await generateX25519Identity();
    ring = { age: await AgeIdentities.parse([{ name: "keys.txt", text: identity }]), gpg: undefined };
    config = `creation_rules:\n  - age: ${await identityToRecipient(identity)}\n`;
  });
  const create = async (plain: string, name = "f.yaml"): Promise<string> => {
    const rule = creationRule(config, ".sops.yaml", name);
    if (rule === undefined) throw new Error("no rule");
    return createSopsFile(Buffer.from(plain), name, { ...rule, gpg: undefined }, NOW);
  };
  const refusal = async (run: () => unknown): Promise<string> => {
    try {
      await run();
    } catch (error) {
      if (error instanceof FindingError) return error.findings.map(printFinding).join("\n");
      throw error;
    }
    throw new Error("not refused");
  };

  test("a flipped byte anywhere in what is encrypted is refused (property)", async () => {
    const whole = await create("a: one\nb:\n  - 2\n  - true\nc_unencrypted: clear\n");
    const places = [...whole.matchAll(/ENC\[[^\]]*\]/g)].flatMap((match) =>
      Array.from({ length: match[0].length - 5 }, (_, index) => match.index + 4 + index),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.constantFrom(...Array.from("ABCxyz019+/=,:")), async (place, character) => {
        const changed = whole.slice(0, place) + character + whole.slice(place + 1);
        // The last character of base64 before its padding has bits that stand for nothing.
        const bits = /^[^,]?=+[,\]]/.test(whole.slice(place, place + 4));
        if (changed === whole || bits) return;
        await expect(SopsFile.read(changed, "f.yaml").open(ring)).rejects.toThrow(FindingError);
      }),
      { numRuns: 150 },
    );
  });

  test("texts of any kind come back, and a second edit that changes nothing changes nothing else (property)", async () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.stringMatching(/^[ #:\-?|>'"{}\n\ta0]{0,12}$/),
      fc.constantFrom(
        "yes",
        "0777",
        "1e3",
        "2001-01-01",
        "null",
        "~",
        "ENC[x]",
        " lead",
        "trail ",
        "a\n\n",
        "\n",
        "a\r\nb",
        "# c",
        "- x",
        "|",
        "\u2028",
        "\ufeff",
      ),
      fc.integer().map(String),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), value, { minKeys: 1, maxKeys: 6 }),
        fc.constantFrom("f.yaml", "f.json"),
        async (values, name) => {
          const clean = Object.fromEntries(
            Object.entries(values)
              .filter(([key]) => key !== "sops")
              .map(([key, text]) => [key, Buffer.from(text).toString("utf8")]),
          );
          if (Object.keys(clean).length === 0) return;
          const text = await create(JSON.stringify({ map: clean }), name.replace("yaml", "json"));
          const open = await SopsFile.read(text, name.replace("yaml", "json")).open(ring);
          for (const [key, each] of Object.entries(clean))
            if (each !== "") expect(Buffer.from(open.value(["map", key]).reveal("verify")).toString("utf8")).toBe(each);
          // Through block YAML: sealed one by one, then in the clear and back.
          let yaml = await create("first: x\n", "f.yaml");
          for (const [key, each] of Object.entries(clean))
            yaml = (await SopsFile.read(yaml, "f.yaml").open(ring)).withValue(["map", key], SecretValue.of(Buffer.from(each)), NOW);
          const again = await SopsFile.read(yaml, "f.yaml").open(ring);
          const back = again.withPlainText(again.plainText(), NOW);
          const rest = (file: string): string[] => file.split("\n").filter((line) => !/^ {4}(?:mac|lastmodified):/.test(line));
          expect(rest(back)).toEqual(rest(yaml));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("numbers and booleans are opened as they are written", async () => {
    const open = await SopsFile.read(await create("a: 0x1F\nb: yes\nc: True\nd: 1.50\ne: 2001-12-14\nf: [false]\n"), "f.yaml").open(ring);
    const text = (...path: string[]): string => Buffer.from(open.value(path).reveal("verify")).toString();
    expect([text("a"), text("b"), text("c"), text("d"), text("e"), text("f", "0")]).toEqual([
      "31",
      "yes",
      "true",
      "1.5",
      "2001-12-14T00:00:00Z",
      "false",
    ]);
  });

  test("without a key it tells what is sealed", async () => {
    const file = SopsFile.read(await create("a: one\nb:\n  - x\nc_unencrypted: 1\nd: null\n"), "f.yaml");
    expect(file.sealedPaths().map(({ path }) => path.join("/"))).toEqual(["a", "b/0"]);
    expect(file.sealedLeaf(["b", "0"])).toEqual({
      text: expect.stringMatching(/^ENC\[AES256_GCM,.*,type:str\]$/),
      at: { file: "f.yaml", line: 3, column: 5 },
    });
  });

  test("what can't be kept as it is meant is refused by name, with its place", async () => {
    const cases: [string, string, string?][] = [
      ["anchor", "a: &x 1\nb: *x\n"],
      ["merge key", "a: {b: 1}\nc:\n  <<: {d: 2}\n"],
      ["tag", "a: !secret 1\n"],
      ["wrong tag", "a: !!int x\n"],
      ["documents", "a: 1\n---\nb: 2\n"],
      ["list", "- a\n"],
      ["scalar", "a\n"],
      ["empty", ""],
      ["number as key", "1: a\n"],
      ["duplicate key", "a: 1\na: 2\n"],
      ["syntax", "a: [1\n"],
      ["tab", "a:\n\tb: 1\n"],
      ["comment behind a block's indicator", "a:\n  b: |2-  # canary\n    text\n"],
      ["comment behind a folded block's indicator", "a: >\t# canary\n  text\n"],
      ["big integer", "a: 18446744073709551615\n"],
      ["sops as key", "sops: 1\n"],
      ["sops as section", "sops:\n  mac: x\n"],
      ["json", '{"a": 1,}', "f.json"],
      ["json list", "[1]", "f.json"],
      ["dotenv", "A=1\n", "f.env"],
      ["ini", "[a]\nb=1\n", "f.ini"],
    ];
    const said: string[] = [];
    for (const [name, plain, file] of cases) said.push(`# ${name}\n${await refusal(() => create(plain, file))}\n`);
    await expect(said.join("\n")).toMatchFileSnapshot("golden/sops/plain.txt");
  });

  test("what is wrong with an encrypted file", async () => {
    const whole = await create("a: one\nb:\n  c: two\nd_unencrypted: x\n");
    const stranger = { age: await AgeIdentities.parse([{ name: "k", text: await generateX25519Identity() }]), gpg: undefined };
    const open = async (text: string, keys: Parameters<SopsFile["open"]>[0] = ring): Promise<unknown> =>
      SopsFile.read(text, "f.yaml").open(keys);
    const cases: [string, () => unknown][] = [
      ["not encrypted", () => open("a: one\n")],
      ["no key", () => open(whole, { age: undefined, gpg: undefined })],
      ["another key", () => open(whole, stranger)],
      ["a value exchanged", () => open(whole.replace(/^a: .*$/m, (line) => line.replace(/data:..../, "data:AAAA")))],
      ["a value in the clear", () => open(whole.replace(/^a: .*$/m, "a: clear"))],
      ["a clear value changed", () => open(whole.replace("d_unencrypted: x", "d_unencrypted: y"))],
      ["no time", () => open(whole.replace(/^ {4}lastmodified.*\n/m, ""))],
      ["no keys", () => open(whole.replace(/^ {4}age:\n[\s\S]*?(?= {4}lastmodified)/m, ""))],
      ["no such path", () => SopsFile.read(whole, "f.yaml").sealedLeaf(["x"])],
      ["a mapping", () => SopsFile.read(whole, "f.yaml").sealedLeaf(["b"])],
      ["a clear value", () => SopsFile.read(whole, "f.yaml").sealedLeaf(["d_unencrypted"])],
      [
        "sealed where the file leaves it clear",
        async () =>
          (await SopsFile.read(whole, "f.yaml").open(ring)).withValue(["e_unencrypted"], SecretValue.of(Buffer.from("canary")), NOW),
      ],
      [
        "sealed below a value",
        async () => (await SopsFile.read(whole, "f.yaml").open(ring)).withValue(["a", "x"], SecretValue.of(Buffer.from("canary")), NOW),
      ],
      [
        "sealed over a mapping",
        async () => (await SopsFile.read(whole, "f.yaml").open(ring)).withValue(["b"], SecretValue.of(Buffer.from("canary")), NOW),
      ],
    ];
    const said: string[] = [];
    for (const [name, run] of cases) said.push(`# ${name}\n${(await refusal(run)).replaceAll(/age1[a-z0-9]{50,}/g, "age1…")}\n`);
    expect(said.join("\n")).not.toContain("canary");
    await expect(said.join("\n")).toMatchFileSnapshot("golden/sops/encrypted.txt");
  });

  test("creation rules: the first that fits", () => {
    const text = `creation_rules:
  - path_regex: prod/.*\\.yaml$
    age: ${config.match(/age1\w+/)?.[0]}
    encrypted_regex: ^(data|stringData)$
  - path_regex: (?i)TEST
    pgp: "AAAA, BBBB"
    mac_only_encrypted: true
`;
    expect(creationRule(text, ".sops.yaml", "prod/a.yaml")?.selection).toMatchObject({
      encryptedRegex: "^(data|stringData)$",
      unencryptedSuffix: null,
    });
    expect(creationRule(text, ".sops.yaml", "x/test.json")).toMatchObject({
      macOnlyEncrypted: true,
      threshold: 0,
      groups: [
        [
          { kind: "pgp", fingerprint: "AAAA" },
          { kind: "pgp", fingerprint: "BBBB" },
        ],
      ],
    });
    expect(creationRule("stores: {}\n", ".sops.yaml", "a")).toBeUndefined();
  });

  test("creation rules that can't be used", async () => {
    const cases: [string, string][] = [
      ["none fits", "creation_rules:\n  - path_regex: ^x$\n    age: age1x\n"],
      ["no list", "creation_rules: x\n"],
      ["bad regex", 'creation_rules:\n  - path_regex: "("\n'],
      ["a key service", "creation_rules:\n  - kms: arn:aws:kms:x\n"],
      ["nobody", "creation_rules:\n  - encrypted_regex: x\n"],
      ["two selections", `${config}    encrypted_regex: a\n    encrypted_suffix: b\n`],
      ["a private key", "creation_rules:\n  - age: AGE-SECRET-KEY-1CANARY\n"],
      ["a damaged recipient", `${config.trimEnd().slice(0, -1)}\n`],
      ["a plugin's recipient", "creation_rules:\n  - age: age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t\n"],
      ["a key of ssh", "creation_rules:\n  - age: ssh-ed25519 AAAA\n"],
      ["no recipient", "creation_rules:\n  - age: [x]\n"],
    ];
    const said: string[] = [];
    for (const [name, text] of cases)
      said.push(
        `# ${name}\n${(await refusal(() => creationRule(text, ".sops.yaml", "secrets/a.yaml"))).replaceAll(/age1[a-z0-9]{50,}/g, "age1…")}\n`,
      );
    expect(said.join("\n")).not.toContain("CANARY");
    await expect(said.join("\n")).toMatchFileSnapshot("golden/sops/rules.txt");
  });

  test("identity files", async () => {
    const identity = await generateX25519Identity();
    expect((await AgeIdentities.parse([{ name: "k", text: `# created: x\n\n${identity}\r\n` }])).recipients).toEqual([
      await identityToRecipient(identity),
    ]);
    const cases: [string, string][] = [
      ["encrypted", "age-encryption.org/v1\n-> scrypt\n"],
      ["plugin", "AGE-PLUGIN-YUBIKEY-1CANARY\n"],
      ["ssh", "-----BEGIN OPENSSH PRIVATE KEY-----\n"],
      ["damaged", `${identity.slice(0, -2)}CANARY\n`],
      ["a recipient", "age1canary\n"],
    ];
    const said: string[] = [];
    for (const [name, text] of cases) said.push(`# ${name}\n${await refusal(() => AgeIdentities.parse([{ name: "keys.txt", text }]))}\n`);
    expect(said.join("\n").toUpperCase()).not.toContain("CANARY");
    await expect(said.join("\n")).toMatchFileSnapshot("golden/sops/identities.txt");
  });
});
