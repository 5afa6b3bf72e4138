package data

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/data/cell"
	"github.com/macaw-ai/macaw/internal/fault"
)

// targetNames are what targets are usually called, the surest first.
var targetNames = []string{"target", "label", "labels", "class", "classes", "y", "species", "outcome", "diagnosis",
	"category", "sentiment", "response", "survived", "churn", "default", "is_spam", "spam", "medv", "saleprice", "sale_price"}

// maxClasses is the most classes that a target of words may have.
const maxClasses = 1000

// chooseTarget returns the target's column number.
func (d *draft) chooseTarget(r *rows) (int, error) {
	if d.o.Target != "" {
		return namedTarget(r.Names, d.o.Target, d.path)
	}
	for _, usual := range targetNames {
		for j, name := range r.Names {
			if strings.EqualFold(name, usual) {
				d.aloud("The target is %q, a usual name for it; --target chooses another column.", name)
				return j, nil
			}
		}
	}
	last := len(r.Names) - 1
	for last > 0 && isSplitColumn(r.Names[last], r.Columns[last]) {
		last--
	}
	d.aloud("The target is %q, the last column, since none has a usual name; --target chooses another column.%s", r.Names[last], d.hintFirst(r))
	return last, nil
}

func (d *draft) aloud(format string, args ...any) {
	d.find(Finding{Code: "target", Severity: Info, Message: fmt.Sprintf(format, args...)})
}

// hintFirst tells of a first column that looks like a label in a table without a
// header: words, and nothing but numbers behind.
func (d *draft) hintFirst(r *rows) string {
	if r.Header || len(r.Names) < 3 {
		return ""
	}
	n := min(r.Rows(), 1000)
	words := func(j int) bool {
		_, _, err := cell.ParseNumber(r.Columns[j][0])
		return err != nil
	}
	seen := map[string]bool{}
	for _, s := range r.Columns[0][:n] {
		seen[s] = true
	}
	if !words(0) || len(seen) > n/5 {
		return ""
	}
	for j := 1; j < len(r.Names); j++ {
		if words(j) {
			return ""
		}
	}
	return fmt.Sprintf(" %s holds words and looks like a label too: --target %s if that is meant.", r.Names[0], r.Names[0])
}

func namedTarget(names []string, target, path string) (int, error) {
	if j := slices.Index(names, target); j >= 0 {
		return j, nil
	}
	for j, name := range names {
		if strings.EqualFold(name, strings.TrimSpace(target)) {
			return j, nil
		}
	}
	hint := didYouMean(target, names)
	if hint == "" {
		hint = " Its columns are " + someOf(names, 10) + "."
	}
	return 0, fault.Errorf(fault.Invalid, "%s has no column %q.%s", path, target, hint)
}

// fewClasses is the most whole numbers that are still classes.
const fewClasses = 20

// decideTask tells whether the target is a class or a number.
func (d *draft) decideTask(name string, c *cells) (task string, err error) {
	numeric := c.isNumber()
	switch d.o.Task {
	case TabularRegression, "regression":
		if !numeric {
			return "", fault.Errorf(fault.Invalid, "The target %q holds words such as %q, so it cannot be a regression; leave --task out or choose another target.", name, firstStray(c))
		}
		return TabularRegression, nil
	case ImageClassification:
		return "", fault.Errorf(fault.Invalid, "%s holds a table, not images.", d.path)
	case TabularClassification, TextClassification, "classification":
		if len(c.counts) > maxClasses {
			return "", fault.Errorf(fault.Invalid, "The target %q has %d different values, too many classes; choose another target or --task %s.", name, len(c.counts), TabularRegression)
		}
		return TabularClassification, nil
	}
	if numeric && (!c.whole || len(c.counts) > fewClasses || len(c.counts) > 2 && 3*len(c.counts) > c.present) {
		d.log(fmt.Sprintf("%q holds %d different numbers: a regression; --task classification makes them classes.", name, len(c.counts)))
		return TabularRegression, nil
	}
	if !numeric && (len(c.counts) > maxClasses || len(c.counts) > 20 && 2*len(c.counts) > c.present) {
		return "", fault.Errorf(fault.Invalid, "The target %q has %d different values in %d rows, which is no class; choose another column with --target.", name, len(c.counts), c.present)
	}
	d.log(fmt.Sprintf("%q holds %d different values: a classification.", name, len(c.counts)))
	return TabularClassification, nil
}

func firstStray(c *cells) string {
	if len(c.strays) > 0 {
		return clip(c.strays[0], 40)
	}
	return ""
}

var dots = regexp.MustCompile(`[\s.]+$`)

// labelKey is a label without what people add by mistake: blanks around and
// within it and a trailing dot.
func labelKey(s string) string {
	return strings.Join(strings.Fields(dots.ReplaceAllString(s, "")), " ")
}

// classLabels turns target cells, as they were written, into class names: labels
// that differ only by blanks or a trailing dot become one, which is reported, and
// whole numbers lose their decimals. A missing cell is "".
func (d *draft) classLabels(column string, raw []string) []string {
	variants := map[string]map[string]int{} // key → spelling → count
	for _, s := range raw {
		if cell.Missing(s) {
			continue
		}
		k := labelKey(s)
		if variants[k] == nil {
			variants[k] = map[string]int{}
		}
		variants[k][s]++
	}
	name := map[string]string{}
	numeric := true
	for k, spellings := range variants {
		name[k] = strings.TrimSpace(levels(spellings)[0])
		if v, err := strconv.ParseFloat(name[k], 64); err != nil || v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			numeric = false
		}
	}
	d.reportVariants(column, variants, name)
	out := make([]string, len(raw))
	for i, s := range raw {
		if cell.Missing(s) {
			continue
		}
		out[i] = name[labelKey(s)]
		if numeric {
			v, _ := strconv.ParseFloat(out[i], 64) // parsed above
			out[i] = strconv.FormatFloat(v, 'f', 0, 64)
		}
	}
	return out
}

func (d *draft) reportVariants(column string, variants map[string]map[string]int, name map[string]string) {
	var merged, cased []string
	lower := map[string]string{}
	keys := make([]string, 0, len(variants))
	for k := range variants {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if other, ok := lower[strings.ToLower(k)]; ok {
			cased = append(cased, fmt.Sprintf("%q and %q", other, name[k]))
		}
		lower[strings.ToLower(k)] = name[k]
		if len(variants[k]) < 2 {
			continue
		}
		var quoted []string
		for _, s := range levels(variants[k]) {
			quoted = append(quoted, fmt.Sprintf("%q", s))
		}
		merged = append(merged, strings.Join(quoted, " and "))
	}
	if len(merged) > 0 {
		d.find(Finding{Code: "label-variants", Severity: Warning, Column: column, Count: len(merged), Samples: firstOf(merged),
			Message: fmt.Sprintf("Labels that differ only by blanks or a trailing dot were taken as one class: %s.", someOf(merged, 5))})
	}
	if len(cased) > 0 {
		d.find(Finding{Code: "label-case", Severity: Warning, Column: column, Count: len(cased), Samples: firstOf(cased),
			Message: fmt.Sprintf("Labels that differ only by case were kept as different classes: %s.", someOf(cased, 5))})
	}
}
