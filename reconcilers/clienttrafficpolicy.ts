// ClientTrafficPolicy: its status. What its fields mean is in clients/.

import type { ObjectKey } from "../store/key.ts";
import type { Db } from "../store/db.ts";
import { memo } from "../store/memo.ts";
import { judgeClients } from "./clients/judge.ts";
import { statusOfPolicy } from "./policies/status.ts";
import type { Reconciler } from "./reconciler.ts";

const status = memo("clientTrafficPolicyStatus", (db: Db, key: ObjectKey) =>
  statusOfPolicy(db, "ClientTrafficPolicy", key, judgeClients),
);

export const clientTrafficPolicy: Reconciler<"ClientTrafficPolicy"> = { kind: "ClientTrafficPolicy", status };
