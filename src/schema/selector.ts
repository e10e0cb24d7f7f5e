import type { At } from "./at.ts";

/** Whether labels are what a LabelSelector asks for; an empty one takes all, one with an unknown operator none (apimachinery/pkg/apis/meta/v1). */
export function selects(selector: At, labels: Readonly<Record<string, string>>): boolean {
  const own = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  if (!selector.at("matchLabels").entries.every(([key, value]) => own(key) === value.text)) return false;
  return selector.at("matchExpressions").items.every((expression) => {
    const value = own(expression.at("key").text ?? "");
    const values = expression.at("values").texts;
    switch (expression.at("operator").text) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      default:
        return false;
    }
  });
}
