// The scopes of a table as resources. They depend on its name alone.

import { toBinary } from "@bufbuild/protobuf";
import { config_route_v3 } from "#envoy";
import { scope } from "../envoy/scope.ts";
import type { Resource } from "../resource.ts";
import { scopeCount, scopeKey } from "../scopes.ts";
import { contentHash } from "./checked.ts";

const noClusters: ReadonlySet<string> = new Set();

export function encodedScopes(table: string): readonly Resource[] {
  return Array.from({ length: scopeCount }, (_, number) => {
    const bytes = toBinary(config_route_v3.ScopedRouteConfigurationSchema, scope(table, number));
    return { name: scopeKey(table, number), version: contentHash(bytes), bytes, needs: noClusters };
  });
}
