import { setTimeout as wait } from "node:timers/promises";
import { FindingError } from "../finding/index.ts";
import { PART_OF } from "./applyset.ts";
import {
  ApiError,
  UnreachableError,
  isKubernetesObject,
  type ApiClient,
  type ApiRequest,
  type KubernetesObject,
} from "../kubernetes/index.ts";
import { pathOf, type ApiResource } from "./discovery.ts";
import { FIELD_MANAGER, handedBack, LAST_APPLIED } from "./managed-fields.ts";
import { MODE_LABEL } from "./labels.ts";
import { isSuspended } from "./observe.ts";
import type { Operation } from "./plan.ts";
import { applyBody, type ApplyBody, type Reveal } from "./apply-body.ts";
import { applyRequest, isSecret, refusal } from "./try-apply.ts";
import type { DesiredObject } from "./types.ts";

/** What came of an operation. */
export interface Outcome {
  /** `done`: the cluster was changed; `unchanged`; `waiting`: the next pass goes on with it; `failed`. */
  readonly result: "done" | "unchanged" | "waiting" | "failed";
  /** Empty where the plan's reason says it all. */
  readonly message: string;
  /** The object as the server gave it; absent where it is gone or not known. */
  readonly object?: KubernetesObject;
}

export interface PerformContext {
  readonly client: ApiClient;
  readonly cluster: string;
  readonly reveal: Reveal | undefined;
  /** Milliseconds that a deleted object may take until it is gone. */
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
}

const REPLICAS_MANAGER = "halite-replicas";

/** Carries out one operation that makes or changes an object. Nothing is thrown for what only this object has. */
export async function perform(
  operation: Extract<Operation, { op: "create" | "update" | "adopt" | "replace" }>,
  desired: DesiredObject,
  resource: ApiResource,
  live: KubernetesObject | undefined,
  context: PerformContext,
): Promise<Outcome> {
  try {
    if (operation.op === "create") return await create(operation, desired, resource, context);
    if (operation.op === "replace") return await replace(operation, desired, resource, context);
    if (operation.how === "labels") return await relabel(operation, resource, context);
    return await update(operation, desired, resource, live, context);
  } catch (error) {
    return outcomeOf(error, isSecret(desired));
  }
}

/** `secret`: the object holds values that nobody may read in a message. @throws what is no answer of the API and no finding */
export function outcomeOf(error: unknown, secret: boolean): Outcome {
  if (error instanceof FindingError) return { result: "failed", message: error.message };
  if (error instanceof UnreachableError) return { result: "failed", message: error.message };
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 403 && error.causes.some(({ reason }) => reason === "NamespaceTerminating"))
    return { result: "waiting", message: "its namespace is terminating" };
  const said = refusal(error, secret);
  return { result: "failed", message: "message" in said ? said.message : `${error.status} ${error.reason}` };
}

async function create(operation: Operation, desired: DesiredObject, resource: ApiResource, context: PerformContext): Promise<Outcome> {
  const body = await applyBody(operation.addon, desired, context);
  try {
    return await createFrom(body, desired, resource, context);
  } finally {
    body.wipe();
  }
}

async function createFrom(body: ApplyBody, desired: DesiredObject, resource: ApiResource, context: PerformContext): Promise<Outcome> {
  const { client, signal } = context;
  const only = desired.mode === "EnsureExists";
  const request: ApiRequest = only
    ? {
        method: "POST",
        path: pathOf(resource, desired.ref.namespace),
        query: { fieldManager: FIELD_MANAGER, fieldValidation: "Strict" },
        body: body.send,
        // The second of two makes nothing: it is told that the object exists.
        repeatable: true,
        signal,
      }
    : {
        method: "PATCH",
        path: pathOf(resource, desired.ref.namespace, desired.ref.name),
        body: body.send,
        ...applyRequest(false, false),
        signal,
      };
  for (let attempt = 0; ; attempt++) {
    try {
      return done(await client.call(request));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (only && error.status === 409 && error.reason === "AlreadyExists")
        return { result: "unchanged", message: "it was made meanwhile" };
      if (!only && error.status === 409) return { result: "waiting", message: "somebody made it meanwhile: the next pass takes it over" };
      // A kind that was defined a moment ago is not served by every part of the server yet.
      const settling = error.status === 404 && /could not find the requested resource|no matches for kind/.test(error.message);
      if (!settling || attempt >= 20) throw error;
      await wait(100 + 50 * attempt, undefined, { signal });
    }
  }
}

