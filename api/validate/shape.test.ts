// The shape that every object has that reconcilers see: types, required fields, metadata.

import { kindDefinition } from "../kinds.ts";
import { validate } from "../validate.ts";

const route = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "web", namespace: "default" },
};

function judge(value: unknown, mode: "full" | "types") {
  const kind = kindDefinition("HTTPRoute");
  if (!kind) throw new Error("no HTTPRoute");
  return validate(kind, value, { mode });
}

test("the mode of types refuses only what has a wrong shape or a broken name", () => {
  const tooStrict = { ...route, extra: 1, spec: { rules: [{ retry: { codes: [9999] }, matches: [{ method: "get" }] }] } };
  expect(judge(tooStrict, "types")).toEqual({
    object: {
      ...route,
      spec: { rules: [{ retry: { codes: [9999] }, matches: [{ method: "get", path: { type: "PathPrefix", value: "/" } }] }] },
    },
    problems: [],
  });
  const misshapen = {
    ...route,
    metadata: { name: "A/b" },
    spec: { hostnames: [null], rules: [{ matches: [{ headers: [{}] }] }] },
  };
  expect(judge(misshapen, "types").object).toBeUndefined();
  expect(judge(misshapen, "types").problems.map(({ path }) => path)).toEqual([
    "metadata.name",
    "spec.hostnames[0]",
    "spec.rules[0].matches[0].headers[0].name",
    "spec.rules[0].matches[0].headers[0].value",
  ]);
});

test("what an API server fills into metadata has its types", () => {
  const metadata = { name: "web", creationTimestamp: 5, uid: ["a"], generation: "x", finalizers: {}, ownerReferences: [1] };
  expect(
    judge({ ...route, metadata, spec: {} }, "full").problems.map(({ kind, path, message }) => `${kind} ${path}: ${message}`),
  ).toEqual([
    "type metadata.uid: must be of type string, not array",
    "type metadata.creationTimestamp: must be of type string, not integer",
    "type metadata.generation: must be of type integer, not string",
    "type metadata.finalizers: must be of type array of strings, not object",
    "type metadata.ownerReferences: must be of type array of objects, not array",
  ]);
});

test("patterns are told in words, and a rule that fails for a value that is wrong already is not told", () => {
  const spec = { hostnames: ["a.example.com:80"], rules: [{ timeouts: { request: "1d" } }] };
  expect(judge({ ...route, spec }, "full").problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "spec.hostnames[0]: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; " +
      'without scheme, port or final dot, not "a.example.com:80"',
    'spec.rules[0].timeouts.request: must be a duration such as 500ms, 10s or 1h30m, not "1d"',
  ]);
});
