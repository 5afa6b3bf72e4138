package data

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// Options says how to import. The zero value detects everything.
type Options struct {
	Name   string // of the dataset; empty means after the file or folder
	Target string // target column; empty means a usual name, else the last column
	Task   string // one of the tasks, or "classification", "regression"; empty means by the target
	Seed   uint64 // of the split
	// Log is told, in sentences, what was decided; nil means nobody is.
	Log func(string)
	// Limits bounds what is read; its zero value means the defaults.
	Limits source.Limits
}

// Import reads the folder, file or archive at path into a dataset version. The
// same content with the same options gives the same version. Either all of it is
// registered or nothing is. Mistakes in the data are fault.Invalid, a missing
// path is fault.NotFound, a full or read-only disk is fault.Unavailable.
func Import(ctx context.Context, st *store.Store, path string, o Options) (*Version, error) {
	v, err := importPath(ctx, st, path, o)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return v, st.Explain(err)
}

func importPath(ctx context.Context, st *store.Store, path string, o Options) (*Version, error) {
	tree, err := openTree(ctx, path, o.Limits, func() (string, func(), error) { return st.TempDir("import-*") })
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	d := &draft{ctx: ctx, st: st, o: o, path: path, tree: tree}
	d.m.Format = 1
	if d.m.Name, err = datasetName(o.Name, tree.Name); err != nil {
		return nil, err
	}
	if err := checkTask(o.Task); err != nil {
		return nil, err
	}
	if n := len(tree.Unreadable); n > 0 {
		d.find(Finding{Code: "unreadable", Severity: Warning, Count: n, Samples: firstOf(tree.Unreadable),
			Message: fmt.Sprintf("%s could not be read and %s skipped.", counted(n, "file or folder", "files or folders"), wasWere(n))})
	}
	if err := d.read(); err != nil {
		return nil, err
	}
	return d.register()
}

func openTree(ctx context.Context, path string, limits source.Limits, temp func() (string, func(), error)) (*source.Tree, error) {
	return source.Open(ctx, path, source.Options{
		Limits: limits, TempDir: temp,
		Ignore: func(name string) bool { return formatOf(name) == unknownFormat },
	})
}

var notName = regexp.MustCompile(`[^a-z0-9._-]+`)

// datasetName checks the name given, or makes one of a file's name: lower case,
// with what is not a letter, digit, dot or underscore as a dash.
func datasetName(given, file string) (string, error) {
	if given != "" {
		if len(given) > 100 || notName.MatchString(given) || strings.Trim(given, ".-_") == "" {
			return "", fault.Errorf(fault.Invalid, "%q is not a name for a dataset; use up to 100 lower-case letters, digits, dots, dashes and underscores.", given)
		}
		return given, nil
	}
	name := strings.Trim(notName.ReplaceAllString(strings.ToLower(filepath.Base(file)), "-"), ".-_")
	if name == "" {
		name = "dataset"
	}
	return name[:min(len(name), 100)], nil
}

func checkTask(task string) error {
	switch task {
	case "", "classification", "regression", ImageClassification, TabularClassification, TabularRegression, TextClassification:
		return nil
	}
	known := []string{ImageClassification, TabularClassification, TabularRegression, TextClassification}
	return fault.Errorf(fault.Invalid, "There is no task %q; the tasks are %s.%s", task, strings.Join(known, ", "), didYouMean(task, known))
}

func didYouMean(name string, names []string) string {
	near := fault.Nearest(name, names, 3)
	if len(near) == 0 {
		return ""
	}
	for i := range near {
		near[i] = fmt.Sprintf("%q", near[i])
	}
	return " Did you mean " + orList(near) + "?"
}
