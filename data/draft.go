package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// draft is a version in the making.
type draft struct {
	ctx  context.Context
	st   *store.Store
	o    Options
	path string
	tree *source.Tree

	m           Manifest
	samples     []Sample
	entries     []entry  // where the samples' bytes lie; nil for tables
	groups      []string // values of the group column by sample; nil without one
	together    clusters // samples that stay in one part
	given       []bool   // whether the source said which part the sample is in; nil for none
	splitColumn string   // of a table, that names the parts
}

// find notes a finding and says it aloud.
func (d *draft) find(f Finding) {
	d.m.Findings = append(d.m.Findings, f)
	d.log(f.Message)
}

func (d *draft) log(message string) {
	if d.o.Log != nil {
		d.o.Log(message)
	}
}

// read finds out what the tree holds and reads it.
func (d *draft) read() error {
	kind, files, err := d.recognise()
	if err != nil {
		return err
	}
	switch kind {
	case idxFormat:
		err = d.readIDX(files)
	case imageFormat:
		err = d.readImages(files)
	case tableFormat:
		err = d.readTable(files)
	default:
		err = d.readTexts(files)
	}
	if err != nil {
		return err
	}
	return d.finish()
}

// finish splits, counts and audits what was read.
func (d *draft) finish() error {
	if err := d.checkClasses(); err != nil {
		return err
	}
	d.split()
	d.m.Count = len(d.samples)
	d.m.Parts = map[Part]int{}
	for i := range d.samples {
		d.m.Parts[d.samples[i].Part]++
	}
	d.auditClasses()
	return d.ctx.Err()
}

// checkClasses counts the classes and refuses what nothing can be learnt from.
func (d *draft) checkClasses() error {
	if len(d.samples) == 0 {
		return fault.Errorf(fault.Invalid, "%s holds no usable samples.", d.path)
	}
	if d.m.Regression() {
		return nil
	}
	d.m.Counts = make([]int, len(d.m.Classes))
	for i := range d.samples {
		d.m.Counts[d.samples[i].Label]++
	}
	if len(d.m.Classes) == 1 {
		return fault.Errorf(fault.Invalid, "Every sample in %s is of the one class %q; a classifier needs two classes at least.", d.path, d.m.Classes[0])
	}
	var single []string
	for c, n := range d.m.Counts {
		if n == 1 {
			single = append(single, fmt.Sprintf("%q", d.m.Classes[c]))
		}
	}
	switch {
	case len(single) == 1:
		return fault.Errorf(fault.Invalid, "The class %s has only one sample, too few to learn from and check; add samples of it or take it out.", single[0])
	case len(single) > 1:
		return fault.Errorf(fault.Invalid, "%d classes have only one sample (%s), too few to learn from and check; add samples of them or take them out.", len(single), someOf(single, 5))
	}
	return nil
}

// pack streams the samples' bytes into one blob. write is called once, and what
// it writes is the pack.
func (d *draft) pack(write func(w io.Writer) error) error {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := write(w)
		w.CloseWithError(err)
		done <- err
	}()
	hash, _, err := d.st.Blobs.Put(r)
	r.CloseWithError(errors.New("the pack could not be stored"))
	if werr := <-done; werr != nil && err != nil {
		if _, ok := errors.AsType[*fault.Error](werr); ok || errors.Is(err, werr) {
			err = werr
		}
	}
	d.m.Pack = hash
	return err
}

func firstOf(list []string) []string { return list[:min(len(list), 10)] }

func someOf(list []string, n int) string {
	if len(list) > n {
		return strings.Join(list[:n], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}

func orList(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// counted writes "1 file", "2 files".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
