import { asStored } from "./stored.ts";

const head = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } };

test("stringData of a Secret is stored as base64 in data, and wins over it", () => {
  const written = { ...head, data: { a: "eA==", b: "eQ==" }, stringData: { b: "z", c: "ü" } };
  expect(asStored("Secret", written)).toEqual({ ...head, data: { a: "eA==", b: "eg==", c: "w7w=" } });
});

test("a Secret without stringData and other kinds are stored as written", () => {
  const secret = { ...head, data: { a: "eA==" } };
  const map = { kind: "ConfigMap", stringData: { a: "b" } };
  expect([asStored("Secret", secret), asStored("ConfigMap", map)]).toEqual([secret, map]);
});
