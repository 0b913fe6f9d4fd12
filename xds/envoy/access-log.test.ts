import type { LogFile } from "../model/listener.ts";
import { messageJson } from "../proto-json.ts";
import { someChain, someListener } from "../testing/models.ts";
import { listener } from "./listener.ts";

const file: LogFile = { path: "/var/log/a", format: { type: "default" }, matches: [], entries: "both" };
const cel = (expression: string) => ({
  extension_filter: {
    name: "envoy.access_loggers.extension_filters.cel",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
      expression,
    },
  },
});
const noChain = { response_flag_filter: { flags: ["NR"] } };

/** Filters of the logs on the listener and on its chain; "all" where there is none. */
function filters(of: Partial<LogFile>) {
  const accessLog = { type: "files", files: [{ ...file, ...of }] } as const;
  const json = JSON.parse(JSON.stringify(messageJson(listener(someListener({ chains: [someChain({ accessLog })] }))))) as {
    access_log?: readonly { filter?: unknown }[];
    default_filter_chain: { filters: readonly { typed_config: { access_log?: readonly { filter?: unknown }[] } }[] };
  };
  const all = (logs: readonly { filter?: unknown }[] = []) => logs.map(({ filter }) => filter ?? "all");
  return { listener: all(json.access_log), chain: all(json.default_filter_chain.filters[0]?.typed_config.access_log) };
}

test("a log of both is on the chain for all, and on the listener for what no chain takes", () => {
  expect(filters({})).toEqual({ listener: [noChain], chain: ["all"] });
});

test("a log of connections is on the listener only, a log of requests on the chain only", () => {
  expect(filters({ entries: "connections" })).toEqual({ listener: ["all"], chain: [] });
  expect(filters({ entries: "requests" })).toEqual({ listener: [], chain: ["all"] });
});

test("all expressions must hold", () => {
  const both = { and_filter: { filters: [cel("a"), cel("b")] } };
  expect(filters({ entries: "requests", matches: ["a"] }).chain).toEqual([cel("a")]);
  expect(filters({ entries: "requests", matches: ["a", "b"] }).chain).toEqual([both]);
  expect(filters({ matches: ["a"] }).listener).toEqual([{ and_filter: { filters: [noChain, cel("a")] } }]);
});
