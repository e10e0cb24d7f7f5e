import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FindingError } from "../../src/finding/index.ts";
import { createSopsFile, creationRule, Gpg, SopsFile } from "../../src/unseal/index.ts";
import { newKeyring, type Keyring } from "../real/gnupg.ts";
import { goTool } from "../real/go-tools.ts";
import { mustRun } from "../real/run.ts";
import { haveSops, newBench, NOW, type SopsBench } from "./real-sops.ts";

const haveGpg = spawnSync("gpg", ["--version"]).status === 0;
const haveAge = existsSync(goTool("age"));

describe.skipIf(!haveSops || !haveGpg)("key groups and PGP, with real sops, gpg and age", () => {
  let keyring: Keyring;
  let bench: SopsBench;
  let others: SopsBench[];
  let fingerprint: string;
  beforeAll(async () => {
    keyring = await newKeyring();
    fingerprint = await keyring.newKey("storage@example.org");
    bench = await newBench(keyring.home);
    others = await Promise.all([newBench(), newBench()]);
  });
  afterAll(async () => {
    await Promise.all([bench, ...others].map((each) => each.end()));
    await keyring.end();
  });

  const rules = (): Record<string, string> => ({
    "pgp alone": `pgp: ${fingerprint}`,
    "age and pgp in one group": `age: ${others[0]?.recipient}\n    pgp: ${fingerprint}`,
    "two of three groups": `shamir_threshold: 2
    key_groups:
      - age: [${bench.recipient}]
      - age: [${others[0]?.recipient}]
        pgp: [${fingerprint}]
      - age: [${others[1]?.recipient}]`,
    "all of two groups": `key_groups:
      - merge:
          - age: [${bench.recipient}]
        pgp: ["${fingerprint}"]
      - pgp: [${fingerprint}]`,
  });

  test.each(["pgp alone", "age and pgp in one group", "two of three groups", "all of two groups"])(
    "%s: each reads the other's, and the section looks the same",
    async (name) => {
      const config = `creation_rules:\n  - ${rules()[name]}\n`;
      const rule = creationRule(config, ".sops.yaml", "g.yaml");
      if (rule === undefined) throw new Error("no rule");
      const ours = await createSopsFile(Buffer.from("a: one\n"), "g.yaml", { ...rule, gpg: bench.ring.gpg }, NOW);
      await bench.write("g.yaml", ours);
      expect(await bench.sops("-d", "g.yaml")).toBe("a: one\n");
      await bench.write(".sops.yaml", config);
      await bench.write("plain.yaml", "a: one\n");
      const theirs = await bench.sops("-e", "plain.yaml");
      expect(await bench.plain(theirs, "g.yaml")).toBe("a: one\n");
      const shape = (text: string): string =>
        text
          .replaceAll(/ENC\[[^\]]*\]/g, "ENC")
          .replaceAll(/(-----BEGIN [A-Z ]+-----)[\s\S]*?(-----END)/g, "$1$2")
          .replaceAll(/"\d{4}-[^"]*Z"/g, "TIME");
      expect(shape(ours)).toBe(shape(theirs));
      for (const format of ["json", "bin"]) {
        const text = format === "json" ? '{\n\t"a": "one"\n}\n' : "a: one\n";
        const file = await createSopsFile(Buffer.from(text), `g.${format}`, { ...rule, gpg: bench.ring.gpg }, NOW);
        await bench.write(`g.${format}`, file);
        expect(await bench.sops("-d", `g.${format}`)).toContain("one");
        await bench.write(`plain.${format}`, text);
        expect(shape(file)).toBe(shape(await bench.sops("-e", `plain.${format}`)));
      }
    },
  );

  test("too few groups: refused, and said who could", async () => {
    const rule = creationRule(`creation_rules:\n  - ${rules()["two of three groups"]}\n`, ".sops.yaml", "g.yaml");
    if (rule === undefined) throw new Error("no rule");
    const text = await createSopsFile(Buffer.from("a: one\n"), "g.yaml", { ...rule, gpg: bench.ring.gpg }, NOW);
    const [other] = others;
    if (other === undefined) throw new Error("no other");
    const refused = await SopsFile.read(text, "g.yaml")
      .open({ age: other.ring.age, gpg: undefined })
      .catch((error: unknown) => error);
    if (!(refused instanceof FindingError)) throw new Error("it opened");
    expect(refused.message).toContain("1 of 2 key groups needed");
    expect(refused.message).toContain(`key group 1: ${bench.recipient}: not among the identities here`);
    await other.write("g.yaml", text);
    expect((await other.trySops("-d", "g.yaml")).status).not.toBe(0);
  });

  test("from one group to two and back: sops reads each", async () => {
    const single = creationRule(`creation_rules:\n  - age: ${bench.recipient}\n`, ".sops.yaml", "s.yaml");
    if (single === undefined) throw new Error("no rule");
    const options = { newDataKey: false, gpg: bench.ring.gpg, now: NOW };
    const one = await createSopsFile(Buffer.from("a: one\n"), "s.yaml", { ...single, gpg: undefined }, NOW);
    const opened = await SopsFile.read(one, "s.yaml").open(bench.ring);
    const two = await opened.withRecipients([[{ kind: "age", recipient: bench.recipient }], [{ kind: "pgp", fingerprint }]], 2, options);
    await bench.write("s.yaml", two);
    expect(await bench.sops("-d", "s.yaml")).toBe("a: one\n");
    const back = await (await SopsFile.read(two, "s.yaml").open(bench.ring)).withRecipients(single.groups, 0, options);
    await bench.write("s.yaml", back);
    expect(await bench.sops("-d", "s.yaml")).toBe("a: one\n");
    expect(back).not.toContain("shamir_threshold");
  });

  test.skipIf(!haveAge)("real age opens the data key's file, and Halite what age wrapped", async () => {
    const rule = creationRule(`creation_rules:\n  - age: ${bench.recipient}\n`, ".sops.yaml", "a.json");
    if (rule === undefined) throw new Error("no rule");
    const file = JSON.parse(await createSopsFile(Buffer.from('{"a": "one"}'), "a.json", { ...rule, gpg: undefined }, NOW));
    await bench.write("key.age", file.sops.age[0].enc);
    const decrypted = await mustRun("sh", ["-c", 'exec "$0" -d -i keys.txt key.age | base64 -w0', goTool("age")], { cwd: bench.folder });
    const key = Buffer.from(decrypted, "base64");
    expect(key).toHaveLength(32);
    file.sops.age[0].enc = await mustRun(goTool("age"), ["-r", bench.recipient, "-a"], { cwd: bench.folder, input: key });
    expect(await bench.plain(JSON.stringify(file), "a.json")).toContain('"one"');
  });

  describe("gpg", () => {
    const gpg = (): Gpg => new Gpg({ home: keyring.home });
    const encrypt = (text: string, ...more: string[]): Promise<string> =>
      mustRun(
        "gpg",
        ["--homedir", keyring.home, "--batch", "--quiet", "--armor", "--trust-model", "always", "-r", fingerprint, ...more, "--encrypt"],
        { input: text },
      );
    const refused = async (message: string, by = gpg()): Promise<string> => {
      const error = await by.decrypt(message).then(
        () => undefined,
        (each: unknown) => each,
      );
      if (!(error instanceof FindingError)) throw new Error("it opened");
      return `${error.message}\n${error.findings[0].advice}`;
    };

    test("opens what gpg encrypted, gpg opens what it encrypted", async () => {
      expect(Buffer.from((await gpg().decrypt(await encrypt("ünïcode\n"))).reveal("verify")).toString()).toBe("ünïcode\n");
      const ours = await gpg().encrypt(Buffer.from("back"), [fingerprint]);
      expect(await mustRun("gpg", ["--homedir", keyring.home, "--batch", "--quiet", "-d"], { input: ours })).toBe("back");
      expect(await gpg().recipientsOf(ours)).toHaveLength(1);
      expect((await gpg().keysOf(fingerprint))?.ids).toContain((await gpg().recipientsOf(ours))[0]);
      expect((await gpg().keysOf(fingerprint))?.secret).toBe(true);
      expect(await gpg().keysOf("0".repeat(40))).toBeUndefined();
    });

    test("fails closed: signed only, damaged, cut off, of another keyring, no message", async () => {
      const whole = await encrypt("canary value");
      const signed = await mustRun("gpg", ["--homedir", keyring.home, "--batch", "--quiet", "--armor", "--sign"], {
        input: "canary value",
      });
      const lines = whole.split("\n");
      const damaged = lines.with(6, (lines[6] ?? "").split("").reverse().join("")).join("\n");
      const empty = await newKeyring();
      try {
        for (const [name, message, by] of [
          ["signed only", signed, gpg()],
          ["damaged", damaged, gpg()],
          ["cut off", whole.slice(0, whole.length / 2), gpg()],
          ["another keyring", whole, new Gpg({ home: empty.home })],
          ["no message", "hello", gpg()],
          ["empty", "", gpg()],
        ] as const) {
          const said = await refused(message, by);
          expect({ name, leak: said.includes("canary") }).toEqual({ name, leak: false });
          expect({ name, said: said.startsWith("the PGP message can't be decrypted") }).toEqual({ name, said: true });
        }
        expect(await refused(whole, new Gpg({ home: empty.home }))).toContain("none of the keys that it is encrypted to is in the keyring");
      } finally {
        await empty.end();
      }
    });

    test("no gpg, no time, work that was ended", async () => {
      const whole = await encrypt("canary");
      const path = process.env["PATH"];
      try {
        process.env["PATH"] = "/nonexistent";
        expect(await refused(whole)).toContain("gpg is not on the PATH");
      } finally {
        process.env["PATH"] = path;
      }
      expect(await refused(whole, new Gpg({ home: keyring.home, timeout: 1 }))).toContain("gpg was ended by SIGKILL after 0.001 s");
      await expect(gpg().decrypt(whole, AbortSignal.abort(new Error("ended")))).rejects.toThrow("ended");
    });
  });
});
