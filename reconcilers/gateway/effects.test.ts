import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import { envoyProxyOf } from "../envoyproxy.ts";
import { config, envoyProxy, gatewayWith, parametersRef } from "../testing/gateways.ts";
import { world } from "../testing/world.ts";
import { accessLogOf } from "./access-log.ts";
import { filterOrderProblem, settingsWithoutEffect } from "./effects.ts";
import { gatewayStatus } from "./status.ts";

const spec = (fields: object) => ({ logging: { level: {} }, ...fields }) as unknown as EnvoyProxySpec;

/** Accepted of a Gateway with these settings. */
function accepted(fields: object) {
  const gateway = gatewayWith("gw", [{ name: "a" }], { infrastructure: { parametersRef: parametersRef("settings") } });
  const store = world(
    config({ infrastructure: "host" }),
    gateway,
    envoyProxy("settings", fields as Readonly<Record<string, unknown>>),
  );
  const { status, reason, message } = gatewayStatus(store, "default/gw")!.conditions[0]!;
  return { status, reason, message };
}
const invalid = (why: string) => ({
  status: "False",
  reason: "InvalidParameters",
  message: `EnvoyProxy default/settings: ${why}`,
});

test("settings that work are not named", () => {
  const working = {
    telemetry: { accessLog: { disable: true }, metrics: { prometheus: { disable: true }, matches: [{ value: "a" }] } },
    shutdown: { drainTimeout: "5s" },
    concurrency: 1,
    ipFamily: "IPv4",
    extraArgs: ["--disable-hot-restart"],
    filterOrder: [],
  };
  expect(settingsWithoutEffect(spec(working), "kubernetes")).toEqual([]);
  expect(accepted(working)).toEqual({ status: "True", reason: "Accepted", message: "The Gateway is served by this controller." });
});

test("settings that do nothing yet are named by path on the Gateway, which is served", () => {
  const sinks = [
    { type: "File", file: { path: "/a" } },
    { type: "ALS", als: {} },
    { type: "OpenTelemetry", openTelemetry: {} },
  ];
  const idle = { telemetry: { accessLog: { settings: [{ sinks }] }, tracing: {} }, luaValidation: "Strict" };
  const names = "telemetry.accessLog.settings[0].sinks[1].als, telemetry.accessLog.settings[0].sinks[2].openTelemetry";
  expect(accepted(idle)).toEqual({
    status: "True",
    reason: "Accepted",
    message: `The Gateway is served by this controller. These settings of its EnvoyProxy have no effect yet: ${names}, telemetry.tracing, luaValidation.`,
  });
});

test("an order of filters that goes in circles is refused, others are not", () => {
  const circle = [
    { name: "b", after: "a" },
    { name: "b", before: "c" },
    { name: "a", after: "c" },
  ];
  expect(filterOrderProblem(spec({ filterOrder: circle }))).toBe("filterOrder puts a before itself.");
  expect(filterOrderProblem(spec({ filterOrder: circle.slice(0, 2) }))).toBeUndefined();
  expect(accepted({ filterOrder: circle })).toEqual(invalid("filterOrder puts a before itself."));
});

test("an expression that is no CEL is refused with its place", () => {
  const settings = [{ matches: ["response.code >= 400", "a ||"], sinks: [{ type: "File", file: { path: "/a" } }] }];
  const { message, ...rest } = accepted({ telemetry: { accessLog: { settings } } });
  expect(rest).toEqual({ status: "False", reason: "InvalidParameters" });
  expect(message).toContain("telemetry.accessLog.settings[0].matches[1] is not a CEL expression: ");
});

test("a bootstrap that loses the control plane is refused", () => {
  const bootstrap = { type: "JSONPatch", jsonPatches: [{ op: "remove", path: "/dynamic_resources" }] };
  expect(accepted({ bootstrap })).toEqual(invalid("bootstrap: dynamic_resources must stay as generated."));
});

test("settings of the configuration are checked too, and none of them holds when they cannot be", () => {
  const envoyProxySpec = spec({ bootstrap: { type: "Merge", value: "admin: {profile_path: /x}" }, concurrency: 7 });
  const store = world(config({ infrastructure: "host", envoyProxy: envoyProxySpec }), gatewayWith("gw", [{ name: "a" }]));
  expect(gatewayStatus(store, "default/gw")!.conditions[0]).toEqual({
    type: "Accepted",
    status: "False",
    reason: "InvalidParameters",
    message: "GatewayClass eg: envoyProxy of the configuration: bootstrap: admin must stay as generated.",
  });
  expect(envoyProxyOf(store, "default/gw").value).toEqual({});
});

test("each file sink of a setting is a log with the setting's format, expressions and entries", () => {
  const text = { format: { type: "Text", text: "x\n" }, type: "Listener", matches: ["a"] };
  const json = { format: { type: "JSON", json: { p: "%PROTOCOL%" } }, type: "Route" };
  const sinks = ["/a", "/b"].map((path) => ({ type: "File", file: { path } }));
  const settings = [{ ...text, sinks }, { ...json, sinks: sinks.slice(1) }, { sinks: sinks.slice(0, 1) }];
  const line = { format: { type: "text", line: "x\n" }, matches: ["a"], entries: "connections" };
  expect(accessLogOf(spec({ telemetry: { accessLog: { settings } } }))).toEqual({
    type: "files",
    files: [
      { path: "/a", ...line },
      { path: "/b", ...line },
      { path: "/b", format: { type: "json", fields: { p: "%PROTOCOL%" } }, matches: [], entries: "requests" },
      { path: "/a", format: { type: "default" }, matches: [], entries: "both" },
    ],
  });
});

test("the default is one JSON log to standard output, and disable wins over settings", () => {
  const settings = [{ sinks: [{ type: "File", file: { path: "/a" } }] }];
  expect(accessLogOf(spec({}))).toEqual({ type: "json", path: "/dev/stdout" });
  expect(accessLogOf(spec({ telemetry: { accessLog: { disable: true, settings } } }))).toEqual({ type: "none" });
});
