// Commands in header values, as Envoy 1.37.0 takes and refuses them: each line was shown to it.

import { commandTrouble } from "./substitution.ts";

const taken = [
  "a%%b",
  "%PROTOCOL%",
  "%PROTOCOL()%",
  "%START_TIME%",
  "%START_TIME(%Y%m)%",
  "%REQ(:PATH)%",
  "%REQ(a?:b):5%",
  "%DYNAMIC_METADATA(a:b):5%",
  "%METADATA(ROUTE:x):5%",
  "%PATH(NQ:ORIG):5%",
  "%GRPC_STATUS(NUMBER)%",
  "%FILTER_STATE(a:FIELD:b)%",
  "%COMMON_DURATION(DS_RX_BEG:DS_RX_END:ms)%",
];
for (const value of taken) test(`taken: ${value}`, () => expect(commandTrouble(value)).toBeUndefined());

const refused: readonly (readonly [string, string])[] = [
  ["a %FOO% b", "%FOO% is not a command that Envoy knows"],
  ["%REQ%", "%REQ% needs an argument, such as %REQ(x-header)%"],
  ["%QUERY_PARAM()%", "%QUERY_PARAM()% needs an argument, such as %QUERY_PARAM(name)%"],
  ["%REQ(a?b?c)%", "%REQ(a?b?c)% can name only one alternative after '?'"],
  ["%REQ(a b)%", "%REQ(a b)% names a header that is not an HTTP header name"],
  ["%PROTOCOL(x)%", "%PROTOCOL(x)% takes neither an argument nor a length"],
  ["%PROTOCOL:5%", "%PROTOCOL:5% takes neither an argument nor a length"],
  ["%START_TIME:5%", "%START_TIME:5% takes no length"],
  ["%UPSTREAM_METADATA(a):5%", "%UPSTREAM_METADATA(a):5% takes no length"],
  ["%GRPC_STATUS:3%", "%GRPC_STATUS:3% takes no length"],
  ["%REQ(a):99999999999999%", "%REQ(a):99999999999999% has a length that is too large"],
  ["%GRPC_STATUS(X)%", "%GRPC_STATUS(X)% needs an argument that matches ^(CAMEL_STRING|SNAKE_STRING|NUMBER)?$"],
  ["%REQ(a)% %CEL%", "%CEL% needs an argument that matches ^.+$"],
];
for (const [value, trouble] of refused) test(`refused: ${value}`, () => expect(commandTrouble(value)).toBe(trouble));
