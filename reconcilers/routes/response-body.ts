// Bodies of answers that the proxy gives itself (CustomResponseBody): as they are written, or out of a ConfigMap.

import type { CustomResponseBody } from "../../api/shared/response.ts";
import type { Db } from "../../store/db.ts";
import { namespaceOf, objectKey } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import { fail, type Outcome, succeed } from "../backends/problem.ts";

/** Envoy Gateway: key "response.body" of the ConfigMap, else its first key; what is not text stands in binaryData. */
export function toBody(db: Db, key: ObjectKey, body: CustomResponseBody | undefined): Outcome<string | Uint8Array | undefined> {
  if (body === undefined) return succeed(undefined);
  if (body.type !== "ValueRef") return succeed(body.inline);
  const ref = body.valueRef;
  if (ref === undefined || ref.kind !== "ConfigMap" || (ref.group ?? "") !== "") {
    return fail("UnsupportedValue", `the body refers to ${ref?.kind ?? "nothing"}, which is not a ConfigMap`);
  }
  const target = objectKey(namespaceOf(key), ref.name);
  const { data, binaryData } = db.get("ConfigMap", target) ?? {};
  const text = bodyOf(data);
  if (text !== undefined) return succeed(text);
  const base64 = bodyOf(binaryData);
  return base64 === undefined
    ? fail("UnsupportedValue", `ConfigMap ${target} with the response body not found or empty`)
    : succeed(new Uint8Array(Buffer.from(base64, "base64")));
}

function bodyOf(values: Readonly<Record<string, string>> = {}): string | undefined {
  const [first] = Object.keys(values).toSorted();
  return values["response.body"] ?? (first === undefined ? undefined : values[first]);
}
