// Backend: whether it can be used, whoever uses it.

import type { Kinds } from "../store/kinds.ts";
import { backendTarget } from "./backends/backend.ts";
import { backendAccepted, backendInvalid } from "./conditions.ts";
import type { Reconciler } from "./reconciler.ts";

export const backend: Reconciler<"Backend"> = {
  kind: "Backend",
  status: (db, key) => {
    if (db.get("Backend", key) === undefined) return undefined;
    const target = backendTarget(db, key);
    const condition = target.ok ? backendAccepted() : backendInvalid(target.problem.message);
    // Times and generations are added by the status writer.
    return { conditions: [condition] } as unknown as Kinds["Backend"]["status"];
  },
};
