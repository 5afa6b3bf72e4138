package main

import (
	"fmt"

	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
)

type modelsCmd struct {
	Ls   modelsLsCmd   `cmd:"" default:"1" help:"List models and their versions."`
	Show modelsShowCmd `cmd:"" help:"Show one model: how good it is, what it takes, where it comes from."`
}

type modelsLsCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *modelsLsCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	entries, err := model.NewRegistry(st).List(e.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		cards := []model.Card{}
		for i := range entries {
			cards = append(cards, entries[i].Card)
		}
		return writeJSON(e.out, cards)
	}
	if len(entries) == 0 {
		fmt.Fprintln(e.out, "There is no model yet; macaw make PATH makes one.")
		return nil
	}
	rows := [][]string{{"MODEL", "TASK", "RECIPE", "METRIC", "VALIDATION", "TEST", "DATASET", "MADE"}}
	for i := range entries {
		card := &entries[i].Card
		rows = append(rows, []string{entries[i].Ref(), card.Task, card.Recipe, card.Metric, blank(card.Metric, card.Validation), blank(card.Metric, card.Test), card.Dataset, date(entries[i].Created)})
	}
	return table(e.out, rows)
}

type modelsShowCmd struct {
	Ref  string `arg:"" name:"model" help:"NAME, NAME@VERSION or the folder of a model package."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *modelsShowCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	pkg, err := model.NewRegistry(st).Open(e.ctx, c.Ref)
	if err != nil {
		return err
	}
	card := &pkg.Card
	if c.JSON {
		return writeJSON(e.out, card)
	}
	fmt.Fprintf(e.out, "%s  %s\nmade      %s from %s (run %s)\n%-9s %s on validation, %s on the test part\nfolder    %s (model.onnx: %.1f MB)\n",
		pkg.Ref(), card.Task, date(card.Created), card.Dataset, card.Run, card.Metric, blank(card.Metric, card.Validation), blank(card.Metric, card.Test),
		pkg.Dir, float64(pkg.Size())/1e6)
	if card.How != "" {
		fmt.Fprintf(e.out, "command   %s\n", card.How)
	}
	rows := [][]string{{"", "", ""}, {"MEMBER", "WEIGHT", "TRIAL"}}
	for _, m := range card.Members {
		rows = append(rows, []string{m.Recipe, fmt.Sprintf("%.2f", m.Weight), fmt.Sprint(m.Trial)})
	}
	rows = append(rows, []string{"", "", ""}, []string{"INPUT", "KIND", "EXAMPLE"})
	for _, in := range card.Inputs {
		name := in.Name
		if in.Column != "" {
			name = in.Column
		}
		rows = append(rows, []string{name, in.Kind, fit(in.Example, 40)})
	}
	return table(e.out, rows)
}
