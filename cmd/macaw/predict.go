package main

import (
	"fmt"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/serve"
)

type predictCmd struct {
	Model string   `arg:"" help:"NAME, NAME@VERSION or the folder of a model package."`
	Paths []string `arg:"" name:"path" help:"Files, folders, archives or tables to predict."`
	Out   string   `help:"CSV file to write; it appears whole or not at all. Default: standard output." placeholder:"FILE"`
}

func (c *predictCmd) Help() string {
	return `The CSV has the columns sample, prediction, score (the likeliest class's probability) and one probability
column per class. sample is a file's path relative to the argument, or a row's number from 0.

  macaw predict digits new.png
  macaw predict houses offers.csv --out prices.csv`
}

func (c *predictCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	pkg, err := model.NewRegistry(st).Open(e.ctx, c.Model)
	if err != nil {
		return err
	}
	p, err := model.NewPredictor(pkg, device(0))
	if err != nil {
		return err
	}
	defer p.Close()
	var done *serve.Summary
	if c.Out != "" {
		done, err = serve.PredictToFile(e.ctx, p, c.Paths, c.Out)
	} else {
		done, err = serve.PredictPaths(e.ctx, p, c.Paths, e.out)
	}
	if err != nil {
		return err
	}
	return c.tell(e, done)
}

// mostFailures is how many failed samples are listed.
const mostFailures = 10

func (c *predictCmd) tell(e *env, done *serve.Summary) error {
	for _, note := range done.Notes {
		fmt.Fprintln(e.errout, "macaw:", note)
	}
	for i, f := range done.Failed {
		if i == mostFailures {
			fmt.Fprintf(e.errout, "macaw: ... and %d more\n", len(done.Failed)-i)
			break
		}
		fmt.Fprintf(e.errout, "macaw: %s: %s\n", f.Sample, fault.MessageOf(f.Err))
	}
	if len(done.Failed) == done.Samples {
		return fault.Errorf(fault.Invalid, "None of the %d samples could be predicted.", done.Samples)
	}
	if c.Out != "" {
		fmt.Fprintf(e.errout, "macaw: wrote %d predictions to %s\n", done.Samples-len(done.Failed), c.Out)
	}
	return nil
}