async function update(
  operation: Extract<Operation, { op: "update" | "adopt" }>,
  desired: DesiredObject,
  resource: ApiResource,
  live: KubernetesObject | undefined,
  context: PerformContext,
): Promise<Outcome> {
  const { client, signal } = context;
  const path = pathOf(resource, desired.ref.namespace, desired.ref.name);
  const { handover = null, replicas = null } = operation.comparison ?? {};
  if (handover !== null && live !== undefined) {
    const annotated = live.metadata.annotations?.[LAST_APPLIED] !== undefined;
    try {
      await client.call({
        method: "PATCH",
        path,
        query: { fieldManager: FIELD_MANAGER },
        contentType: "application/json-patch+json",
        body: [
          { op: "test", path: "/metadata/uid", value: live.metadata.uid ?? "" },
          { op: "replace", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion ?? "" },
          { op: "replace", path: "/metadata/managedFields", value: handover },
          ...(annotated ? [{ op: "remove", path: `/metadata/annotations/${pointer(LAST_APPLIED)}` }] : []),
        ],
        // A second try meets the version that the first one made.
        repeatable: false,
        signal,
      });
    } catch (error) {
      if (error instanceof ApiError && error.status === 409)
        return { result: "waiting", message: "it changed meanwhile: the next pass takes it over" };
      throw error;
    }
  }
  if (replicas !== null) {
    await client.call({
      method: "PATCH",
      path,
      body: {
        apiVersion: desired.object.apiVersion,
        kind: desired.object.kind,
        metadata: { ...identity(desired), uid: operation.uid },
        spec: { replicas },
      },
      ...applyRequest(false, false, REPLICAS_MANAGER),
      signal,
    });
  }
  const before = live?.metadata.resourceVersion;
  const body = await applyBody(operation.addon, desired, { ...context, uid: operation.uid });
  try {
    const object = await client.call({
      method: "PATCH",
      path,
      body: body.send,
      ...applyRequest(true, false),
      signal,
    });
    const outcome = done(object);
    return outcome.object?.metadata.resourceVersion === before && handover === null ? { ...outcome, result: "unchanged" } : outcome;
  } catch (error) {
    if (error instanceof ApiError && error.status === 409)
      return { result: "waiting", message: `it is another object now: ${error.message}` };
    throw error;
  } finally {
    body.wipe();
  }
}

function identity({ ref }: DesiredObject): { readonly name: string; readonly namespace?: string } {
  return ref.namespace === null ? { name: ref.name } : { name: ref.name, namespace: ref.namespace };
}

/** The mode's label in place; the object stays as it is. */
async function relabel(
  operation: Extract<Operation, { op: "update" | "adopt" }>,
  resource: ApiResource,
  { client, signal }: PerformContext,
): Promise<Outcome> {
  const object = await client.call({
    method: "PATCH",
    path: pathOf(resource, operation.ref.namespace, operation.ref.name),
    query: { fieldManager: FIELD_MANAGER },
    contentType: "application/merge-patch+json",
    body: { metadata: { uid: operation.uid, labels: { [MODE_LABEL]: operation.mode, [PART_OF]: null } } },
    signal,
  });
  return done(object);
}

/**
 * Hands an object back: its fields become those of client-side apply, with what that keeps of the manifest, so that the addon manager goes on as if it had
 * applied the object itself. Of a Secret no manifest is kept: the addon manager's first pass does that.
 */
export async function release(
  operation: Operation,
  desired: DesiredObject | undefined,
  resource: ApiResource,
  live: KubernetesObject,
  { client, signal }: PerformContext,
): Promise<Outcome> {
  const { labels = {}, annotations } = live.metadata;
  const manifest = desired === undefined || desired.sealed || desired.ref.kind === "Secret" ? undefined : JSON.stringify(desired.object);
  try {
    const object = await client.call({
      method: "PATCH",
      path: pathOf(resource, operation.ref.namespace, operation.ref.name),
      query: { fieldManager: "kubectl-client-side-apply" },
      contentType: "application/json-patch+json",
      body: [
        { op: "test", path: "/metadata/uid", value: live.metadata.uid ?? "" },
        { op: "replace", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion ?? "" },
        ...(labels[PART_OF] === undefined ? [] : [{ op: "remove", path: `/metadata/labels/${pointer(PART_OF)}` }]),
        ...(manifest !== undefined && annotations === undefined ? [{ op: "add", path: "/metadata/annotations", value: {} }] : []),
        ...(manifest === undefined ? [] : [{ op: "add", path: `/metadata/annotations/${pointer(LAST_APPLIED)}`, value: `${manifest}\n` }]),
        { op: "replace", path: "/metadata/managedFields", value: handedBack(live) },
      ],
      repeatable: false,
      signal,
    });
    return done(object);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { result: "done", message: "" };
    if (error instanceof ApiError && error.status === 409) return { result: "waiting", message: "it changed meanwhile: hand back again" };
    return outcomeOf(error, isSecret(desired ?? { ref: operation.ref, sealed: false }));
  }
}

