package main

import (
	"fmt"
	"strconv"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/store"
)

type dataCmd struct {
	Ls   dataLsCmd   `cmd:"" default:"1" help:"List datasets and their versions."`
	Show dataShowCmd `cmd:"" help:"Show one version: its parts, classes, columns and what was found."`
}

type dataLsCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *dataLsCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	versions, err := data.List(st)
	if err != nil {
		return err
	}
	if c.JSON {
		if versions == nil {
			versions = []*data.Version{}
		}
		return writeJSON(e.out, versions)
	}
	if len(versions) == 0 {
		fmt.Fprintln(e.out, "There is no dataset yet; macaw make PATH imports one.")
		return nil
	}
	rows := [][]string{{"DATASET", "TASK", "SAMPLES", "TARGET", "IMPORTED"}}
	for _, v := range versions {
		rows = append(rows, []string{v.Ref(), v.Task, strconv.Itoa(v.Count), v.Target, date(v.Created)})
	}
	return table(e.out, rows)
}

type dataShowCmd struct {
	Ref  string `arg:"" name:"dataset" help:"NAME, NAME@VERSION or the beginning of a version's hash."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *dataShowCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	v, err := data.Open(st, c.Ref)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(e.out, v)
	}
	return showVersion(e, v)
}

func showVersion(e *env, v *data.Version) error {
	fmt.Fprintf(e.out, "%s  %s, %d samples\n", v.Ref(), v.Task, v.Count)
	fmt.Fprintf(e.out, "hash      %s\nimported  %s\n", v.Hash, date(v.Created))
	fmt.Fprintf(e.out, "parts     %d train, %d validation, %d test\n", v.Parts[data.Train], v.Parts[data.Validation], v.Parts[data.Test])
	if v.Split.Why != "" {
		fmt.Fprintf(e.out, "split     %s\n", v.Split.Why)
	}
	if v.Kind == data.KindImage {
		fmt.Fprintf(e.out, "images    %dx%d, %d channels\n", v.Image.Width, v.Image.Height, v.Image.Channels)
	}
	if len(v.Classes) > 0 {
		rows := [][]string{{"", ""}, {"CLASS", "SAMPLES"}}
		for i, name := range v.Classes {
			n := ""
			if i < len(v.Counts) {
				n = strconv.Itoa(v.Counts[i])
			}
			rows = append(rows, []string{name, n})
		}
		if err := table(e.out, rows); err != nil {
			return err
		}
	}
	if len(v.Columns) > 0 {
		rows := [][]string{{"", "", "", "", "", ""}, {"COLUMN", "TYPE", "ROLE", "MISSING", "DISTINCT", "EXAMPLE"}}
		for _, col := range v.Columns {
			rows = append(rows, []string{col.Name, string(col.Type), string(col.Role), strconv.Itoa(col.Missing), strconv.Itoa(col.Distinct), fit(col.Example, 40)})
		}
		if err := table(e.out, rows); err != nil {
			return err
		}
	}
	if len(v.Findings) > 0 {
		fmt.Fprintln(e.out, "\nFound:")
		for _, f := range v.Findings {
			fmt.Fprintf(e.out, "  %s: %s\n", f.Severity, f.Message)
		}
	}
	return nil
}
