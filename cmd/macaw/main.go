// Command macaw makes models of raw data and runs them: see `macaw --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/alecthomas/kong"

	"github.com/macaw-ai/macaw/internal/fault"
)

// started is the beginning of the process, from which a budget counts.
var started = time.Now()

// cli is the command line.
type cli struct {
	Home  string `help:"Folder that keeps data, runs and models. Default: a folder of the user's." placeholder:"DIR" env:"MACAW_HOME"`
	Debug bool   `help:"Show details of what goes wrong." hidden:"" env:"MACAW_DEBUG"`

	Make    makeCmd    `cmd:"" help:"Make a model of a folder or file with data."`
	Predict predictCmd `cmd:"" help:"Let a model answer for files, folders or tables, without a server."`
	Serve   serveCmd   `cmd:"" help:"Serve models over HTTP."`
	Up      upCmd      `cmd:"" help:"Open the console: data, runs and models in the browser."`
	Data    dataCmd    `cmd:"" help:"List and show datasets."`
	Runs    runsCmd    `cmd:"" help:"List and show runs of make."`
	Models  modelsCmd  `cmd:"" help:"List and show models."`
	Bench   benchCmd   `cmd:"" help:"Measure this machine: its peak, what Macaw's kernels reach of it, and where a model's time goes."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// env is what commands work with.
type env struct {
	ctx    context.Context // ends at the first Ctrl-C
	home   string
	json   bool // standard output is for programs
	out    io.Writer
	errout io.Writer
}

const about = `Macaw turns raw data into a model that answers requests.

  macaw make photos/             a folder with one folder of images per class
  macaw make table.csv           a table; its last column is predicted, or --target
  macaw make mails/              a folder with one folder of texts per class
  macaw predict photos new.jpg   ask the model
  macaw serve photos             serve it over HTTP
  macaw up                       look at everything in the browser`

func main() {
	os.Exit(guard(os.Stderr, os.Getenv("MACAW_DEBUG") != "", func() int { return run(os.Args[1:], os.Stdout, os.Stderr) }))
}

// guard turns a panic into an apology.
func guard(errout io.Writer, details bool, f func() int) (status int) {
	defer func() {
		if v := recover(); v != nil {
			status = 1
			fmt.Fprintln(errout, "macaw: internal error:", v)
			if details {
				errout.Write(debug.Stack())
				return
			}
			fmt.Fprintln(errout, "This is a mistake in Macaw. Run the command again with MACAW_DEBUG=1 to see where, and report it with the command line.")
		}
	}()
	return f()
}

// run is the program; it returns the exit status: 0 for success, 1 for failure,
// 2 for a command line that cannot be understood.
func run(args []string, out, errout io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("macaw"), kong.Description(about), kong.Writers(out, errout),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		panic(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	switch {
	case exited >= 0:
		return exited
	case err != nil:
		fmt.Fprintf(errout, "macaw: %v; see macaw --help\n", err)
		return 2
	}
	level := slog.LevelError
	if c.Debug {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(errout, &slog.HandlerOptions{Level: level})))
	ctx, stop := interruptible(context.Background(), errout)
	defer stop()
	if err = checkTier(); err == nil {
		err = k.Run(&env{ctx: ctx, home: c.Home, out: out, errout: errout})
	}
	return failure(err, c.Debug, errout)
}

// failure prints what went wrong in one sentence and returns the exit status.
func failure(err error, details bool, errout io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(errout, "macaw: stopped")
		return 130
	}
	fmt.Fprintln(errout, "macaw:", fault.MessageOf(err))
	if details {
		for e := err; e != nil; e = errors.Unwrap(e) {
			fmt.Fprintf(errout, "  %T: %v\n", e, e)
		}
	}
	return 1
}
