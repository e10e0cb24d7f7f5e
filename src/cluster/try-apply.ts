import { applyBody, type ApplyBody, type Reveal } from "./apply-body.ts";
import { fieldChanges, type FieldChange } from "./changes.ts";
import {
  ApiError,
  numberAt,
  sameJson,
  UnreachableError,
  valueAt,
  isKubernetesObject,
  type ApiClient,
  type StatusCause,
  type KubernetesObject,
  type ManagedFieldsEntry,
} from "../kubernetes/index.ts";
import { pathOf, type ApiResource } from "./discovery.ts";
import { FindingError } from "../finding/index.ts";
import { FIELD_MANAGER, firstDifference, handedOver, holds, keptByOthers, needsHandover, ownEntry } from "./managed-fields.ts";
import { groupKind, type DesiredObject } from "./types.ts";
import { guardedWords, serverWords } from "./server-words.ts";

/** A field that another manager holds with another value. */
export interface Conflict {
  readonly manager: string;
  readonly field: string;
}

/** What an apply of an object that is there would do. */
export type Comparison =
  | { readonly kind: "same" }
  | {
      readonly kind: "differs";
      readonly changes: readonly FieldChange[];
      readonly conflicts: readonly Conflict[];
      /** The managed fields to write first, where it is taken over from client-side apply. */
      readonly handover: readonly ManagedFieldsEntry[] | null;
      /** Fields that stay with the managers it is taken over from. */
      readonly kept: readonly string[];
      /** Replicas to hand over first, as the manifest no longer names them. */
      readonly replicas: number | null;
    }
  | { readonly kind: "immutable"; readonly message: string }
  | { readonly kind: "refused"; readonly message: string }
  /** It can't be tried; the apply itself will tell. */
  | { readonly kind: "untried"; readonly message: string };

/** Query and type of a server-side apply. */
export function applyRequest(
  force: boolean,
  dryRun: boolean,
  manager: string = FIELD_MANAGER,
): { readonly query: Record<string, string | undefined>; readonly contentType: string } {
  return {
    query: {
      fieldManager: manager,
      force: force ? "true" : undefined,
      dryRun: dryRun ? "All" : undefined,
      // Validation was the compile's; unknown fields are refused, as they would be lost.
      fieldValidation: "Strict",
    },
    contentType: "application/apply-patch+yaml",
  };
}

/** What an apply would do to an object that is there. Nothing is written. */
export async function tryApply(
  client: ApiClient,
  resource: ApiResource,
  addon: string,
  desired: DesiredObject,
  live: KubernetesObject,
  options: { readonly reveal?: Reveal | undefined; readonly cluster?: string; readonly signal?: AbortSignal | undefined },
): Promise<Comparison> {
  let body: ApplyBody;
  try {
    body = await applyBody(addon, desired, { reveal: options.reveal, cluster: options.cluster ?? "", uid: live.metadata.uid });
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return { kind: "refused", message: error.message };
  }
  try {
    return await tryBody(client, resource, desired, live, body, options.signal);
  } finally {
    body.wipe();
  }
}

async function tryBody(
  client: ApiClient,
  resource: ApiResource,
  desired: DesiredObject,
  live: KubernetesObject,
  body: ApplyBody,
  signal: AbortSignal | undefined,
): Promise<Comparison> {
  const handover = needsHandover(live);
  const manifest = body.read();
  if (!handover && firstDifference(manifest, live) === undefined) return { kind: "same" };
  const path = pathOf(resource, desired.ref.namespace, desired.ref.name);
  const dryRun = async (force: boolean): Promise<KubernetesObject> => {
    const answer = await client.call({ method: "PATCH", path, body: body.send, ...applyRequest(force, true), signal });
    if (!isKubernetesObject(answer)) throw new UnreachableError("the answer to a dry run is no object");
    return answer;
  };
  let conflicts: readonly Conflict[] = [];
  try {
    let result: KubernetesObject;
    try {
      result = await dryRun(false);
    } catch (error) {
      if (!(error instanceof ApiError) || !isFieldConflict(error)) throw error;
      conflicts = error.causes.map(conflictOf);
      result = await dryRun(true);
    }
    const changes = fieldChanges(live, result, isSecret(desired));
    const applied = result.metadata.managedFields ?? [];
    if (changes.length === 0 && !handover && sameOwn(live, result)) return { kind: "same" };
    return {
      kind: "differs",
      changes,
      conflicts,
      handover: handover ? handedOver(live, applied) : null,
      kept: handover ? keptByOthers(live, applied) : [],
      replicas: droppedReplicas(manifest, live, result),
    };
  } catch (error) {
    if (error instanceof UnreachableError) return { kind: "untried", message: error.message };
    if (!(error instanceof ApiError)) throw error;
    return refusal(error, isSecret(desired));
  }
}

export function isFieldConflict(error: ApiError): boolean {
  return error.status === 409 && error.causes.some(({ reason }) => reason === "FieldManagerConflict");
}

function conflictOf({ message, field }: StatusCause): Conflict {
  return { manager: /conflict with "([^"]*)"/.exec(message)?.[1] ?? message, field: field.replace(/^\./, "") };
}

function sameOwn(live: KubernetesObject, result: KubernetesObject): boolean {
  return sameJson(ownEntry(live)?.fieldsV1 ?? null, ownEntry(result)?.fieldsV1 ?? null);
}

/** Replicas that the manifest no longer names and nobody else holds: the apply would set them to 1. */
function droppedReplicas(body: KubernetesObject, live: KubernetesObject, result: KubernetesObject): number | null {
  if (!["Deployment.apps", "StatefulSet.apps", "ReplicaSet.apps"].includes(`${body.kind}.${body.apiVersion.split("/")[0] ?? ""}`))
    return null;
  const running = numberAt(live, "spec", "replicas");
  const after = numberAt(result, "spec", "replicas");
  return valueAt(body, ["spec", "replicas"]) === undefined &&
    holds(ownEntry(live), "spec", "replicas") &&
    running !== undefined &&
    running !== after
    ? running
    : null;
}

/** What a refusal of the server means for the plan. `secret`: its words may quote values that nobody may read. */
export function refusal(error: ApiError, secret: boolean): Comparison {
  const message = secret ? guardedWords(error) : serverWords(error);
  if (error.status === 422 && error.causes.some(isImmutableCause)) return { kind: "immutable", message };
  if (error.status === 422 && error.causes.length === 0 && IMMUTABLE.test(error.message)) return { kind: "immutable", message };
  if (/does not support dry run/.test(error.message)) return { kind: "untried", message };
  if (error.status === 429 || (error.status >= 500 && !/not declared in schema/.test(error.message))) return { kind: "untried", message };
  return { kind: "refused", message };
}

/** The words by which validation says that a field can't change (k8s.io/apimachinery, pkg/api/validation, and the kinds' own). */
const IMMUTABLE =
  /field is immutable|may not be changed|immutable after creation|cannot be changed|can not be changed|updates to .* are forbidden|is immutable|may not change once set|cannot change (?:roleRef|type)|must not be changed/i;

function isImmutableCause({ message }: StatusCause): boolean {
  return IMMUTABLE.test(message);
}

/** Whether an object holds values that nobody may read in a message: opened ones, or a Secret's. */
export function isSecret(desired: Pick<DesiredObject, "sealed" | "ref">): boolean {
  return desired.sealed || groupKind(desired.ref) === "Secret";
}
