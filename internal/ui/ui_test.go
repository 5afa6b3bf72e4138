package ui

import (
	"os"
	"path/filepath"
	"testing"
)

// The vendored files are those of the installed packages.
func TestVendoredFilesAreCurrent(t *testing.T) {
	modules := os.Getenv("MACAW_NPM")
	if modules == "" {
		t.Skip("MACAW_NPM names no node_modules folder; ./check fills one")
	}
	for name, source := range map[string]string{
		"uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
		"uPlot.min.css":     "uplot/dist/uPlot.min.css",
		"htmx.min.js":       "htmx.org/dist/htmx.min.js",
	} {
		want, err := os.ReadFile(filepath.Join(modules, source))
		if err != nil {
			t.Fatal(err)
		}
		if Text("vendor/"+name) != string(want) {
			t.Errorf("%s differs from npm's; run go generate ./internal/ui", name)
		}
	}
}
