// Label selectors as Kubernetes evaluates them (LabelSelector of meta/v1). Pure.

/** LabelSelector of meta/v1. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** What is wrong with a selector, in one sentence, or undefined. */
export function selectorProblem(selector: LabelSelector): string | undefined {
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const count = values?.length ?? 0;
    if (operator === "In" || operator === "NotIn") {
      if (count === 0) return `Selector operator ${operator} of key ${key} needs values.`;
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (count > 0) return `Selector operator ${operator} of key ${key} takes no values.`;
    } else {
      return `Selector operator ${operator} of key ${key} must be one of In, NotIn, Exists, DoesNotExist.`;
    }
  }
  return undefined;
}

/** Do these labels satisfy every requirement? An empty selector matches everything, one with a problem matches nothing. */
export function selectorMatches(selector: LabelSelector, labels: Readonly<Record<string, string>> | undefined): boolean {
  const has = new Map(Object.entries(labels ?? {}));
  if (selectorProblem(selector) !== undefined) return false;
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => has.get(key) === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = has.get(key);
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const listed = value !== undefined && (values ?? []).includes(value);
      return operator === "In" ? listed : !listed; // NotIn is also true without the label, as in Kubernetes
    })
  );
}
