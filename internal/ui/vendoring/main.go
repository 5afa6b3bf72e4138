// Command vendoring copies the console's libraries out of a node_modules folder
// that ./check has filled.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// files maps each vendored file to where npm puts it.
var files = map[string]string{
	"uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
	"uPlot.min.css":     "uplot/dist/uPlot.min.css",
	"uPlot.LICENSE":     "uplot/LICENSE",
	"htmx.min.js":       "htmx.org/dist/htmx.min.js",
	"htmx.LICENSE":      "htmx.org/LICENSE",
}

func main() {
	from := flag.String("from", "", "node_modules folder")
	flag.Parse()
	for name, source := range files {
		b, err := os.ReadFile(filepath.Join(*from, source))
		if err == nil {
			err = os.WriteFile(filepath.Join("vendor", name), b, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
