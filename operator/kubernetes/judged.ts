// Objects of an API server as changes of the store. Its CRDs may be older or newer than our schemas, so types are looked at once more: one that
// reconcilers could not read is told of, and counts as absent.

import type { Change } from "../../store/db.ts";
import { keyOf, type ObjectKey } from "../../store/key.ts";
import type { Kind } from "../../store/kinds.ts";
import { typesJudge } from "../admission.ts";
import { spell } from "../host/yaml.ts";
import type { ApiObject } from "./api-object.ts";

/** What an object means for the store. */
export function judged(kind: Kind, object: ApiObject, complain: (message: string) => void): Change {
  const key = keyOf(object);
  const { object: value, problems } = typesJudge.judge(object.apiVersion, kind, object);
  const [problem] = problems;
  if (problem === undefined && value !== undefined) {
    // The judge of files takes statuses away; here they are the API server's.
    const status = "status" in object ? { status: object["status"] } : {};
    return { type: "applied", kind, object: { ...value, ...status } } as unknown as Change;
  }
  complain(`${kind} ${key} is not read: ${problem === undefined ? "" : `${spell(problem.path)}: ${problem.message}`}`);
  return gone(kind, key);
}

export function gone(kind: Kind, key: ObjectKey): Change {
  return { type: "deleted", kind, key };
}
