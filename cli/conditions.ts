// The conditions of an object as rows of a table. Gateway API keeps them in three places: on the object, per listener, per parent.

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
  readonly parents?: readonly {
    readonly parentRef: {
      readonly kind?: string;
      readonly namespace?: string;
      readonly name: string;
      readonly sectionName?: string;
    };
    readonly conditions?: readonly StatusCondition[];
  }[];
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
    ...(status?.parents ?? []).flatMap(({ parentRef, conditions }) =>
      rows(
        `${parentRef.kind ?? "Gateway"} ${[parentRef.namespace, parentRef.name, parentRef.sectionName].filter(Boolean).join("/")}`,
        conditions,
      ),
    ),
  ];
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? "";
}
