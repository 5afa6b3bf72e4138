package data

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/fault"
)

// placedFile is a file whose folders told its class and part.
type placedFile struct {
	file  *source.File
	class int
	part  Part
	given bool
}

// partOf reads a folder's or file's name, or a cell, as a part.
func partOf(name string) (Part, bool) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "train", "training", "trn", "fit":
		return Train, true
	case "val", "valid", "validation", "validate", "dev", "eval", "tune":
		return Validation, true
	case "test", "testing", "tst", "holdout", "hold-out":
		return Test, true
	}
	return Train, false
}

// place reads classes and parts from folders: [wrapper/][part/]class/.../file.
func (d *draft) place(files []*source.File, what string) ([]placedFile, error) {
	paths := make([][]string, len(files))
	for i, f := range files {
		paths[i] = strings.Split(f.Path, "/")
	}
	unwrap(paths)
	parts := givenParts(paths)
	var placed []placedFile
	var loose []string
	index := map[string]int{}
	for i, p := range paths {
		at := placedFile{file: files[i]}
		if parts != nil {
			part, ok := partOf(p[0])
			if !ok {
				loose = append(loose, files[i].Path)
				continue
			}
			at.part, at.given, p = part, true, p[1:]
		}
		if len(p) < 2 {
			loose = append(loose, files[i].Path)
			continue
		}
		class, ok := index[p[0]]
		if !ok {
			class = len(d.m.Classes)
			index[p[0]] = class
			d.m.Classes = append(d.m.Classes, p[0])
		}
		at.class = class
		placed = append(placed, at)
	}
	if len(placed) == 0 {
		return nil, fault.Errorf(fault.Invalid, "The %s in %s are not in folders; put each class into a folder of its name.", what, d.path)
	}
	if len(d.m.Classes) == 1 {
		return nil, fault.Errorf(fault.Invalid, "%s holds the one class %q; a classifier needs two folders of %s at least.", d.path, d.m.Classes[0], what)
	}
	if len(loose) > 0 {
		d.find(Finding{Code: "outside-classes", Severity: Info, Count: len(loose), Samples: firstOf(loose),
			Message: fmt.Sprintf("%s outside of the class folders and %s left out: %s.", counted(len(loose), "file lies", "files lie"), wasWere(len(loose)), someOf(loose, 3))})
	}
	renumber(placed, d.m.Classes)
	return placed, nil
}

// renumber sorts the classes, as numbers when all are.
func renumber(placed []placedFile, classes []string) {
	was := slices.Clone(classes)
	sortClasses(classes)
	to := make([]int, len(was))
	for i, name := range was {
		to[i] = slices.Index(classes, name)
	}
	for i := range placed {
		placed[i].class = to[placed[i].class]
	}
}

// sortClasses sorts names, as numbers when all of them are.
func sortClasses(names []string) {
	for _, n := range names {
		if _, err := strconv.ParseFloat(n, 64); err != nil {
			slices.Sort(names)
			return
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		x, _ := strconv.ParseFloat(a, 64) // both parsed above
		y, _ := strconv.ParseFloat(b, 64)
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
}

// unwrap takes off leading folders that all files share, as long as at least two
// folder levels are left, so that one class alone stays a class.
func unwrap(paths [][]string) {
	for {
		first := paths[0][0]
		for _, p := range paths {
			if len(p) < 3 || p[0] != first {
				return
			}
		}
		if _, ok := partOf(first); ok && !onlyParts(paths, 1) {
			// A single folder named train holds classes: nothing is given by it.
			for i := range paths {
				paths[i] = paths[i][1:]
			}
			return
		}
		if len(distinctAt(paths, 1)) < 2 && !deep(paths) {
			return
		}
		for i := range paths {
			paths[i] = paths[i][1:]
		}
	}
}

func deep(paths [][]string) bool {
	for _, p := range paths {
		if len(p) < 4 {
			return false
		}
	}
	return true
}

func distinctAt(paths [][]string, level int) map[string]bool {
	names := map[string]bool{}
	for _, p := range paths {
		names[p[level]] = true
	}
	return names
}

func onlyParts(paths [][]string, level int) bool {
	for name := range distinctAt(paths, level) {
		if _, ok := partOf(name); !ok {
			return false
		}
	}
	return true
}

// givenParts returns the parts named by the first folders when there are two at
// least and hardly anything lies elsewhere; else nil.
func givenParts(paths [][]string) map[Part]bool {
	parts := map[Part]bool{}
	other := 0
	for _, p := range paths {
		if part, ok := partOf(p[0]); ok && len(p) > 2 {
			parts[part] = true
		} else if len(p) > 1 && !ok {
			other++
		}
	}
	if len(parts) < 2 || !parts[Train] || 10*other > len(paths) {
		return nil
	}
	return parts
}
