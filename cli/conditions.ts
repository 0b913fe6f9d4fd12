// The conditions of an object as rows of a table. Gateway API keeps them in four places: on the object, per listener, per parent,
// and per ancestor of a policy.

import type { StatusCondition } from "../api/meta.ts";

/** An object as the admin server tells it. */
export interface StatusObject {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
  readonly status?: Status;
}

interface Status {
  readonly conditions?: readonly StatusCondition[];
  readonly listeners?: readonly {
    readonly name: string;
    readonly attachedRoutes?: number;
    readonly conditions?: readonly StatusCondition[];
  }[];
  readonly parents?: readonly { readonly parentRef: Reference; readonly conditions?: readonly StatusCondition[] }[];
  readonly ancestors?: readonly { readonly ancestorRef: Reference; readonly conditions?: readonly StatusCondition[] }[];
}

interface Reference {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
}

/** OBJECT, ABOUT (listener or parent), CONDITION, STATUS, REASON, MESSAGE; one row for each condition. */
export function conditionRows(object: StatusObject): readonly (readonly string[])[] {
  const { status, metadata } = object;
  const named = `${object.kind.toLowerCase()}/${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
  const rows = (about: string, conditions: readonly StatusCondition[] = []): readonly (readonly string[])[] =>
    conditions.map((each) => [named, about, each.type, each.status, each.reason, firstLine(each.message)]);
  return [
    ...rows("", status?.conditions),
    ...(status?.listeners ?? []).flatMap((listener) =>
      rows(`listener ${listener.name} (${listener.attachedRoutes ?? 0} routes)`, listener.conditions),
    ),
    ...(status?.parents ?? []).flatMap(({ parentRef, conditions }) => rows(shown(parentRef), conditions)),
    ...(status?.ancestors ?? []).flatMap(({ ancestorRef, conditions }) => rows(shown(ancestorRef), conditions)),
  ];
}

function shown({ kind = "Gateway", namespace, name, sectionName }: Reference): string {
  return `${kind} ${[namespace, name, sectionName].filter(Boolean).join("/")}`;
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? "";
}
