//go:build tools

// Package tools names the programs whose versions go.mod pins: those are built by the Go of Debian too.
package tools

import (
	_ "google.golang.org/grpc/interop/client"
	_ "google.golang.org/grpc/interop/server"
)
