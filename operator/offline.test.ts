// Reading and translating without a process: what is refused at the door, and what --no-validate lets in.

import { standaloneConfig } from "./config.ts";
import { readObjects, translateOffline } from "./offline.ts";

const credentials = { type: "files", caFile: "a", certFile: "b", keyFile: "c" } as const;
const config = standaloneConfig({ host: "h", port: 1, serverName: "d", credentials });
const gateway = (port: number) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: eg }
spec:
  gatewayClassName: eg
  listeners: [{ name: http, protocol: HTTP, port: ${port} }]
`;

test("an object that its schema refuses is left out with a problem, and taken in without checking", () => {
  const files = [{ file: "a.yaml", text: gateway(70_000) }];
  const checked = readObjects(files, true);
  expect(checked.objects).toEqual([]);
  expect(checked.problems.map(({ file, line, path }) => ({ file, line, path }))).toEqual([
    { file: "a.yaml", line: 6, path: "spec.listeners[0].port" },
  ]);
  const unchecked = readObjects(files, false);
  expect(unchecked.problems).toEqual([]);
  expect(unchecked.objects.map(({ metadata }) => metadata.name)).toEqual(["eg"]);
});

test("what has the wrong shape stays outside also without checking", () => {
  const broken = gateway(80).replace("listeners: [", "listeners: [null, ").replace("spec:", "spec:\n  infrastructure: []");
  const unchecked = readObjects([{ file: "a.yaml", text: broken }], false);
  expect(unchecked.objects).toEqual([]);
  expect(unchecked.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`)).toEqual([
    "5 spec.infrastructure: must be of type object, not array",
    "7 spec.listeners[0]: must be of type object, not null",
  ]);
});

test("a Gateway of another controller's class has no status and no proxy", () => {
  const foreign = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: eg }
spec: { controllerName: example.com/other }
---
`;
  const { resources, xds, infrastructure } = translateOffline(
    readObjects([{ file: "a.yaml", text: foreign + gateway(80) }], true),
    config,
    "2026-01-01T00:00:00.000Z",
  );
  expect({ status: resources.map(({ status }) => status), xds, infrastructure }).toEqual({
    status: [undefined, undefined],
    xds: {},
    infrastructure: [],
  });
});