/** A key as a step of a JSON pointer (RFC 6901). */
function pointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

async function replace(
  operation: Extract<Operation, { op: "replace" }>,
  desired: DesiredObject,
  resource: ApiResource,
  context: PerformContext,
): Promise<Outcome> {
  // What can't be opened or is not valid is found before anything is deleted.
  const name = `${desired.ref.name.slice(0, 200)}-halite-trial`;
  const body = await applyBody(operation.addon, desired, { ...context, name });
  try {
    await context.client.call({
      method: "PATCH",
      path: pathOf(resource, desired.ref.namespace, name),
      body: body.send,
      ...applyRequest(false, true),
      signal: context.signal,
    });
  } catch (error) {
    // Names may have a meaning (a CustomResourceDefinition's), and quotas a say: only what is wrong with the fields counts.
    const invalid =
      error instanceof ApiError && error.status === 422 && error.causes.some(({ field }) => !field.startsWith("metadata.name"));
    if (invalid) return { result: "failed", message: `nothing was deleted, as it could not be made anew: ${error.message}` };
  } finally {
    body.wipe();
  }
  const gone = await remove(operation, resource, context);
  if (gone.result !== "done") return gone;
  return await create(operation, desired, resource, context);
}

/** Deletes one object, if it is still the one that the plan is about, and waits until it is gone. */
export async function remove(
  operation: { readonly ref: Operation["ref"]; readonly uid: string; readonly resourceVersion: string },
  resource: ApiResource,
  context: PerformContext,
): Promise<Outcome> {
  const { client, signal } = context;
  const path = pathOf(resource, operation.ref.namespace, operation.ref.name);
  let { resourceVersion } = operation;
  for (let attempt = 0; ; attempt++) {
    try {
      await client.call({
        method: "DELETE",
        path,
        body: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          propagationPolicy: "Background",
          preconditions: { uid: operation.uid, resourceVersion },
        },
        signal,
      });
      break;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) return { result: "done", message: "" };
      if (error.status !== 409 || attempt >= 5) throw error;
      // It changed since it was planned. It is the same object still, unless somebody has made it anew or suspended it.
      const now = await client.find({ method: "GET", path, signal });
      if (now === undefined) return { result: "done", message: "" };
      if (!isKubernetesObject(now) || now.metadata.uid !== operation.uid)
        return { result: "waiting", message: "it is another object now: the next pass looks at it" };
      if (isSuspended(now)) return { result: "waiting", message: "it was suspended meanwhile" };
      if (now.metadata.deletionTimestamp !== undefined) break;
      resourceVersion = now.metadata.resourceVersion ?? "";
    }
  }
  return await untilGone(path, operation.uid, context);
}

async function untilGone(path: string, uid: string, { client, patience, signal }: PerformContext): Promise<Outcome> {
  const until = performance.now() + patience;
  let pause = 50;
  for (;;) {
    const now = await client.find({ method: "GET", path, signal });
    if (now === undefined || !isKubernetesObject(now) || now.metadata.uid !== uid) return { result: "done", message: "" };
    if (performance.now() + pause > until) {
      const finalizers = now.metadata.finalizers ?? [];
      const held = finalizers.length === 0 ? "" : `, held by the finalizer${finalizers.length === 1 ? "" : "s"} ${finalizers.join(", ")}`;
      const namespace = now.kind === "Namespace" ? namespaceWords(now) : "";
      return {
        result: "waiting",
        message: `it is being deleted since ${now.metadata.deletionTimestamp ?? "a moment"}${held}${namespace}`,
        object: now,
      };
    }
    await wait(pause, undefined, { signal });
    pause = Math.min(pause * 2, 1000);
  }
}

/** What the namespace controller says of a namespace that does not go. */
function namespaceWords(namespace: KubernetesObject): string {
  const status = namespace["status"];
  const text = JSON.stringify(status ?? null);
  const messages = [...text.matchAll(/"message":"((?:Some|Failed|Discovery)[^"]*)"/g)].map((match) => match[1] ?? "");
  return messages.length === 0 ? "" : `; ${messages.join("; ")}`;
}

function done(object: unknown): Outcome {
  return isKubernetesObject(object) ? { result: "done", message: "", object } : { result: "done", message: "" };
}
