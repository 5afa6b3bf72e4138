// Command penguins writes examples/penguins/penguins.csv from the penguins.json
// of the npm package vega-datasets. Run it from the module's root:
//
//	go run ./examples/internal/penguins node_modules/vega-datasets/data/penguins.json examples/penguins/penguins.csv
package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

var columns = []string{"Species", "Island", "Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)", "Sex"}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: penguins penguins.json penguins.csv")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var records []map[string]any
	if err := json.Unmarshal(text, &records); err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	rows := [][]string{columns}
	for _, r := range records {
		row := make([]string, len(columns))
		for j, name := range columns {
			if r[name] != nil {
				row[j] = fmt.Sprint(r[name])
			}
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
