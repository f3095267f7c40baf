//go:build tools

// Package tools names the program whose versions go.mod pins: those are built by the Go of Debian too.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
