//go:build tools

// Package tools names the programs of the older control plane that the tests start.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
