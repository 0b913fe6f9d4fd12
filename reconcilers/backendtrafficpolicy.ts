// BackendTrafficPolicy: its status. What its fields mean is in traffic/.

import { memo } from "../store/memo.ts";
import { statusOfPolicy } from "./policies/status.ts";
import type { Reconciler } from "./reconciler.ts";
import { judgeTraffic } from "./traffic/judge.ts";

const status = memo("backendTrafficPolicyStatus", (db, key: `${string}/${string}`) =>
  statusOfPolicy(db, "BackendTrafficPolicy", key, judgeTraffic),
);

export const backendTrafficPolicy: Reconciler<"BackendTrafficPolicy"> = { kind: "BackendTrafficPolicy", status };
