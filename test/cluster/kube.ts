import type { Client } from "../control-plane/index.ts";

/** An object as the API gives it. */
export interface Live {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string; readonly fieldsV1: object }[];
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: { readonly replicas?: number; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** Paths of the kinds that the tests use. */
const PATHS: Readonly<Record<string, string>> = {
  configmap: "api/v1/namespaces/NS/configmaps",
  secret: "api/v1/namespaces/NS/secrets",
  service: "api/v1/namespaces/NS/services",
  pvc: "api/v1/namespaces/NS/persistentvolumeclaims",
  pv: "api/v1/persistentvolumes",
  namespace: "api/v1/namespaces",
  deployment: "apis/apps/v1/namespaces/NS/deployments",
  job: "apis/batch/v1/namespaces/NS/jobs",
  addon: "apis/halite.dev/v1alpha1/addons",
  crd: "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  widget: "apis/example.org/v1/namespaces/NS/widgets",
  storageclass: "apis/storage.k8s.io/v1/storageclasses",
};

export function pathTo(kind: string, namespace: string, name?: string): string {
  return `/${(PATHS[kind] ?? kind).replace("NS", namespace)}${name === undefined ? "" : `/${name}`}`;
}

/** What another than Halite does in the cluster. */
export class Other {
  readonly api: Client;
  readonly namespace: string;

  constructor(api: Client, namespace: string) {
    this.api = api;
    this.namespace = namespace;
  }

  /** The object, or undefined where there is none. */
  async get(kind: string, name: string): Promise<Live | undefined> {
    const answer = await this.api.call("GET", pathTo(kind, this.namespace, name));
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw new Error(`${kind} ${name}: ${JSON.stringify(answer.body)}`);
    return answer.body as Live;
  }

  async merge(kind: string, name: string, patch: unknown, manager = "somebody"): Promise<void> {
    const answer = await this.api.call(
      "PATCH",
      `${pathTo(kind, this.namespace, name)}?fieldManager=${manager}`,
      patch,
      "application/merge-patch+json",
    );
    if (answer.status !== 200) throw new Error(`patch of ${kind} ${name}: ${JSON.stringify(answer.body)}`);
  }

  async strategic(kind: string, name: string, patch: unknown, manager = "somebody"): Promise<void> {
    const answer = await this.api.call(
      "PATCH",
      `${pathTo(kind, this.namespace, name)}?fieldManager=${manager}`,
      patch,
      "application/strategic-merge-patch+json",
    );
    if (answer.status !== 200) throw new Error(`patch of ${kind} ${name}: ${JSON.stringify(answer.body)}`);
  }

  async apply(kind: string, name: string, object: unknown, manager: string): Promise<void> {
    const path = `${pathTo(kind, this.namespace, name)}?fieldManager=${manager}&force=true`;
    const answer = await this.api.call("PATCH", path, object, "application/apply-patch+yaml");
    if (answer.status >= 300) throw new Error(`apply of ${kind} ${name}: ${JSON.stringify(answer.body)}`);
  }

  async create(kind: string, object: unknown): Promise<void> {
    const answer = await this.api.call("POST", pathTo(kind, this.namespace), object);
    if (answer.status !== 201) throw new Error(`create of ${kind}: ${JSON.stringify(answer.body)}`);
  }

  /**
   * What the server says to a creation that is only tried. Webhooks and policies count in an API server a moment after they were written: by this one
   * sees when.
   */
  async trial(kind: string, object: unknown): Promise<string> {
    const answer = await this.api.call("POST", `${pathTo(kind, this.namespace)}?dryRun=All`, object);
    return `${answer.status} ${JSON.stringify(answer.body)}`;
  }

  async delete(kind: string, name: string): Promise<void> {
    const answer = await this.api.call("DELETE", pathTo(kind, this.namespace, name));
    if (answer.status >= 300) throw new Error(`delete of ${kind} ${name}: ${JSON.stringify(answer.body)}`);
  }

  async scale(name: string, replicas: number): Promise<void> {
    const path = `${pathTo("deployment", this.namespace, name)}/scale`;
    const answer = await this.api.call("PATCH", path, { spec: { replicas } }, "application/merge-patch+json");
    if (answer.status !== 200) throw new Error(`scale of ${name}: ${JSON.stringify(answer.body)}`);
  }
}

const MODE = "addonmanager.kubernetes.io/mode";

export type Mode = "Reconcile" | "EnsureExists";

export function namespaceYaml(name: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;
}

export function configYaml(namespace: string, name: string, data: Readonly<Record<string, string>>, mode?: Mode, annotations = ""): string {
  const labels = mode === undefined ? "" : `, labels: {${MODE}: ${mode}}`;
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}${labels}${annotations === "" ? "" : `, annotations: {${annotations}}`}}\ndata: ${JSON.stringify(data)}\n`;
}

export function deploymentYaml(
  namespace: string,
  name: string,
  options: {
    readonly replicas?: number;
    readonly image?: string;
    readonly selector?: string;
    readonly annotations?: string;
    readonly labels?: string;
  } = {},
): string {
  const { replicas, image = "registry.example.org/app:1", selector = name, annotations = "", labels = `${MODE}: Reconcile` } = options;
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}, annotations: {${annotations}}}
spec:
${replicas === undefined ? "" : `  replicas: ${replicas}\n`}  selector: {matchLabels: {app: ${selector}}}
  template:
    metadata: {labels: {app: ${selector}}}
    spec:
      containers:
      - {name: app, image: "${image}"}
`;
}

export const WIDGET_CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;

export function widgetYaml(namespace: string, name: string, size: number): string {
  return `apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {size: ${size}}\n`;
}
