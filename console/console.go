// Package console shows a home in the browser: datasets with their samples, runs
// with live curves, models with a form to try them. Pages are rendered on the
// server; htmx refreshes what is live.
package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/internal/ui"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/report"
	"github.com/macaw-ai/macaw/train"
)

//go:embed pages/*.html
var pageFiles embed.FS

// Options configures a Console. Store is needed.
type Options struct {
	Store   *store.Store
	Version string       // of Macaw, shown below each page
	Log     *slog.Logger // nil means slog.Default()
	// PredictURL is where a model answers POST requests; nil means
	// /models/NAME/predict on the same server.
	PredictURL func(name string) string
}

// Console renders the pages.
type Console struct {
	o        Options
	runs     *train.Runs
	registry *model.Registry
	pages    *template.Template
	opened   versionCache
}

// New makes a console over a home.
func New(o Options) (*Console, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.PredictURL == nil {
		o.PredictURL = func(name string) string { return "/models/" + name + "/predict" }
	}
	funcs := report.Funcs()
	funcs["ago"] = ago
	t, err := report.Sections(template.New("").Funcs(funcs))
	if err != nil {
		return nil, err
	}
	if t, err = t.ParseFS(pageFiles, "pages/*.html"); err != nil {
		return nil, err
	}
	return &Console{o: o, runs: train.NewRuns(o.Store), registry: model.NewRegistry(o.Store), pages: t}, nil
}

// Register adds the console's routes to mux. They leave /v2, /predict,
// /models/NAME/predict and /metrics to the inference server.
func (c *Console) Register(mux *http.ServeMux) {
	for _, dir := range []string{"static", "vendor"} {
		files, err := fs.Sub(ui.Files, dir)
		if err != nil {
			panic(err) // the folder is embedded
		}
		entries, err := fs.ReadDir(files, ".")
		if err != nil {
			panic(err)
		}
		for _, e := range entries {
			mux.Handle("GET /static/"+e.Name(), http.StripPrefix("/static/", cached(http.FileServerFS(files))))
		}
	}
	for pattern, page := range map[string]func(*http.Request) (*view, error){
		"GET /{$}":             c.overview,
		"GET /datasets":        c.datasets,
		"GET /datasets/{ref}":  c.dataset,
		"GET /runs":            c.runList,
		"GET /runs/{id}":       c.run,
		"GET /runs/{id}/state": c.runState,
		"GET /models":          c.models,
		"GET /models/{ref}":    c.model,
	} {
		mux.HandleFunc(pattern, c.page(page))
	}
	mux.HandleFunc("GET /datasets/{ref}/samples/{index}", c.plain(c.sample))
	mux.HandleFunc("GET /runs/{id}/curves/{group}", c.plain(c.curves))
	mux.HandleFunc("GET /models/{ref}/report", c.plain(c.report))
	mux.HandleFunc("GET /models/{ref}/model.onnx", c.plain(c.modelFile))
}

// Handler is the console alone.
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	c.Register(mux)
	return mux
}

// view is one page.
type view struct {
	Template string
	Title    string
	Sub      string
	Section  string // which entry of the navigation is the present one
	Crumb    *link
	Body     any
	Nav      []link
	Version  string
}

type link struct {
	Name, Path string
	Here       bool
}

var sections = []link{{Name: "Overview", Path: "/"}, {Name: "Datasets", Path: "/datasets"}, {Name: "Runs", Path: "/runs"}, {Name: "Models", Path: "/models"}}

func (c *Console) page(f func(*http.Request) (*view, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r)
		status := http.StatusOK
		if err != nil {
			if status = statusOf(err); status == http.StatusInternalServerError {
				c.o.Log.Error("page failed", "path", r.URL.Path, "error", err)
			}
			v = &view{Template: "missing", Title: http.StatusText(status), Body: fault.MessageOf(err)}
		}
		v.Version = c.o.Version
		for _, s := range sections {
			s.Here = s.Path == v.Section
			v.Nav = append(v.Nav, s)
		}
		var b bytes.Buffer
		if err := c.pages.ExecuteTemplate(&b, v.Template, v.root()); err != nil {
			c.o.Log.Error("page failed", "path", r.URL.Path, "error", err)
			http.Error(w, "This page could not be drawn; the log says why.", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		secure(h)
		w.WriteHeader(status)
		_, _ = w.Write(b.Bytes()) // the reader may be gone
	}
}

// root is what the template draws: a fragment gets its body alone.
func (v *view) root() any {
	if v.Template == "state" {
		return v.Body
	}
	return v
}

// plain serves what is not a page.
func (c *Console) plain(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if err := f(w, r); err != nil {
			status := statusOf(err)
			if status == http.StatusInternalServerError {
				c.o.Log.Error("request failed", "path", r.URL.Path, "error", err)
			}
			http.Error(w, fault.MessageOf(err), status)
		}
	}
}

// secure keeps pages from loading or being framed by anything foreign.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; frame-ancestors 'none'")
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=300")
		next.ServeHTTP(w, r)
	})
}

func statusOf(err error) int {
	switch fault.CodeOf(err) {
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// ago says how long ago t was, in the largest unit.
func ago(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int(time.Since(t) / u.d); n == 1 {
			return "1 " + u.name + " ago"
		} else if n > 1 {
			return fmt.Sprintf("%d %ss ago", n, u.name)
		}
	}
	return "just now"
}

// versionsOf gives the references of datasets by hash.
func (c *Console) versionsOf() (map[string]string, error) {
	list, err := c.versions()
	if err != nil {
		return nil, err
	}
	refs := map[string]string{}
	for _, v := range list {
		refs[v.Hash] = v.Ref()
	}
	return refs, nil
}
