package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/macaw-ai/macaw/console"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce"
	"github.com/macaw-ai/macaw/serve"
)

type serveCmd struct {
	Models []string `arg:"" name:"model" help:"NAME, NAME@VERSION or the folder of a model package."`
	Addr   string   `help:"Address to listen on." default:"127.0.0.1:8700" placeholder:"HOST:PORT"`
	Remote bool     `help:"Allow an address that other machines can reach. Nothing asks for a login."`
}

func (c *serveCmd) Help() string {
	return `The server speaks the Open Inference Protocol v2 (/v2/models/NAME/infer), a plain POST
/models/NAME/predict that takes a file, a text or a JSON row, and Prometheus (/metrics). Ctrl-C waits for
requests that run.

  macaw serve digits
  curl -F file=@seven.png http://127.0.0.1:8700/models/digits/predict`
}

func (c *serveCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	return serveOn(e, st, nil, serve.Options{Addr: c.Addr, Remote: c.Remote, Models: c.Models}, func(base string) {
		fmt.Fprintf(e.out, "Serving %s on %s\n", strings.Join(c.Models, ", "), base)
		for _, ref := range c.Models {
			if pkg, err := model.NewRegistry(st).Open(e.ctx, ref); err == nil {
				fmt.Fprintln(e.out, "  "+curl(base, &pkg.Card))
			}
		}
	})
}

type upCmd struct {
	Addr   string `help:"Address to listen on." default:"127.0.0.1:8700" placeholder:"HOST:PORT"`
	Remote bool   `help:"Allow an address that other machines can reach. Nothing asks for a login."`
}

func (c *upCmd) Help() string {
	return `The console shows datasets with their samples, runs while they run, and models with a form to try them.
The same address serves every model, as macaw serve does.`
}

func (c *upCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	o := serve.Options{Addr: c.Addr, Remote: c.Remote}
	if err := withConsole(st, &o); err != nil {
		return err
	}
	return serveOn(e, st, nil, o, func(base string) {
		fmt.Fprintf(e.out, "The console of %s is at %s (Ctrl-C ends it)\n", st.Home, base)
	})
}

// listen takes an address before a model is made for it: better to hear at once
// that it is in use than after minutes.
func listen(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fault.Errorf(fault.Unavailable, "Cannot serve on %s: %w. Name another address with --addr.", addr, errors.Unwrap(err))
	}
	if a, ok := ln.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		ln.Close()
		return nil, fault.Errorf(fault.Invalid, "%s can be reached from other machines, and nothing asks for a login; use 127.0.0.1, or macaw serve --remote afterwards.", addr)
	}
	return ln, nil
}

// serveMade serves what make has just made, with the console.
func serveMade(e *env, st *store.Store, ln net.Listener, made *produce.Outcome) error {
	addr := ln.Addr().String()
	o := serve.Options{Addr: addr}
	if err := withConsole(st, &o); err != nil {
		return err
	}
	pkg, err := model.NewRegistry(st).Open(e.ctx, made.Model)
	if err != nil {
		return err
	}
	out := e.out
	if e.json {
		out = e.errout // standard output ends with the result
	}
	return serveOn(e, st, ln, o, func(base string) {
		fmt.Fprintf(out, "\nServing %s, and the console, on %s (Ctrl-C ends it)\n  %s\n", made.Model, base, curl(base, &pkg.Card))
	})
}

func withConsole(st *store.Store, o *serve.Options) error {
	c, err := console.New(console.Options{Store: st, Version: version()})
	if err != nil {
		return err
	}
	o.Mount = func(mux *http.ServeMux) { c.Register(mux) }
	return nil
}

// serveOn serves until the first Ctrl-C, on ln if there is one. hello is told the
// address once it answers.
func serveOn(e *env, st *store.Store, ln net.Listener, o serve.Options, hello func(base string)) error {
	o.Device, o.Version, o.Log = device(0), version(), slog.Default()
	o.Started = func(a net.Addr) { hello("http://" + a.String()) }
	s, err := serve.New(o, model.NewRegistry(st))
	if err != nil {
		return err
	}
	if ln != nil {
		return s.Serve(e.ctx, ln)
	}
	return s.Run(e.ctx)
}

// curl is a request to a model that can be pasted.
func curl(base string, card *model.Card) string {
	row := map[string]string{}
	for _, in := range card.Inputs {
		row[in.Column] = in.Example
	}
	return model.Curl(base, card.Name, card.Task, row)
}
