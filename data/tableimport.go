package data

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/data/table"
	"github.com/macaw-ai/macaw/internal/fault"
)

// rows is a table in the making: the rows of one or more files.
type rows struct {
	*table.Frame
	paths []string // of the samples
	parts []Part
	given []bool
}

// tableFile is a table with the part that its name tells.
type tableFile struct {
	file  *source.File
	part  Part
	given bool
	frame *table.Frame
}

// readTable imports one table, or several that are parts of one.
func (d *draft) readTable(files []*source.File) error {
	chosen, err := d.chooseTables(files)
	if err != nil {
		return err
	}
	for i := range chosen {
		if chosen[i].frame, err = d.readFrame(chosen[i].file, len(chosen) > 1); err != nil {
			return err
		}
	}
	r, err := d.joinTables(chosen)
	if err != nil {
		return err
	}
	d.m.Kind = KindTable
	return d.useTable(r)
}

// readFrame reads one file; single allows one column, which an unlabelled test
// table may have.
func (d *draft) readFrame(f *source.File, single bool) (*table.Frame, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fileFault(f.Path, err)
	}
	defer r.Close()
	frame, err := table.Read(r, f.Path, table.Options{Expect: expectName(d.o.Target), Single: single})
	if err != nil {
		return nil, err
	}
	header := "with a header"
	if !frame.Header {
		header = "without a header, so its columns are named column1, column2, …"
	}
	d.log(fmt.Sprintf("%s is %s %s: %d rows, %d columns.", f.Path, frame.Format, header, frame.Rows(), len(frame.Names)))
	for _, n := range frame.Notes {
		severity := Warning
		if n.Code == "count-line" || n.Code == "encoding" {
			severity = Info
		}
		d.find(Finding{Code: n.Code, Severity: severity, Message: n.Message, Count: n.Count, Samples: n.Lines})
	}
	return frame, nil
}

func expectName(target string) []string {
	if target == "" {
		return nil
	}
	return []string{target}
}

// chooseTables decides which files belong to the dataset. Files named train,
// test and the like are its parts; other files beside them are left out.
func (d *draft) chooseTables(files []*source.File) ([]tableFile, error) {
	var named, others []tableFile
	hasTrain := false
	for _, f := range files {
		t := tableFile{file: f}
		if t.part, t.given = partOfFile(f.Path); t.given {
			named = append(named, t)
			hasTrain = hasTrain || t.part == Train
		} else {
			others = append(others, t)
		}
	}
	if !hasTrain && len(named) > 0 && len(others) == 1 { // adult.data and adult.test
		others[0].given = true
		named, others, hasTrain = append(others, named...), nil, true
	}
	if len(named) > 1 && hasTrain {
		if len(others) > 0 {
			var names []string
			for _, t := range others {
				names = append(names, t.file.Path)
			}
			d.find(Finding{Code: "other-files", Severity: Info, Count: len(names), Samples: firstOf(names),
				Message: "Beside the training and test tables these were left out: " + someOf(names, 5) + "."})
		}
		return named, nil
	}
	all := append(named, others...)
	for i := range all {
		all[i].given = false
	}
	if len(all) > maxTables {
		return nil, fault.Errorf(fault.Invalid, "%s holds %d tables; give one of them.", d.path, len(all))
	}
	return all, nil
}

// partOfFile reads a part from the words of a file's or its folder's name.
func partOfFile(name string) (Part, bool) {
	base := strings.ToLower(path.Base(name))
	words := strings.FieldsFunc(base, func(r rune) bool { return r < 'a' || r > 'z' })
	for _, w := range words {
		if part, ok := partOf(w); ok && w != "eval" && w != "fit" && w != "set" {
			return part, true
		}
	}
	return partOf(path.Base(path.Dir(name)))
}

// joinTables puts the files below each other, by column names.
func (d *draft) joinTables(files []tableFile) (*rows, error) {
	first := files[0].frame
	for _, t := range files {
		if t.given && t.part == Train {
			first = t.frame
			break
		}
	}
	out := &rows{Frame: &table.Frame{Format: first.Format, Names: slices.Clone(first.Names), Header: first.Header, Columns: make([][]string, len(first.Names))}}
	var odd []string
	for _, t := range files {
		order, ok := matchColumns(first, t.frame)
		if !ok && t.given && t.part != Train && d.withoutTarget(first, t.frame) {
			d.find(Finding{Code: "unlabelled-part", Severity: Info, Count: t.frame.Rows(),
				Message: fmt.Sprintf("%s has no target column and was left out; predict on it when the model is made.", t.file.Path)})
			continue
		}
		if !ok {
			odd = append(odd, t.file.Path)
			continue
		}
		for i := range t.frame.Rows() {
			name := strconv.Itoa(i)
			if len(files) > 1 {
				name = t.file.Path + "#" + name
			}
			out.paths = append(out.paths, name)
			out.parts = append(out.parts, t.part)
			out.given = append(out.given, t.given)
		}
		for j, k := range order {
			out.Columns[j] = append(out.Columns[j], t.frame.Columns[k]...)
		}
	}
	if len(odd) > 0 {
		return nil, fault.Errorf(fault.Invalid, "The tables in %s have different columns (%s does not match %s); give one of them, or name them train and test with the same columns.", d.path, odd[0], files[0].file.Path)
	}
	return out, nil
}

// matchColumns returns, for each column of first, where it is in f.
func matchColumns(first, f *table.Frame) (order []int, ok bool) {
	if len(first.Names) != len(f.Names) && (!first.Header || !f.Header) {
		return nil, false
	}
	for j, name := range first.Names {
		k := slices.Index(f.Names, name)
		if k < 0 && !(first.Header && f.Header) {
			k = j // without names, position counts
		}
		if k < 0 {
			return nil, false
		}
		order = append(order, k)
	}
	return order, true
}

// withoutTarget reports whether f has all of first's columns but few, so that it
// is an unlabelled test table.
func (d *draft) withoutTarget(first, f *table.Frame) bool {
	lacking := 0
	for _, name := range first.Names {
		if !slices.Contains(f.Names, name) {
			lacking++
		}
	}
	return lacking > 0 && lacking <= 3 && lacking < len(first.Names)/2+1
}
