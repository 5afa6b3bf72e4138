// Package ui holds what the console and the reports look like: one style sheet,
// one module that draws charts, and the two libraries behind them (uPlot, htmx),
// copied from npm by "go generate".
package ui

import "embed"

//go:generate go run ./vendoring -from ../../.cache/npm/node_modules

// Files are served by the console below /static/.
//
//go:embed static vendor
var Files embed.FS

// Text returns the embedded file name, for pages that carry everything inside.
// It panics when there is no such file.
func Text(name string) string {
	b, err := Files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return string(b)
}
