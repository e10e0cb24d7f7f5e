import { describe, expect, test } from "vitest";
import { guardedWords, serverWords } from "../../src/cluster/server-words.ts";
import { ApiError } from "../../src/kubernetes/index.ts";

const HIDDEN = "in words that are not shown as they may quote a secret value";
const cause = (field: string, message: string): ApiError["causes"][number] => ({ field, message, reason: "FieldValueInvalid" });

describe("what is said of a refused object that holds secret values", () => {
  test.each<[string, ApiError, string]>([
    [
      "an admission policy",
      new ApiError(
        422,
        "Invalid",
        `configmaps "c" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: not with canary`,
        [cause("", `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: not with canary`)],
      ),
      `ValidatingAdmissionPolicy 'p' with binding 'b' denied request, ${HIDDEN}`,
    ],
    [
      "a webhook",
      new ApiError(403, "Forbidden", `admission webhook "w.example.org" denied the request: "canary" is too short`, []),
      `admission webhook "w.example.org" denied the request, ${HIDDEN}`,
    ],
    [
      "a webhook that is not there",
      new ApiError(
        500,
        "InternalError",
        `Internal error occurred: failed calling webhook "w.example.org": failed to call webhook: canary`,
        [],
      ),
      `failed calling webhook "w.example.org", ${HIDDEN}`,
    ],
    [
      "validation",
      new ApiError(422, "Invalid", `Secret "s" is invalid: data[x]: Invalid value: "canary": must be y`, [
        cause("data[x]", `Invalid value: "canary": must be y`),
        cause("type", `Unsupported value: "canary; type: canary": supported values: "a"`),
        cause("metadata.labels", "canary"),
      ]),
      `data[x]: Invalid value, ${HIDDEN}; type: Unsupported value, ${HIDDEN}; metadata.labels: refused, ${HIDDEN}`,
    ],
    [
      "a field that can't change",
      new ApiError(422, "Invalid", `Secret "s" is invalid`, [cause("type", `Invalid value: "canary": field is immutable`)]),
      "type: field is immutable",
    ],
    [
      "a pod's difference",
      new ApiError(422, "Invalid", "Pod is invalid", [
        cause("spec", "Forbidden: pod updates may not change fields other than these\n {Env: canary}"),
      ]),
      `spec: Forbidden, ${HIDDEN}`,
    ],
    [
      "authorization",
      new ApiError(
        403,
        "Forbidden",
        `secrets "s" is forbidden: User "u" cannot patch resource "secrets" in API group "" in the namespace "default"`,
        [],
      ),
      `secrets "s" is forbidden: User "u" cannot patch resource "secrets" in API group "" in the namespace "default"`,
    ],
    [
      "the same with more behind it",
      new ApiError(403, "Forbidden", `secrets "s" is forbidden: User "u" cannot patch resource "secrets" in API group "": canary`, []),
      `the API server answers 403 Forbidden, ${HIDDEN}`,
    ],
    ["a namespace that is not there", new ApiError(404, "NotFound", `namespaces "n" not found`, []), `namespaces "n" not found`],
    [
      "what can't be decoded",
      new ApiError(400, "BadRequest", `failed to create typed patch object: .data.x: expected string, got &{canary}`, []),
      `the API server answers 400 BadRequest, ${HIDDEN}`,
    ],
  ])("%s", (_name, error, expected) => {
    expect(guardedWords(error)).toBe(expected);
    expect(guardedWords(error)).not.toContain("canary");
  });

  test("of other objects the server's own words", () => {
    expect(serverWords(new ApiError(422, "Invalid", "no", [cause("a", "Invalid value: 1"), cause("", "b")]))).toBe(
      "a: Invalid value: 1; b",
    );
    expect(serverWords(new ApiError(403, "Forbidden", "no", []))).toBe("no");
  });
});
