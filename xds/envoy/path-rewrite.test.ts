import type { Rewrite } from "../model/route.ts";
import { messageJson } from "../proto-json.ts";
import { someForward, someRoute } from "../testing/models.ts";
import { route } from "./route.ts";

const forwarded = { cluster: "service/default/app/80", cluster_not_found_response_code: "INTERNAL_SERVER_ERROR" };

const regexRewrite = (regex: string, substitution: string): unknown => ({ regex_rewrite: { pattern: { regex }, substitution } });
for (const [sentence, rewrite, want] of [
  ["a prefix by a prefix", { path: { type: "replacePrefix", prefix: "/a/", value: "/b/" } }, { prefix_rewrite: "/b" }],
  [
    "a prefix by / keeps one slash",
    { path: { type: "replacePrefix", prefix: "/a.b", value: "/" } },
    regexRewrite("^/a\\.b/*", "/"),
  ],
  [
    "a prefix by nothing keeps one slash",
    { path: { type: "replacePrefix", prefix: "/a", value: "" } },
    regexRewrite("^/a/*", "/"),
  ],
  ["the prefix / puts a prefix before", { path: { type: "replacePrefix", prefix: "/", value: "/b" } }, { prefix_rewrite: "/b/" }],
  ["the whole path, also /", { path: { type: "replaceFull", value: "/x\\1" } }, regexRewrite("^/.*$", "/x\\\\1")],
  [
    "by a regular expression",
    { path: { type: "replaceRegex", pattern: "a(b)", substitution: "\\1" } },
    regexRewrite("a(b)", "\\1"),
  ],
  [
    "the host by a literal",
    { host: { type: "literal", value: "h" } },
    { host_rewrite_literal: "h", append_x_forwarded_host: true },
  ],
  [
    "the host by a header",
    { host: { type: "header", name: "x-h" } },
    { host_rewrite_header: "x-h", append_x_forwarded_host: true },
  ],
  ["the host by the endpoint's", { host: { type: "backend" } }, { auto_host_rewrite: true, append_x_forwarded_host: true }],
] as const satisfies readonly (readonly [string, Rewrite, unknown])[]) {
  test(`rewrite: ${sentence}`, () => {
    const message = messageJson(route(someRoute({ action: someForward({ rewrite }) })));
    expect(message).toHaveProperty("route", { ...forwarded, ...(want as object) });
  });
}
