// Every feature of the model in one snapshot, shown to a real Envoy.

import { envoyPath } from "../operator/host/envoy-binary.ts";
import { describeViolations } from "./check/violation.ts";
import { everything } from "./testing/everything.ts";
import { encode } from "./snapshot.ts";
import { staticBootstrap } from "./testing/static-bootstrap.ts";
import { envoyComplaint } from "./testing/validate.ts";

test("Envoy takes a snapshot that uses every feature of the model", async () => {
  const { snapshot, refusals } = encode(everything());
  expect(refusals).toEqual([]);
  expect(envoyComplaint(await envoyPath(), staticBootstrap(snapshot))).toBeUndefined();
}, 120_000);

test("the static form lets Envoy see faults in routes", async () => {
  const { snapshot } = encode(everything());
  const text = JSON.stringify(staticBootstrap(snapshot)).replace(
    '"domains":["app.example"]',
    '"domains":["app.example","app.example"]',
  );
  expect(envoyComplaint(await envoyPath(), JSON.parse(text))).toMatch(/Only unique values for domains are permitted/);
}, 120_000);

test("several violations read as one sentence", () => {
  expect(
    describeViolations([
      { path: "a.b", rule: "r", message: "is bad" },
      { path: "", rule: "s", message: "is worse" },
    ]),
  ).toBe("a.b: is bad (r); is worse (s)");
});
