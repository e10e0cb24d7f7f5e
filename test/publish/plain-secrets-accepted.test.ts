import { expect, test } from "vitest";
import { findPlainSecrets } from "../../src/publish/plain-secrets.ts";

const secret = (accept: string): string => `apiVersion: v1
kind: Secret
metadata:
  name: csi
  namespace: storage
  annotations:
    halite.dev/accept: |
      ${accept}
data:
  userID: dXNlcg==
  userKey: "?{sops:a.sops.yaml#key;sha256=${"0".repeat(64)}}"
`;

function found(text: string): string[] {
  const path = "az/c/addon/secrets.yaml";
  return findPlainSecrets(new Map([[path, text]]), { added: [path], changed: [], removed: [] }, []).map(({ message }) => message);
}

test("what the policy was told to accept, with a reason, is published", () => {
  expect(found(secret("policy-secret-plain(userID): the name of a user is no secret"))).toEqual([]);
  expect(found(secret("policy-secret-plain: no value here is one"))).toEqual([]);
});

test("another key, another policy, or no reason is no acceptance", () => {
  const refused = ["Secret storage/csi has values in plain: userID"];
  expect(found(secret("policy-secret-plain(userKey): the wrong one"))).toEqual(refused);
  expect(found(secret("policy-privileged: another policy"))).toEqual(refused);
  expect(found(secret("policy-secret-plain(userID):"))).toEqual(refused);
});

test("what the settings call public is published; patterns hold for the paths that they are for", () => {
  const path = "az/c/addon/secrets.yaml";
  const changes = { added: [path], changed: [], removed: [] };
  const text = secret("policy-privileged: another policy").replace("\ndata:\n", "\ndata:\n  ca.crt: eA==\n");
  const said = (patterns: readonly string[]): string[] =>
    findPlainSecrets(new Map([[path, text]]), changes, [], (asked) => (asked === path ? patterns : [])).map(({ message }) => message);
  expect(said(["*/*/ca.crt", "storage/csi/user*"])).toEqual([]);
  expect(said(["storage/csi/userID"])).toEqual(["Secret storage/csi has values in plain: ca.crt"]);
  expect(said(["other/csi/userID"])).toEqual(["Secret storage/csi has values in plain: ca.crt, userID"]);
});
