import { readConfigFile } from "./config-file.ts";

const text = `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
provider:
  type: Custom
  custom:
    resource: {type: File, file: {paths: [routes]}}
    infrastructure: {type: Host, host: {}}
logging: {level: {default: debug}}
gateway: {controllerName: example.net/controller}
`;

test("settings of the file become options", () => {
  expect(readConfigFile(text, "c.yaml")).toEqual({
    paths: ["routes"],
    logLevel: "debug",
    gateway: { controllerName: "example.net/controller" },
  });
});

test("an unknown setting is an error with its line", () => {
  expect(() => readConfigFile(`${text}bogus: 1\n`, "c.yaml")).toThrow("c.yaml:10: bogus: unknown field");
});
