// Package conformance runs the Gateway API's own suite, unmodified. Its flags choose what is run; addresses can only be given from Go.
package conformance

import (
	"flag"
	"strings"
	"testing"

	v1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance"
)

var (
	usable   = flag.String("usable-addresses", "", "TYPE=VALUE,…: what a Gateway may ask for, and get")
	unusable = flag.String("unusable-addresses", "", "TYPE=VALUE,…: what a Gateway may ask for, and not get")
)

func TestConformance(t *testing.T) {
	options := conformance.DefaultOptions(t)
	options.UsableNetworkAddresses = addresses(*usable)
	options.UnusableNetworkAddresses = addresses(*unusable)
	conformance.RunConformanceWithOptions(t, options)
}

func addresses(list string) []v1.GatewaySpecAddress {
	var found []v1.GatewaySpecAddress
	for item := range strings.SplitSeq(list, ",") {
		if name, value, ok := strings.Cut(item, "="); ok {
			kind := v1.AddressType(name)
			found = append(found, v1.GatewaySpecAddress{Type: &kind, Value: value})
		}
	}
	return found
}
