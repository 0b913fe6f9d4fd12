// May an object of one namespace refer to an object of another? ReferenceGrants, flattened into from→to facts under one index, so that the
// answer is a lookup and a new grant touches only the references it speaks of. Does not know which fields hold references.

import type { ReferenceGrant } from "../api/gateway/referencegrant.ts";
import type { Db, Index } from "../store/db.ts";

/** Who refers: an object's group, kind and namespace. */
export interface ReferenceFrom {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

/** What is referred to. */
export interface ReferenceTo extends ReferenceFrom {
  readonly name: string;
}

const anyName = ""; // no object is called so: "*" in a grant is the name of nobody, never everybody

const grants: Index<"ReferenceGrant"> = {
  kind: "ReferenceGrant",
  name: "from-to",
  values: (grant) => facts(grant),
};

/** Gateway API, ReferenceGrant: own namespace always; else any `from` × any `to` of a grant in the target's namespace. */
export function referencePermitted(db: Db, from: ReferenceFrom, to: ReferenceTo): boolean {
  if (from.namespace === to.namespace) return true;
  return db.lookup(grants, fact(from, to)).length > 0 || db.lookup(grants, fact(from, { ...to, name: anyName })).length > 0;
}

function facts(grant: ReferenceGrant): readonly string[] {
  const namespace = grant.metadata.namespace ?? "";
  const { from: sources, to: targets } = grant.spec ?? { from: [], to: [] };
  return sources.flatMap((from) =>
    targets.map((to) => fact(from, { group: to.group, kind: to.kind, namespace, name: to.name ?? anyName })),
  );
}

function fact(from: ReferenceFrom, to: ReferenceTo): string {
  return [from.group, from.kind, from.namespace, to.group, to.kind, to.namespace, to.name].join("|");
}
