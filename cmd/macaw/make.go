package main

import (
	"encoding/json"
	"net"
	"os"
	"time"

	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/produce"
)

type makeCmd struct {
	Path   string        `arg:"" help:"Folder, file or archive with the data."`
	Target string        `help:"Column to predict. Default: a usual name such as target or label, else the last column." placeholder:"COLUMN"`
	Task   string        `help:"Kind of problem, when the guess is wrong: classification, regression, image-classification, ..." placeholder:"TASK"`
	Budget time.Duration `help:"Wall clock for everything, such as 40s or 10m. Default: 5m." placeholder:"TIME"`
	Trials int           `help:"Train so many candidates instead of filling a budget; the same command then gives the same model." placeholder:"N"`
	Name   string        `help:"Name of the model. Default: after the path." placeholder:"NAME"`
	Seed   uint64        `help:"Seed of the split and of all that is random." placeholder:"N"`
	JSON   bool          `name:"json" help:"Print what happens as JSON lines; the last one is the result."`
	Serve  bool          `help:"Serve the model and the console when it is made, until Ctrl-C."`
	Addr   string        `help:"Address for --serve." default:"127.0.0.1:8700" placeholder:"HOST:PORT"`
}

func (c *makeCmd) Help() string {
	return `PATH may be
  - a folder with one folder of images (or texts) per class; train, val and test folders are honoured,
  - a table: CSV, TSV, Parquet, JSON Lines; its types are found out,
  - IDX files as of MNIST, or any of these in a zip or tar file.

Macaw finds out what kind of problem the data holds, searches for a good model within the budget, measures
it once on samples that it never saw, and registers it as NAME@VERSION. Ctrl-C keeps the best model so far;
the same command then goes on where it stopped.

  macaw make examples/digits --serve
  macaw make houses.csv --target price --budget 10m`
}

func (c *makeCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	var ln net.Listener
	if c.Serve {
		if ln, err = listen(c.Addr); err != nil {
			return err
		}
		defer ln.Close()
	}
	e.json = c.JSON
	observe, end := c.observer(e)
	out, err := produce.Make(e.ctx, st, produce.Options{
		Path: c.Path, Target: c.Target, Task: c.Task, Name: c.Name, Budget: c.Budget, Trials: c.Trials, Seed: c.Seed,
		Observe: observe, Started: started, Version: version(), Device: device,
	})
	end()
	if err != nil || !c.Serve || e.ctx.Err() != nil {
		return err
	}
	return serveMade(e, st, ln, out)
}

// observer shows what happens: JSON lines, a live view on a terminal, else a
// line now and then.
func (c *makeCmd) observer(e *env) (observe func(produce.Event), end func()) {
	if c.JSON {
		lines := json.NewEncoder(e.out)
		lines.SetEscapeHTML(false)
		return func(ev produce.Event) { lines.Encode(ev) }, func() {}
	}
	if f, ok := e.out.(*os.File); ok {
		if width, ok := terminal(f); ok {
			v := newView(f, width, c.budget(), os.Getenv("NO_COLOR") == "")
			return v.observe, v.end
		}
	}
	p := &plain{out: e.out}
	return p.observe, func() {}
}

func (c *makeCmd) budget() time.Duration {
	switch {
	case c.Trials > 0:
		return 0
	case c.Budget > 0:
		return c.Budget
	}
	return produce.DefaultBudget
}
