//go:build tools

// The command that `go mod tidy` must keep the requirements of: the echo backend of the Gateway API's conformance suite.
package tools

import _ "sigs.k8s.io/gateway-api/conformance/echo-basic"
