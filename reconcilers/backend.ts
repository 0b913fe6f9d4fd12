// Backend: whether it can be used, whoever uses it.

import { backendTarget } from "./backends/backend.ts";
import { backendAccepted, backendInvalid } from "./conditions.ts";
import type { Reconciler } from "./reconciler.ts";

export const backend: Reconciler<"Backend"> = {
  kind: "Backend",
  status: (db, key) => {
    if (db.get("Backend", key) === undefined) return undefined;
    const target = backendTarget(db, key);
    const condition = target.ok ? backendAccepted() : backendInvalid(target.problem.message);
    return { conditions: [condition] };
  },
};
