package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/atomicfile"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
)

// Summary says how a batch prediction went.
type Summary struct {
	Samples int       // predicted or failed
	Failed  []Failure // samples without a prediction
	Notes   []string  // sentences for people, such as columns that are not used
}

// Failure is a sample that could not be predicted; its row in the table has an
// empty prediction.
type Failure struct {
	Sample string
	Err    error
}

// PredictPaths predicts the samples in files, folders, archives and tables and
// writes CSV: sample, prediction and, for classification, score and one
// probability column per class. sample is the file's path relative to the
// argument it was found under (a file's own name when it is the argument), or the
// row's number from 0 for tables; with several tables it is PATH:ROW. Samples
// that cannot be read have empty fields and are listed in the summary.
func PredictPaths(ctx context.Context, p *model.Predictor, paths []string, out io.Writer) (*Summary, error) {
	w := newWriter(out, &p.Card)
	job := &pathJob{p: p, w: w, summary: &Summary{}}
	if err := w.header(); err != nil {
		return nil, err
	}
	sources, cleanup, err := job.open(ctx, paths)
	defer cleanup()
	if err != nil {
		return nil, err
	}
	for _, src := range sources {
		if err := src.predict(ctx, job); err != nil {
			return nil, err
		}
	}
	if job.summary.Samples == 0 {
		return nil, fault.Errorf(fault.Invalid, "There is nothing to predict in %s; the model takes %s.", strings.Join(paths, ", "), wantedFiles(&p.Card))
	}
	return job.summary, w.flush()
}

func wantedFiles(card *model.Card) string {
	switch card.Task {
	case model.ImageClassification:
		return "images (JPEG, PNG, GIF, BMP, WebP or PGM)"
	case model.TextClassification:
		return "text files, or a table with the texts"
	}
	return "tables (CSV, JSON or Parquet)"
}

// PredictToFile is PredictPaths into a file, which appears whole or not at all.
func PredictToFile(ctx context.Context, p *model.Predictor, paths []string, name string) (summary *Summary, err error) {
	dir := filepath.Dir(name)
	defer func() { err = (&store.Store{Home: dir}).Explain(err) }()
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil, fault.Errorf(fault.NotFound, "There is no folder %s to write %s to.", dir, filepath.Base(name))
	}
	err = atomicfile.Write(name, func(w io.Writer) (err error) {
		summary, err = PredictPaths(ctx, p, paths, w)
		return err
	})
	return summary, err
}

// pathJob is one call of PredictPaths.
type pathJob struct {
	p       *model.Predictor
	w       *writer
	summary *Summary
}

// pathSource is one argument, or one table below it.
type pathSource interface {
	predict(ctx context.Context, job *pathJob) error
}

// open finds out what the arguments hold.
func (j *pathJob) open(ctx context.Context, paths []string) (sources []pathSource, cleanup func(), err error) {
	var trees []*source.Tree
	cleanup = func() {
		for _, t := range trees {
			t.Close()
		}
	}
	tables := 0
	for _, path := range paths {
		tree, err := source.Open(ctx, path, source.Options{})
		if err != nil {
			return nil, cleanup, err
		}
		trees = append(trees, tree)
		for _, name := range tree.Unreadable {
			j.summary.Notes = append(j.summary.Notes, fmt.Sprintf("%s in %s cannot be opened and was left out.", name, path))
		}
		for _, src := range sourcesOf(tree, &j.p.Card) {
			if _, ok := src.(*tableSource); ok {
				tables++
			}
			sources = append(sources, src)
		}
	}
	if tables > 1 {
		for _, src := range sources {
			if t, ok := src.(*tableSource); ok {
				t.prefix = t.file.Path + ":"
			}
		}
	}
	return sources, cleanup, nil
}

// sourcesOf sorts the files of an argument by what the model can do with them.
func sourcesOf(tree *source.Tree, card *model.Card) []pathSource {
	files := slices.Clone(tree.Files)
	if !tree.Single {
		files = slices.DeleteFunc(files, func(f *source.File) bool { return source.Hidden(filepath.Base(f.Path)) })
	}
	var sources []pathSource
	switch card.Task {
	case model.ImageClassification:
		sources = imageSources(tree, files)
	case model.TextClassification:
		var texts []*source.File
		for _, f := range files {
			if isTable(f) {
				sources = append(sources, &tableSource{file: f})
			} else {
				texts = append(texts, f)
			}
		}
		if len(texts) > 0 {
			sources = append(sources, &fileSource{files: texts, read: readTextFile})
		}
	default:
		for _, f := range files {
			if tree.Single || isTable(f) {
				sources = append(sources, &tableSource{file: f})
			}
		}
	}
	return sources
}

func isTable(f *source.File) bool {
	switch f.Ext() {
	case ".csv", ".tsv", ".tab", ".data", ".json", ".jsonl", ".ndjson", ".parquet":
		return true
	}
	return false
}
