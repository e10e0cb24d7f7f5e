import { describe, expect, test } from "vitest";
import { printFinding } from "../../src/finding/index.ts";
import { findPlainSecrets } from "../../src/publish/plain-secrets.ts";

const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${"MIIEpAIBAAKCAQEA".repeat(4)}\n-----END RSA PRIVATE KEY-----\n`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----\n${"MIIDdzCCAl+gAwIB".repeat(4)}\n-----END CERTIFICATE-----\n`;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const secret = (fields: string): string => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\n  namespace: default\n${fields}`;
const map = (value: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: m\ndata:\n  key: ${JSON.stringify(value)}\n`;

/** What the search says of files, all of them new. */
function search(files: Readonly<Record<string, string>>, allowed: readonly string[] = []): string {
  const tree = new Map(Object.entries(files));
  const changes = { added: Object.keys(files), changed: [], removed: [] };
  return findPlainSecrets(tree, changes, allowed).map(printFinding).join("\n");
}

describe("the last search before a commit, which what compiles should never need", () => {
  test("what it says: the file, what is in it and what to do, never the value; once for all clusters", async () => {
    const login = secret("data:\n  user: YWRtaW4=\n  password: Y29ycmVjdC1ob3JzZQ==\n");
    const said = search({
      "az1/a/login/secret.yaml": login,
      "az1/b/login/secret.yaml": login,
      "az1/a/keys/pem.yaml": map(PEM),
      "az1/a/keys/base64.yaml": map(base64(PEM)),
      "az1/a/keys/age.yaml": map(`AGE-SECRET-KEY-1${"Q".repeat(58)}`),
      "az1/a/.sealed/sops/ceph.sops.yaml": "key: correct-horse\n",
    });
    expect(said).not.toMatch(/correct-horse|Y29ycmVjdC|MIIEpAIB|QQQQ/);
    await expect(`${said}\n`).toMatchFileSnapshot("golden/plain-secrets.txt");
  });

  test.each<[string, Record<string, string>]>([
    ["a reference", { "az1/a/x/s.yaml": secret('data:\n  key: "?{sops:ceph.sops.yaml#rbd/userKey;sha256=00}"\n') }],
    ["a reference in a larger text", { "az1/a/x/s.yaml": secret('data:\n  conf: "[client]\\nkey = ?{sops:f#k;sha256=00}\\n"\n') }],
    ["an empty value", { "az1/a/x/s.yaml": secret('data:\n  key: ""\n') }],
    ["a certificate", { "az1/a/x/m.yaml": map(CERTIFICATE), "az1/a/x/n.yaml": map(base64(CERTIFICATE)) }],
    ["a sealed SOPS file", { "az1/a/.sealed/sops/f.yaml": "k: ENC[AES256_GCM,data:x]\nsops:\n  mac: ENC[AES256_GCM,data:y]\n" }],
    [
      "a SealedSecret",
      { "az1/a/x/s.yaml": "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData:\n    k: AgBy\n" },
    ],
    ["a kind that is called Secret elsewhere", { "az1/a/x/s.yaml": "apiVersion: vault.example.com/v1\nkind: Secret\ndata:\n  k: v\n" }],
  ])("%s is none", (_name, files) => {
    expect(search(files)).toBe("");
  });

  test("a file that was looked at is let through, and no other", () => {
    const files = { "az1/a/x/m.yaml": map(PEM), "az1/b/x/m.yaml": map(PEM) };
    expect(search(files, ["az1/a/x/m.yaml"])).toContain("az1/b/x/m.yaml");
    expect(search(files, ["az1/a/x/m.yaml"])).not.toContain("more cluster");
    expect(search(files, Object.keys(files))).toBe("");
  });

  test("what is published already, or carried over, is not searched again", () => {
    const changes = { added: [], changed: ["az1/a/x/m.yaml"], removed: [] };
    expect(findPlainSecrets(new Map([["az1/a/x/m.yaml", { blob: "0".repeat(40) }]]), changes, [])).toEqual([]);
  });
});
