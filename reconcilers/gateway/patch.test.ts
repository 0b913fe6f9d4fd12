import type { OwnedObject } from "../reconciler.ts";
import { patched } from "./patch.ts";

const object: OwnedObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "envoy", namespace: "default", labels: { a: "1" } },
  spec: { replicas: 1, containers: [{ name: "envoy", env: [{ name: "A", value: "1" }], args: ["x"] }], ports: [{ port: 80 }] },
};

for (const [name, patch, want] of [
  [
    "a strategic patch merges lists by their key",
    { value: { spec: { containers: [{ name: "envoy", env: [{ name: "B", value: "2" }] }] } } },
    {
      containers: [
        {
          name: "envoy",
          env: [
            { name: "A", value: "1" },
            { name: "B", value: "2" },
          ],
          args: ["x"],
        },
      ],
    },
  ],
  [
    "a strategic patch replaces lists without a key",
    { value: { spec: { containers: [{ name: "envoy", args: ["y"] }] } } },
    { containers: [{ name: "envoy", env: [{ name: "A", value: "1" }], args: ["y"] }] },
  ],
  [
    "a strategic patch can delete from a list",
    { value: { spec: { containers: [{ name: "envoy", $patch: "delete" }] } } },
    { containers: [] },
  ],
  [
    "a strategic patch knows ports of a Service",
    { type: "StrategicMerge", value: { spec: { ports: [{ port: 80, nodePort: 30080 }] } } },
    { ports: [{ port: 80, nodePort: 30080 }] },
  ],
  [
    "a merge patch replaces lists",
    { type: "JSONMerge", value: { spec: { containers: [{ name: "b" }] } } },
    { containers: [{ name: "b" }] },
  ],
] as const)
  test(name, () => {
    expect(patched(object, patch)).toEqual({
      ...object,
      spec: {
        replicas: 1,
        containers: [{ name: "envoy", env: [{ name: "A", value: "1" }], args: ["x"] }],
        ports: [{ port: 80 }],
        ...want,
      },
    });
  });

test("null removes a field, and identity cannot be patched away", () => {
  const value = { kind: "Job", metadata: { name: "other", labels: { a: null, b: "2" } }, spec: null };
  expect(patched(object, { type: "JSONMerge", value })).toEqual({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "envoy", namespace: "default", labels: { b: "2" } },
  });
});

test("a patch that is no object changes nothing", () => {
  expect(patched(object, { value: "text" })).toBe(object);
  expect(patched(object, undefined)).toBe(object);
});
