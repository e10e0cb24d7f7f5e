/** What a check needs to know of the object besides its content. */
export interface Subject {
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** 36 for Kubernetes 1.36. */
  readonly minor: number;
  readonly custom?: boolean;
}
